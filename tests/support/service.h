// A Nightjar of its own: the real program, with state and configuration in a temporary folder.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "proc/process.h"

namespace nightjar::test {

class Service {
 public:
  Service();
  /// Stops the service and its runs; a test that leaves a process behind fails in `leftovers`.
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// `nightjar ARGS` in `cwd` with this service's folders and `extra` variables.
  proc::Result run(const std::vector<std::string>& args, const fs::path& cwd = {},
                   const std::string& input = "");
  /// Any command with this service's folders.
  proc::Result run_with_folders(const std::vector<std::string>& argv, const fs::path& cwd = {},
                                const std::string& input = "");
  /// The same with --json; the document it printed. Throws where standard output is not JSON alone.
  json::value json_of(const std::vector<std::string>& args, const fs::path& cwd = {},
                      int* status = nullptr);
  json::object task(const std::string& id);
  /// Assigns and waits until a person is needed or the task has ended; the task.
  json::object finish(const std::vector<std::string>& assign_args, const fs::path& repo);

  fs::path state() const { return dir_.path() / "state" / "nightjar"; }
  fs::path config() const { return dir_.path() / "config" / "nightjar" / "config.toml"; }
  void configure(const std::string& toml);
  /// Variables for everything that is started from now on, such as NIGHTJAR_FAULT.
  std::map<std::string, std::string> extra;

  /// What is run; another than the built one where a test sets it.
  fs::path program = built_program();

  pid_t daemon_pid();
  /// Every process of this service: daemon, runners, sandboxes (found by the state folder or run
  /// folder in their command line or environment).
  std::vector<pid_t> processes() const;
  /// Kills all of them, each with SIGKILL.
  void kill_everything() const;

  static fs::path built_program();

 private:
  TempDir dir_;
};

/// The processes of the host by pid, each with its arguments, every one ended by NUL.
std::map<pid_t, std::string> command_lines();

/// What a process calls itself; "" where it has gone, also while it was asked.
std::string name_of(pid_t pid);

/// What is left on the host of services that tests used: processes and mounts by their folder's
/// name.
std::vector<std::string> leftovers(const fs::path& state);

}  // namespace nightjar::test
