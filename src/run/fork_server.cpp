#include "run/fork_server.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "base/warn.h"
#include "net/tls.h"
#include "proc/process.h"
#include "run/runner.h"
#include "sandbox/session.h"

namespace nightjar::run {

namespace {

constexpr size_t kMostRequest = 1 << 17;  // a message of a socket holds a little more
constexpr std::chrono::seconds kPatience{10};
constexpr size_t kRoomForName = 48;  // of a run folder, behind RUNS

// A message with at most one descriptor, as unix(7) has them.
struct Message {
  explicit Message(void* data, size_t size) : part{data, size} {
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
  }
  void put(int descriptor) {
    cmsghdr* item = CMSG_FIRSTHDR(&header);
    item->cmsg_level = SOL_SOCKET;
    item->cmsg_type = SCM_RIGHTS;
    item->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(item), &descriptor, sizeof descriptor);
  }
  Fd take() {
    const cmsghdr* item = CMSG_FIRSTHDR(&header);
    if (!item || item->cmsg_type != SCM_RIGHTS) return {};
    int descriptor = -1;
    std::memcpy(&descriptor, CMSG_DATA(item), sizeof descriptor);
    return Fd(descriptor);
  }
  iovec part;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr header{};
};

// Invalid where it has gone, or does not answer (somebody stopped it).
Fd ask(int socket, const std::string& request) {
  ssize_t n = 0;
  while ((n = ::send(socket, request.data(), request.size(), MSG_NOSIGNAL)) < 0 && errno == EINTR) {
  }
  if (n < 0) return {};
  pollfd answered{socket, POLLIN, 0};
  const Deadline deadline = in(kPatience);
  int ready = 0;
  while ((ready = ::poll(&answered, 1, poll_timeout(deadline))) < 0 && errno == EINTR) {
  }
  if (ready <= 0) return {};
  std::int32_t failure = 0;
  Message message(&failure, sizeof failure);
  while ((n = ::recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  if (n != sizeof failure) return {};
  Fd pidfd = message.take();
  if (!pidfd)
    throw Error(ErrorKind::Unavailable,
                std::string("no runner can be started: ") + std::strerror(failure));
  return pidfd;
}

// Contiguous, as the kernel lays them out.
void write_arguments(int argc, char** argv, const std::string& folder) {
  char* const begin = argv[1];
  char* const end = argv[argc - 1] + std::strlen(argv[argc - 1]);
  const std::string text = "runner" + std::string(1, '\0') + folder;
  const size_t room = static_cast<size_t>(end - begin);
  std::memset(begin, 0, room);
  std::ranges::copy(text.substr(0, room), begin);
}

int be_runner(int argc, char** argv, const std::vector<std::string>& request) {
  const fs::path folder = request.front();
  try {
    proc::detach_this(folder / "runner.log");
  } catch (const Error& error) {
    warn(error.what());
    return 1;
  }
  for (size_t i = 1; i < request.size(); ++i) {
    const auto equals = request[i].find('=');
    ::setenv(request[i].substr(0, equals).c_str(), request[i].c_str() + equals + 1, 1);
  }
  write_arguments(argc, argv, folder.string());
  return runner_main(folder);
}

void answer_with(pid_t pid) {
  const Fd pidfd = pid > 0 ? proc::open_pidfd(pid) : Fd();
  std::int32_t failure = pidfd ? 0 : errno;
  Message message(&failure, sizeof failure);
  if (pidfd)
    message.put(pidfd.get());
  else
    message.header.msg_controllen = 0;
  ::sendmsg(0, &message.header, MSG_NOSIGNAL);
}

}  // namespace

ForkServer::ForkServer(fs::path program, fs::path runs)
    : program_(std::move(program)), runs_(std::move(runs)) {
  begin();
}

ForkServer::~ForkServer() { end(); }

void ForkServer::begin() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw_errno("cannot make a socket pair");
  socket_ = Fd(ends[0]);
  const Fd theirs(ends[1]);
  pid_ = proc::start_detached(
      {program_.string(), "fork-server", runs_.string(), std::string(kRoomForName, ' ')},
      {theirs.get(), STDERR_FILENO, STDERR_FILENO});
}

void ForkServer::end() {
  socket_.reset();
  if (pid_ > 0) ::kill(pid_, SIGKILL);
  while (pid_ > 0 && ::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

Fd ForkServer::start(const fs::path& folder, const std::map<std::string, std::string>& variables) {
  std::string request = folder.string();
  for (const auto& [name, value] : variables) request += '\0' + name + "=" + value;
  if (request.size() > kMostRequest)
    throw Error(ErrorKind::Unavailable,
                "no runner can be started: its keys and headers are larger than " +
                    human_size(kMostRequest));
  for (int tries = 0; tries < 2; ++tries) {
    if (Fd pidfd = ask(socket_.get(), request)) return pidfd;
    end();
    begin();  // somebody killed it
  }
  throw Error(ErrorKind::Unavailable,
              "no runner can be started: " + program_.string() + " ends when it should start them");
}

int fork_server_main(int argc, char** argv) {
  ::prctl(PR_SET_NAME, "nightjar-forks");
  sigset_t child_ended;
  sigemptyset(&child_ended);
  sigaddset(&child_ended, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child_ended, nullptr);
  Fd ended(::signalfd(-1, &child_ended, SFD_CLOEXEC | SFD_NONBLOCK));
  sandbox::warm_up();
  try {
    net::load_tls();  // runners share it so; a run without TLS needs none
  } catch (const Error& error) {
    warn(error.what());
  }
  std::string buffer(kMostRequest, '\0');
  for (;;) {
    std::array<pollfd, 2> fds{{{0, POLLIN, 0}, {ended.get(), POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), -1) < 0) continue;
    if (fds[1].revents) {
      signalfd_siginfo info{};
      while (::read(ended.get(), &info, sizeof info) > 0) {
      }
      while (::waitpid(-1, nullptr, WNOHANG) > 0) {
      }
    }
    if (!fds[0].revents) continue;
    const ssize_t n = ::recv(0, buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return 0;  // the service has gone
    auto request = split(std::string_view(buffer).substr(0, static_cast<size_t>(n)), '\0');
    ::explicit_bzero(buffer.data(), static_cast<size_t>(n));
    const pid_t pid = ::fork();
    if (pid == 0) {
      ended.reset();
      std::string().swap(buffer);
      return be_runner(argc, argv, request);
    }
    answer_with(pid);
    // The next run's process begins with this memory, and has no business with these keys.
    for (auto& text : request) ::explicit_bzero(text.data(), text.size());
  }
}

}  // namespace nightjar::run
