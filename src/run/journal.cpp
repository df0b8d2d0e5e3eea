#include "run/journal.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/fault.h"
#include "base/text.h"

namespace nightjar::run {

namespace {

constexpr off_t kReserved = 65536;

std::string line_of(const core::Event& event) { return to_line(core::to_json(event)) + "\n"; }

}  // namespace

std::vector<core::Event> read_journal(const fs::path& file, size_t& offset) {
  std::vector<core::Event> events;
  Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    if (errno == ENOENT) return events;
    throw_errno("cannot open " + file.string());
  }
  if (::lseek(fd.get(), static_cast<off_t>(offset), SEEK_SET) < 0) throw_errno("seek");
  const std::string text = read_all(fd.get());
  std::string_view rest = text;
  for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    const auto value = parse_json(rest.substr(0, end));
    auto event = value ? core::event_from(*value) : std::unexpected(value.error());
    if (!event) throw Error(ErrorKind::Internal, file.string() + ": " + event.error());
    events.push_back(std::move(*event));
    rest.remove_prefix(end + 1);
    offset += end + 1;
  }
  return events;
}

Journal::Journal(const fs::path& file, std::string task, std::string run)
    : file_(file), task_(std::move(task)), run_(std::move(run)) {
  size_t whole = 0;
  const auto events = read_journal(file, whole);
  fd_.reset(::open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!fd_) throw_errno("cannot open " + file.string());
  if (::ftruncate(fd_.get(), static_cast<off_t>(whole)) != 0)
    throw_errno("cannot cut " + file.string());
  // Room for the event that says that the disk is full. Where a file system cannot do it, that
  // event waits for room like all others.
  (void)::fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(whole), kReserved);
  if (!events.empty()) seq_ = events.back().seq;
  size_ = static_cast<off_t>(whole);
}

core::Event Journal::append(std::string_view kind, json::object body) {
  core::Event event = write(kind, std::move(body), true);
  fault_point("after_" + std::string(kind));
  return event;
}

void Journal::begin(std::string_view kind, json::object body) {
  write(kind, std::move(body), false);
  fault_point("after_" + std::string(kind));
}

void Journal::progress(std::string_view kind, json::object body) {
  write(kind, std::move(body), false);
}

void Journal::progress(std::vector<Draft> drafts) {
  const std::lock_guard hold(mutex_);
  std::string lines;
  for (auto& [kind, body] : drafts)
    lines += line_of({task_, run_, ++seq_, now(), std::string(kind), std::move(body)});
  write(lines, false);
}

void Journal::note(std::string_view text) {
  write("note", {{"text", valid_utf8(inert(text, true))}}, false);
}

core::Event Journal::write(std::string_view kind, json::object body, bool sync) {
  const std::lock_guard hold(mutex_);
  core::Event event{task_, run_, ++seq_, now(), std::string(kind), std::move(body)};
  write(line_of(event), sync);
  return event;
}

void Journal::write(std::string_view lines, bool sync) {
  for (;;) {
    try {
      write_all(fd_.get(), lines);
      if (sync) this->sync();
      size_ += static_cast<off_t>(lines.size());
      return;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::Limit) throw;
      // Half a line must not stand before the whole one. Then wait for room: a second is soon
      // enough.
      if (::ftruncate(fd_.get(), size_) != 0) throw_errno("cannot cut the journal");
      ::poll(nullptr, 0, 1000);
    }
  }
}

// With the first event that must not be lost, its name as well.
void Journal::sync() {
  if (::fsync(fd_.get()) != 0) throw_errno("cannot sync the journal");
  if (!name_is_synced_) sync_folder(file_.parent_path());
  name_is_synced_ = true;
}

std::vector<core::Event> Journal::events() const {
  size_t offset = 0;
  return read_journal(file_, offset);
}

std::optional<core::Event> Journal::last(std::string_view kind, std::string_view stage,
                                         int round) const {
  auto all = events();
  const auto found = std::find_if(all.rbegin(), all.rend(), [&](const core::Event& event) {
    return event.kind == kind && (stage.empty() || get_string(event.body, "stage") == stage) &&
           (round == 0 || get_int(event.body, "round", 1) == round);
  });
  return found == all.rend() ? std::nullopt : std::optional(std::move(*found));
}

}  // namespace nightjar::run
