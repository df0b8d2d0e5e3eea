#include "sandbox/helper_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "proc/process.h"

namespace nightjar::sandbox {

namespace {

constexpr std::chrono::seconds kStartLimit{60};  // a clone of a large tree takes its time

// Bytes the helper sends are its own, but they may quote a file name.
std::string quoted(Reader& reader) { return inert(reader.text()); }

void reap(pid_t& pid) {
  if (pid <= 0) return;
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid = -1;
}

// Its end of the stream is closed a moment before it has ended.
std::string fate_of(pid_t pid) {
  if (const Fd ends = proc::open_pidfd(pid)) {
    pollfd waited{ends.get(), POLLIN, 0};
    ::poll(&waited, 1, 1000);
  }
  int status = 0;
  if (pid <= 0 || ::waitpid(pid, &status, WNOHANG) != pid) return "ended";
  if (WIFSIGNALED(status)) return "was killed by signal " + std::to_string(WTERMSIG(status));
  return "ended with status " + std::to_string(WEXITSTATUS(status));
}

class SpawnSettings {
 public:
  explicit SpawnSettings(int socket) {
    ::posix_spawn_file_actions_init(&actions);
    for (const int fd : {0, 1, 2})
      ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
    ::posix_spawn_file_actions_adddup2(&actions, socket, 3);
    ::posix_spawnattr_init(&attributes);
    sigset_t none, all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

// In a child of a program with threads: nothing here may allocate or lock. As SpawnSettings.
[[noreturn]] void become_helper(const char* executable, int socket, char** argv, char** envp) {
  for (int number = 1; number <= SIGRTMAX; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::setpgid(0, 0);
  const int nothing = ::open("/dev/null", O_RDWR);
  if (nothing < 0) ::_exit(126);
  for (const int fd : {0, 1, 2}) ::dup2(nothing, fd);
  if (nothing > 3) ::close(nothing);
  if (socket == 3)
    ::fcntl(socket, F_SETFD, 0);
  else
    ::dup2(socket, 3);
  ::execve(executable, argv, envp);
  ::_exit(127);
}

}  // namespace

HelperProcess::HelperProcess(const std::filesystem::path& executable, const Ground& ground,
                             const MemoryGroup* group) {
  spawn(executable, group);
  tell(FrameKind::Prepare, encode(ground));
}

// Where nobody hears it, what it said before it went is the reason, and is read next.
void HelperProcess::tell(FrameKind kind, const std::string& payload) {
  try {
    send_frame(socket_.get(), kind, payload);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::Unavailable) throw;
  }
}

void HelperProcess::make_sandbox(const Plan& plan) {
  try {
    tell(FrameKind::Setup, encode(plan));
    wait_until_ready();
  } catch (...) {
    stop();
    throw;
  }
}

void HelperProcess::spawn(const std::filesystem::path& executable, const MemoryGroup* group) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw_errno("cannot make a socket pair");
  }
  socket_ = Fd(ends[0]);
  const Fd theirs(ends[1]);
  const SpawnSettings settings(theirs.get());
  char name[] = "nightjar-sandbox";
  std::array<char*, 2> argv{name, nullptr};
  std::array<char*, 1> envp{nullptr};
  if (group && ::access(executable.c_str(), X_OK) == 0) launcher_ = group->fork_inside();
  if (launcher_ == 0) become_helper(executable.c_str(), theirs.get(), argv.data(), envp.data());
  began_in_group_ = launcher_ > 0;
  if (began_in_group_) return;
  const int code = ::posix_spawn(&launcher_, executable.c_str(), &settings.actions,
                                 &settings.attributes, argv.data(), envp.data());
  if (code != 0) {
    launcher_ = -1;
    throw Error(ErrorKind::Unavailable, "cannot start the sandbox helper " + executable.string() +
                                            ": " + std::strerror(code));
  }
}

void HelperProcess::wait_until_ready() {
  const Deadline deadline = in(kStartLimit);
  for (bool ready = false; !ready || pid_ <= 0;) {
    pollfd wait{socket_.get(), POLLIN, 0};
    const int n = ::poll(&wait, 1, poll_timeout(deadline));
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) throw Error(ErrorKind::Unavailable, "the sandbox was not ready after a minute");
    const auto frame = receive_frame(socket_.get());
    if (!frame) {
      throw Error(ErrorKind::Unavailable, "the sandbox helper " +
                                              fate_of(pid_ > 0 ? pid_ : launcher_) +
                                              " before the sandbox stood");
    }
    Reader reader(frame->payload);
    if (frame->kind == FrameKind::Launched) {
      pid_ = static_cast<pid_t>(reader.number());
      reap(launcher_);
    } else if (frame->kind == FrameKind::Ready) {
      tree_kind_ = static_cast<TreeKind>(reader.number());
      ready = true;
    } else if (frame->kind == FrameKind::Failed) {
      const auto kind = static_cast<ErrorKind>(reader.number());
      const std::string reason = quoted(reader);
      if (kind == ErrorKind::Limit) throw Error(kind, "no sandbox can be made: " + reason);
      throw Error(ErrorKind::Unavailable,
                  "no sandbox can be made here: " + reason + way_out(reason));
    }
  }
}

void HelperProcess::send(FrameKind kind, std::string_view payload) {
  if (!alive()) throw SandboxLost{"the sandbox was stopped"};
  try {
    send_frame(socket_.get(), kind, payload);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::Unavailable) throw;
    lost(error.what());
  }
}

Frame HelperProcess::receive() {
  auto frame = receive_frame(socket_.get());
  if (!frame) lost("the sandbox's first process has gone");
  if (frame->kind == FrameKind::Refused) {
    Reader reader(frame->payload);
    const auto kind = static_cast<ErrorKind>(reader.number());
    throw Error(kind, quoted(reader));
  }
  return std::move(*frame);
}

void HelperProcess::lost(const std::string& how) {
  stop();
  throw SandboxLost{how};
}

void HelperProcess::stop() {
  socket_.reset();
  if (launcher_ > 0) ::kill(launcher_, SIGKILL);
  reap(launcher_);
  // The kernel ends everything in the namespace before its first process counts as ended.
  if (pid_ > 0) ::kill(pid_, SIGKILL);
  reap(pid_);
}

}  // namespace nightjar::sandbox
