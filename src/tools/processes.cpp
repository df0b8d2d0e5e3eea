#include "tools/processes.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <memory>
#include <set>
#include <string>

namespace nightjar::tools {

namespace {

// A process that forks faster than this looks is not followed for ever.
constexpr int kMostRounds = 50;

struct FolderDeleter {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

bool holds(pid_t pid, const struct stat& pipe) {
  const std::string path = "/proc/" + std::to_string(pid) + "/fd";
  const std::unique_ptr<DIR, FolderDeleter> folder(::opendir(path.c_str()));
  if (!folder) return false;
  while (const dirent* entry = ::readdir(folder.get())) {
    struct stat info{};
    if (::fstatat(::dirfd(folder.get()), entry->d_name, &info, 0) == 0 && S_ISFIFO(info.st_mode) &&
        info.st_dev == pipe.st_dev && info.st_ino == pipe.st_ino)
      return true;
  }
  return false;
}

}  // namespace

unsigned long long ticks_since_boot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  const auto hertz = static_cast<unsigned long long>(::sysconf(_SC_CLK_TCK));
  return static_cast<unsigned long long>(now.tv_sec) * hertz +
         static_cast<unsigned long long>(now.tv_nsec) * hertz / 1'000'000'000;
}

void kill_all(const std::function<bool(const ProcessTable&, pid_t)>& chosen) {
  // All are stopped before the first is killed: killed one by one, those that are left start
  // others, and the children of the dead are found below them no longer.
  std::set<pid_t> stopped;
  bool more = true;
  for (int round = 0; more && round < kMostRounds; ++round) {
    more = false;
    const ProcessTable table = sandbox::process_table();
    for (const auto& [pid, process] : table) {
      if (process.ended || !chosen(table, pid) || !stopped.insert(pid).second) continue;
      ::kill(pid, SIGSTOP);
      more = true;
    }
  }
  for (const pid_t pid : stopped) ::kill(pid, SIGKILL);
}

std::vector<pid_t> holders_of(int pipe) {
  std::vector<pid_t> out;
  struct stat info{};
  if (::fstat(pipe, &info) != 0) return out;
  for (const auto& [pid, process] : sandbox::process_table()) {
    if (pid != ::getpid() && !process.ended && holds(pid, info)) out.push_back(pid);
  }
  return out;
}

}  // namespace nightjar::tools
