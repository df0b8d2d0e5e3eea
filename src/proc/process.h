// Child processes of this host program (git, our own helper). Nothing here knows sandboxes:
// commands of a repository never run through this.
#pragma once

#include <sys/types.h>

#include <array>
#include <filesystem>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/time.h"

namespace nightjar::proc {

struct Options {
  std::vector<std::string> argv;  ///< argv[0] is looked up in PATH
  std::filesystem::path cwd;      ///< empty: this process's own
  /// The whole environment; empty map: `minimal_environment()`.
  std::map<std::string, std::string> env;
  std::string input;  ///< standard input; then end of file
  Deadline deadline = kNoDeadline;
  std::stop_token stop;
  size_t most_output = size_t{256} << 20;  ///< more is an Error(Limit)
};

struct Result {
  int exit_status = 0;  ///< 128 + signal where one ended it
  std::string out;
  std::string err;
};

/// Runs to the end, reading both streams. The whole process group is killed at the deadline
/// (Error(Timeout)), at a stop (Cancelled), and when this process dies.
Result run(const Options& options);

/// As `run`; a status other than 0 is an Error(Internal) with the end of standard error.
std::string output_of(const Options& options);

/// PATH of this process, LANG=C.UTF-8, TZ=UTC, HOME=/nonexistent: nothing else leaks to children.
std::map<std::string, std::string> minimal_environment();

/// Starts a process that outlives this one: own session, those standard streams, no other
/// descriptor, this process's environment. Returns its pid; it is a child until the starter exits.
pid_t start_detached(const std::vector<std::string>& argv, const std::array<int, 3>& streams);
/// The same with an empty input, and what it writes at the end of `log`.
pid_t start_detached(const std::vector<std::string>& argv, const std::filesystem::path& log);
/// Makes this process, which a fork has just made, such a one.
void detach_this(const std::filesystem::path& log);

/// Where the running executable lies.
std::filesystem::path own_executable();
/// First executable file of that name in PATH; empty where there is none.
std::filesystem::path find_in_path(std::string_view name);

/// A pidfd for any process, readable when it has ended; invalid Fd where there is no such process.
Fd open_pidfd(pid_t pid);

}  // namespace nightjar::proc
