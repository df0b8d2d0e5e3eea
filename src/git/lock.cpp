#include "git/lock.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nightjar::git {

namespace {

constexpr Millis kPatience{2000};
constexpr int kPauseMillis = 20;

}  // namespace

FileLock wait_for_lock(const fs::path& path) {
  for (;;) {
    if (auto lock = FileLock::try_acquire(path)) return std::move(*lock);
    ::poll(nullptr, 0, kPauseMillis);
  }
}

bool outwait_git_lock(const fs::path& lock, fs::file_time_type since) {
  const Deadline deadline = in(kPatience);
  struct stat first{};
  if (::lstat(lock.c_str(), &first) != 0) return true;
  while (std::chrono::steady_clock::now() < deadline) {
    ::poll(nullptr, 0, kPauseMillis);
    struct stat info{};
    if (::lstat(lock.c_str(), &info) != 0) return true;
    if (info.st_ino != first.st_ino) return false;  // somebody else works there
  }
  std::error_code failed;
  const auto made = fs::last_write_time(lock, failed);
  if (failed || !S_ISREG(first.st_mode) || first.st_uid != ::geteuid() || made < since)
    return false;
  return ::unlink(lock.c_str()) == 0;
}

}  // namespace nightjar::git
