#include "tools/crew.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

namespace nightjar::tools {

namespace {

constexpr off_t kLargestFile = off_t{32} << 20;
constexpr size_t kFilesAtOnce = 64;
// Each folder of a piece that waits is an open descriptor.
constexpr size_t kFoldersAtOnce = 8, kMostWaiting = 32;
constexpr unsigned kMostThreads = 4;

}  // namespace

// One buffer for file after file: mapping small files costs more than reading them, and asking for
// the size first is another call for each.
class Crew::Reader {
 public:
  std::string_view read(int folder, const char* name) {
    const Fd fd(::openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
    if (!fd) return "";
    size_t done = fill(fd.get(), 0);
    if (done == room_) {
      struct stat info{};
      if (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > kLargestFile)
        return "";
      grow(static_cast<size_t>(info.st_size) + 1, done);
      done = fill(fd.get(), done);
    }
    return {bytes_.get(), done};
  }

 private:
  size_t fill(int fd, size_t done) {
    for (ssize_t n = 0; done < room_ && (n = ::read(fd, bytes_.get() + done, room_ - done)) > 0;) {
      done += static_cast<size_t>(n);
      if (done < room_) break;  // the end of a regular file
    }
    return done;
  }

  void grow(size_t room, size_t done) {
    if (room <= room_) return;
    auto bytes = std::make_unique_for_overwrite<char[]>(room);
    std::copy_n(bytes_.get(), done, bytes.get());
    bytes_ = std::move(bytes);
    room_ = room;
  }

  size_t room_ = size_t{256} << 10;
  std::unique_ptr<char[]> bytes_ = std::make_unique_for_overwrite<char[]>(room_);
};

Crew::Crew(Look look, size_t most)
    : look_(std::move(look)), most_(most), own_(std::make_unique<Reader>()) {}

Crew::~Crew() = default;

std::vector<Found> Crew::run(
    const std::function<void(const std::function<bool(WalkedFile&&)>&)>& walk_with) {
  {
    std::vector<std::jthread> others;
    helpers_ = std::clamp(std::thread::hardware_concurrency(), 1U, kMostThreads) - 1;
    for (unsigned i = 0; i < helpers_; ++i)
      others.emplace_back([this] {
        Reader reader;
        work(reader, true);
      });
    // Before the others are waited for, whatever is thrown.
    const std::unique_ptr<Crew, void (*)(Crew*)> at_the_end(this,
                                                            [](Crew* crew) { crew->close(); });
    walk_with([this](WalkedFile&& file) { return add(std::move(file)); });
    hand_over();
    close();
    work(*own_, false);
  }
  std::vector<Found> out;
  for (auto& outcome : outcomes_) std::ranges::move(outcome.found, std::back_inserter(out));
  return out;
}

void Crew::close() {
  {
    const std::lock_guard hold(mutex_);
    closed_ = true;
  }
  more_.notify_all();
}

bool Crew::add(WalkedFile&& file) {
  if (file.link) return !enough_;
  if (next_.files.empty() || next_.files.back().folder != file.folder) ++next_.folders;
  next_.files.push_back(std::move(file));
  if (next_.files.size() >= kFilesAtOnce || next_.folders >= kFoldersAtOnce) hand_over();
  return !enough_;
}

// The walk helps where the others do not keep up.
void Crew::hand_over() {
  size_t waiting = 0;
  if (!next_.files.empty()) {
    const std::lock_guard hold(mutex_);
    next_.number = outcomes_.size();
    outcomes_.emplace_back();
    waiting_.push_back(std::move(next_));
    next_ = {};
    waiting = waiting_.size();
  }
  more_.notify_one();
  if (helpers_ == 0 || waiting > kMostWaiting) {
    std::unique_lock hold(mutex_);
    if (waiting_.empty()) return;
    const Piece piece = std::move(waiting_.front());
    waiting_.pop_front();
    hold.unlock();
    look_into(piece, *own_);
  }
}

void Crew::work(Reader& reader, bool wait) {
  for (;;) {
    std::unique_lock hold(mutex_);
    if (wait) more_.wait(hold, [this] { return closed_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const Piece piece = std::move(waiting_.front());
    waiting_.pop_front();
    hold.unlock();
    look_into(piece, reader);
  }
}

void Crew::look_into(const Piece& piece, Reader& reader) {
  Outcome outcome;
  for (const auto& file : piece.files) {
    if (enough_ || outcome.lines > most_) break;
    auto found = look_(reader.read(file.folder->fd.get(), file.name.c_str()));
    if (!found) continue;
    found->path = file.path();
    outcome.lines += std::max<size_t>(1, found->matches.size());
    outcome.found.push_back(std::move(*found));
  }
  outcome.done = true;
  finish(piece.number, std::move(outcome));
}

// Enough: the pieces from the first on, without a gap, hold all that will be shown.
void Crew::finish(size_t number, Outcome outcome) {
  const std::lock_guard hold(mutex_);
  outcomes_[number] = std::move(outcome);
  for (; whole_ < outcomes_.size() && outcomes_[whole_].done; ++whole_)
    lines_ += outcomes_[whole_].lines;
  if (lines_ > most_) enough_ = true;
}

}  // namespace nightjar::tools
