#include "proc/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "base/text.h"

namespace nightjar::proc {

namespace {

struct Pipe {
  Fd read, write;
  Pipe() {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) throw_errno("pipe");
    read.reset(fds[0]);
    write.reset(fds[1]);
  }
};

// Everything execve needs, made before the child begins, which may only call async-signal-safe
// functions.
struct Image {
  explicit Image(const std::vector<std::string>& argv,
                 const std::map<std::string, std::string>& env) {
    for (const auto& word : argv) words.push_back(word);
    for (const auto& [key, value] : env) settings.push_back(key + "=" + value);
    for (auto& word : words) argv_pointers.push_back(word.data());
    for (auto& setting : settings) env_pointers.push_back(setting.data());
    argv_pointers.push_back(nullptr);
    env_pointers.push_back(nullptr);
    path = words.front().find('/') == std::string::npos ? find_in_path(words.front()).string()
                                                        : words.front();
    if (path.empty())
      throw Error(ErrorKind::NotFound, "there is no command '" + argv.front() + "' in PATH");
  }
  std::string path;
  std::vector<std::string> words, settings;
  std::vector<char*> argv_pointers, env_pointers;
};

void reset_signals() {
  for (const int sig : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD}) signal(sig, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

struct Start {
  const Image& image;
  std::array<int, 3> streams{};  ///< what becomes 0, 1 and 2
  const char* folder = nullptr;
  bool detached = false;  ///< a session of its own, and nothing inherited; else it ends with us
  pid_t parent = ::getpid();
};

// In a child that has this process's memory: async-signal-safe calls alone. Its exit status where
// it cannot become the program.
int become(void* argument) {
  const auto& start = *static_cast<const Start*>(argument);
  if (start.detached) {
    ::setsid();
  } else {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != start.parent) return 127;
  }
  reset_signals();
  for (int fd = 0; fd < 3; ++fd) ::dup2(start.streams[static_cast<size_t>(fd)], fd);
  if (start.detached) ::close_range(3, ~0U, 0);
  if (start.folder && ::chdir(start.folder) != 0) return 127;
  ::execve(start.image.path.c_str(), start.image.argv_pointers.data(),
           start.image.env_pointers.data());
  return 127;
}

// As posix_spawn(3) does it, which has no word for the death of the parent: with our memory, on a
// stack of its own, while this thread waits. A copy of a large process's page tables would cost
// more than the program. No signal may find its handler in the child.
pid_t spawn(Start start) {
  struct alignas(16) Stack {
    std::array<std::byte, 64 << 10> bytes;
  };
  const auto stack = std::make_unique_for_overwrite<Stack>();
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid =
      ::clone(become, stack.get() + 1, CLONE_VM | CLONE_VFORK | SIGCHLD, &start);  // it grows down
  const int failure = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = failure;
  if (pid < 0) throw_errno("cannot start " + start.image.path);
  return pid;
}

Fd open_null() {
  Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) throw_errno("cannot open /dev/null");
  return null;
}

Fd open_log(const std::filesystem::path& log) {
  Fd sink(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!sink) throw_errno("cannot open " + log.string());
  return sink;
}

int status_of(int raw) { return WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw); }

}  // namespace

std::map<std::string, std::string> minimal_environment() {
  const char* path = std::getenv("PATH");
  return {{"PATH", path ? path : "/usr/local/bin:/usr/bin:/bin"},
          {"LANG", "C.UTF-8"},
          {"TZ", "UTC"},
          {"HOME", "/nonexistent"}};
}

std::filesystem::path own_executable() { return fs::read_symlink("/proc/self/exe"); }

std::filesystem::path find_in_path(std::string_view name) {
  const char* path = std::getenv("PATH");
  for (const auto& folder : split(path ? path : "/usr/local/bin:/usr/bin:/bin", ':')) {
    if (folder.empty()) continue;
    const fs::path candidate = fs::path(folder) / name;
    std::error_code ignored;
    if (::access(candidate.c_str(), X_OK) == 0 && fs::is_regular_file(candidate, ignored))
      return candidate;
  }
  return {};
}

Fd open_pidfd(pid_t pid) { return Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

Result run(const Options& options) {
  Image image(options.argv, options.env.empty() ? minimal_environment() : options.env);
  Pipe in, out, err;
  const pid_t pid = spawn({.image = image,
                           .streams = {in.read.get(), out.write.get(), err.write.get()},
                           .folder = options.cwd.empty() ? nullptr : options.cwd.c_str()});
  in.read.reset();
  out.write.reset();
  err.write.reset();

  // Woken by a stop through a pipe, so that the poll below needs no interval.
  Pipe wake;
  const std::stop_callback on_stop(options.stop, [&] {
    const char byte = 0;
    [[maybe_unused]] const auto n = ::write(wake.write.get(), &byte, 1);
  });

  Result result;
  const auto end = [&](int sig) {
    ::kill(-pid, sig);
    int raw = 0;
    while (::waitpid(pid, &raw, 0) < 0 && errno == EINTR) {
    }
    return status_of(raw);
  };
  ::fcntl(in.write.get(), F_SETFL, O_NONBLOCK);
  std::string_view input = options.input;
  if (input.empty()) in.write.reset();
  std::array<char, 65536> buffer{};
  const auto drain = [&](Fd& fd, std::string& into) {
    const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n > 0) into.append(buffer.data(), static_cast<size_t>(n));
    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) fd.reset();
  };
  while (out.read || err.read) {
    std::array<pollfd, 4> fds{{{out.read.get(), POLLIN, 0},
                               {err.read.get(), POLLIN, 0},
                               {in.write.get(), POLLOUT, 0},
                               {wake.read.get(), POLLIN, 0}}};
    const int ready = ::poll(fds.data(), fds.size(), poll_timeout(options.deadline));
    if (ready < 0 && errno != EINTR) {
      end(SIGKILL);
      throw_errno("poll");
    }
    if (ready == 0) {
      end(SIGKILL);
      throw Error(ErrorKind::Timeout, "'" + options.argv.front() + "' took longer than its limit");
    }
    if (options.stop.stop_requested()) {
      end(SIGKILL);
      throw Cancelled{};
    }
    if (fds[0].revents) drain(out.read, result.out);
    if (fds[1].revents) drain(err.read, result.err);
    if (fds[2].revents && in.write) {
      const ssize_t n = ::write(in.write.get(), input.data(), input.size());
      if (n > 0) input.remove_prefix(static_cast<size_t>(n));
      if (input.empty() || (n < 0 && errno != EINTR && errno != EAGAIN)) in.write.reset();
    }
    if (result.out.size() + result.err.size() > options.most_output) {
      end(SIGKILL);
      throw Error(ErrorKind::Limit, "'" + options.argv.front() + "' wrote more than " +
                                        human_size(options.most_output));
    }
  }
  int raw = 0;
  while (::waitpid(pid, &raw, 0) < 0 && errno == EINTR) {
  }
  result.exit_status = status_of(raw);
  return result;
}

std::string output_of(const Options& options) {
  Result result = run(options);
  if (result.exit_status != 0) {
    std::string tail = trimmed(result.err);
    if (tail.size() > 2000) tail = "…" + tail.substr(tail.size() - 2000);
    throw Error(ErrorKind::Internal, "'" + join(options.argv, " ") + "' failed (status " +
                                         std::to_string(result.exit_status) +
                                         "): " + inert(tail, true));
  }
  return std::move(result.out);
}

pid_t start_detached(const std::vector<std::string>& argv, const std::array<int, 3>& streams) {
  std::map<std::string, std::string> env;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view setting(*entry);
    const auto equals = setting.find('=');
    if (equals != std::string_view::npos)
      env[std::string(setting.substr(0, equals))] = setting.substr(equals + 1);
  }
  return spawn({.image = Image(argv, env), .streams = streams, .detached = true});
}

pid_t start_detached(const std::vector<std::string>& argv, const std::filesystem::path& log) {
  const Fd null = open_null(), sink = open_log(log);
  return start_detached(argv, {null.get(), sink.get(), sink.get()});
}

void detach_this(const std::filesystem::path& log) {
  ::setsid();
  reset_signals();
  const Fd null = open_null(), sink = open_log(log);
  ::dup2(null.get(), 0);
  for (const int fd : {1, 2}) ::dup2(sink.get(), fd);
}

}  // namespace nightjar::proc
