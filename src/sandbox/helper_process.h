// The helper as the session sees it: a child process that is PID 1 of the sandbox, and a socket to
// it.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/file.h"
#include "sandbox/limits.h"
#include "sandbox/plan.h"
#include "sandbox/wire.h"

namespace nightjar::sandbox {

class HelperProcess {
 public:
  /// Starts it, to make its ground and wait for its plan; in the group, where there is one and the
  /// kernel begins processes there. Throws Error(Unavailable) with the reason.
  HelperProcess(const std::filesystem::path& executable, const Ground& ground,
                const MemoryGroup* group);
  ~HelperProcess() { stop(); }
  HelperProcess(const HelperProcess&) = delete;
  HelperProcess& operator=(const HelperProcess&) = delete;

  /// Before the sandbox stands: the process that will make it.
  pid_t launcher() const { return launcher_; }
  bool began_in_group() const { return began_in_group_; }
  /// Waits until the sandbox stands. Throws Error(Unavailable) with the reason, and has gone then.
  void make_sandbox(const Plan& plan);

  int socket() const { return socket_.get(); }
  pid_t pid() const { return pid_; }
  TreeKind tree_kind() const { return tree_kind_; }
  bool alive() const { return static_cast<bool>(socket_); }

  /// Sends; SandboxLost where nobody hears it.
  void send(FrameKind kind, std::string_view payload);
  /// The next frame. Throws SandboxLost at the end of the stream, the helper's error where it
  /// refused.
  Frame receive();
  /// Kills everything inside and waits until it is gone.
  void stop();

 private:
  void spawn(const std::filesystem::path& executable, const MemoryGroup* group);
  void tell(FrameKind kind, const std::string& payload);
  void wait_until_ready();
  [[noreturn]] void lost(const std::string& how);

  Fd socket_;
  pid_t launcher_ = -1;
  bool began_in_group_ = false;
  pid_t pid_ = -1;
  TreeKind tree_kind_ = TreeKind::Overlay;
};

/// Why the kernel may have refused, from what the host says of itself, and what to do about it.
std::string way_out(const std::string& refusal);

}  // namespace nightjar::sandbox
