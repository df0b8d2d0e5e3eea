// Where runners come from: a process of one thread that has loaded what a runner needs, and makes
// each of them by a fork: that is several milliseconds less for each, and what is never written is
// in memory once for all.
//
// It holds nothing that matters: killed, it is started again with the next run, and it ends with
// the service. Runners are its children, and outlive both.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>

#include "base/file.h"

namespace nightjar::run {

/// The service's end. Threads: one.
class ForkServer {
 public:
  /// `runs`: where the run folders lie.
  ForkServer(std::filesystem::path program, std::filesystem::path runs);
  ~ForkServer();
  ForkServer(const ForkServer&) = delete;
  ForkServer& operator=(const ForkServer&) = delete;

  /// A runner of that run folder, with `variables` set beside this process's own; its words go to
  /// runner.log in there. Gives its pidfd, readable when it has ended. Throws Error(Unavailable)
  /// where none can be started.
  Fd start(const std::filesystem::path& folder,
           const std::map<std::string, std::string>& variables);

 private:
  void begin();
  void end();

  std::filesystem::path program_, runs_;
  pid_t pid_ = -1;
  Fd socket_;
};

/// `nightjar fork-server RUNS ROOM`, its socket as standard input: returns when the service has
/// gone, and in every runner when that has ended. The arguments' memory is where a runner writes
/// which run it is, for ps(1).
int fork_server_main(int argc, char** argv);

}  // namespace nightjar::run
