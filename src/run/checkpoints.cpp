#include "run/checkpoints.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <limits>
#include <memory>

#include "base/digest.h"
#include "base/error.h"
#include "run/change.h"
#include "run/environment.h"

namespace nightjar::run {

namespace {

constexpr int kDeepest = 200;
constexpr int kRest = 20;  // at most a twentieth of all time goes into looking

struct FolderDeleter {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

void add_folder(Digest& digest, int parent, const char* name, int depth) {
  const int fd = ::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || depth > kDeepest) {
    if (fd >= 0) ::close(fd);
    return;
  }
  const std::unique_ptr<DIR, FolderDeleter> folder(::fdopendir(fd));
  if (!folder) return;
  while (const dirent* entry = ::readdir(folder.get())) {
    if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
    struct stat info{};
    if (::fstatat(fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    // The change time says it all, but only to the next tick of the kernel's clock: the size helps.
    const std::array<std::int64_t, 5> facts{
        static_cast<std::int64_t>(info.st_ino), info.st_ctim.tv_sec, info.st_ctim.tv_nsec,
        static_cast<std::int64_t>(info.st_size), static_cast<std::int64_t>(info.st_mode)};
    digest.add_field(entry->d_name);
    digest.add({reinterpret_cast<const char*>(facts.data()), sizeof facts});
    if (S_ISDIR(info.st_mode)) add_folder(digest, fd, entry->d_name, depth + 1);
  }
}

}  // namespace

std::string fingerprint(const fs::path& folder) {
  Digest digest;
  add_folder(digest, AT_FDCWD, folder.c_str(), 0);
  return digest.hex();
}

void Checkpoints::begin(const fs::path& upper, bool kept) {
  // What an earlier process wrote last may not have been kept.
  seen_ = kept ? fingerprint(sandbox::written_folder(upper)) : "";
  next_ = {};
}

bool Checkpoints::changed(const fs::path& upper) {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return false;
  std::string seen = fingerprint(sandbox::written_folder(upper));
  const auto took = std::chrono::steady_clock::now() - now;
  // A tree of a hundred thousand files is not looked at every turn.
  if (took > Millis(5)) next_ = std::chrono::steady_clock::now() + kRest * took;
  if (seen == seen_) return false;
  seen_ = std::move(seen);
  return true;
}

void Checkpoints::keep(sandbox::Session& session, int turn) {
  agent::WorkResult everything;
  everything.all_changes = true;
  everything.summary = "turn " + std::to_string(turn);
  Selection selection =
      select_changes(session, everything, mirror_, job_.start_commit, checkouts_of(job_));
  if (selection.changes.empty()) return;
  const auto commit =
      mirror_.commit(commit_request(job_, everything, std::move(selection.changes)));
  if (!commit || !*commit) return;
  mirror_.keep("runs/" + job_.run + "/turns/" + std::to_string(turn), **commit);
  journal_.append("checkpoint", {{"turn", turn}, {"commit", **commit}});
}

std::optional<std::string> Checkpoints::at(int turn) const {
  std::optional<std::string> found;
  for (const auto& event : journal_.events()) {
    if (event.kind == "checkpoint" && get_int(event.body, "turn") <= turn)
      found = get_string(event.body, "commit");
    // Another round begins with the candidate that was judged.
    if (event.kind == "candidate") found = get_string(event.body, "commit");
  }
  return found;
}

std::optional<std::string> Checkpoints::newest() const {
  return at(std::numeric_limits<int>::max());
}

}  // namespace nightjar::run
