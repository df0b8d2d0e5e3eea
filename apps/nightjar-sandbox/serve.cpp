#include "serve.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <set>

#include "base/error.h"
#include "changes.h"
#include "inside_files.h"
#include "processes.h"
#include "sandbox/protocol.h"

extern char** environ;

namespace nightjar::helper {

namespace {

using sandbox::Frame;
using sandbox::FrameKind;
using sandbox::Reader;
using sandbox::Writer;

std::string name_of(const std::string& setting) { return setting.substr(0, setting.find('=')); }

std::vector<std::string> merged(std::vector<std::string> base,
                                const std::vector<std::string>& over) {
  for (const auto& setting : over) {
    std::erase_if(base,
                  [&](const std::string& other) { return name_of(other) == name_of(setting); });
    base.push_back(setting);
  }
  return base;
}

std::vector<char*> pointers(const std::vector<std::string>& list) {
  std::vector<char*> out;
  out.reserve(list.size() + 1);
  for (const auto& entry : list) out.push_back(const_cast<char*>(entry.c_str()));
  out.push_back(nullptr);
  return out;
}

void say(const std::string& text) {
  [[maybe_unused]] const ssize_t n = ::write(2, text.data(), text.size());
}

// Where memory runs out, commands go before this process (which must live to tell) and the host's
// own.
void go_first() {
  ::prctl(PR_SET_DUMPABLE,
          1);  // else /proc/self is closed even to us; the exec that follows does the same
  Fd file(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  [[maybe_unused]] const ssize_t n = file ? ::write(file.get(), "500", 3) : 0;
}

[[noreturn]] void become_command(const sandbox::CommandRequest& request,
                                 const std::vector<std::string>& env, const std::string& folder,
                                 int input, int output, int errors) {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::setsid();
  go_first();
  ::dup2(input, 0);
  ::dup2(output, 1);
  ::dup2(errors, 2);
  if (::chdir(folder.c_str()) != 0) {
    say("cannot enter " + folder + ": " + std::strerror(errno) + "\n");
    ::_exit(126);
  }
  std::vector<char*> envp = pointers(env);
  std::vector<char*> argv = pointers(request.argv);
  environ = envp.data();
  ::execvp(argv[0], argv.data());
  const int code = errno;
  say(request.argv.front() + ": " + (code == ENOENT ? "command not found" : std::strerror(code)) +
      "\n");
  ::_exit(code == ENOENT ? 127 : 126);
}

class Server {
 public:
  Server(int socket, const sandbox::Plan& plan, WorkTree tree)
      : socket_(socket), plan_(plan), changes_(std::move(tree), plan.start_folder) {
    sigset_t child;
    ::sigemptyset(&child);
    ::sigaddset(&child, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &child, nullptr);
    children_ = Fd(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!children_) throw_errno("cannot watch children");
    nothing_ = Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!nothing_) throw_errno("cannot open /dev/null");
  }

  [[noreturn]] void loop() {
    for (;;) {
      std::array<pollfd, 2> waits{{{socket_, POLLIN, 0}, {children_.get(), POLLIN, 0}}};
      if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) ::_exit(1);
      if (waits[1].revents) reap();
      if (waits[0].revents) {
        auto frame = sandbox::receive_frame(socket_);
        if (!frame) ::_exit(0);  // the session has gone, and with this process everything inside
        answer(*frame);
      }
    }
  }

 private:
  void answer(const Frame& frame) {
    try {
      handle(frame);
    } catch (const Error& error) {
      Writer writer;
      writer.number(static_cast<std::uint64_t>(error.kind()));
      writer.text(error.what());
      sandbox::send_frame(socket_, FrameKind::Refused, writer.bytes());
    }
  }

  void handle(const Frame& frame) {
    Reader reader(frame.payload);
    switch (frame.kind) {
      case FrameKind::Run:
        start(sandbox::decode_command(frame.payload));
        return;
      case FrameKind::Kill:
        if (command_ > 0) kill_commands();
        return;
      case FrameKind::Spawn:
        spawn(sandbox::decode_command(frame.payload));
        return;
      case FrameKind::Listen:
        sandbox::send_frame(socket_, FrameKind::Listening, "",
                            listen_on_loopback(reader.number()).get());
        return;
      case FrameKind::Collect:
        changes_.collect(socket_, reader.number());
        break;
      case FrameKind::Apply:
        while (!reader.at_end()) changes_.apply(sandbox::get_change(reader));
        break;
      case FrameKind::ReadFile: {
        const fs::path path =
            fs::path(plan_.start_folder) / reader.text();  // or as it is: absolute
        const auto content = inside_file(path, reader.number());
        Writer writer;
        writer.flag(content.has_value());
        writer.text(content.value_or(""));
        sandbox::send_frame(socket_, FrameKind::Content, writer.bytes());
        return;
      }
      case FrameKind::FindFiles: {
        const std::string folder = reader.text();
        const std::string pattern = reader.text();
        Writer writer;
        writer.texts(files_below(folder, pattern, reader.number()));
        sandbox::send_frame(socket_, FrameKind::Names, writer.bytes());
        return;
      }
      default:
        throw Error(ErrorKind::Invalid, "an unknown request");
    }
    sandbox::send_frame(socket_, FrameKind::Done, "");
  }

  void start(const sandbox::CommandRequest& request) {
    if (command_ > 0) throw Error(ErrorKind::Conflict, "a command is under way");
    if (request.argv.empty()) throw Error(ErrorKind::Invalid, "an empty command");
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("cannot make a pipe");
    Fd read_end(ends[0]), write_end(ends[1]);
    const Fd input = request.input.empty() ? Fd() : file_in_memory(request.input);
    const std::vector<std::string> env = merged(plan_.environment, request.environment);
    const std::string& folder = request.cwd.empty() ? plan_.start_folder : request.cwd;
    const pid_t pid = ::fork();
    if (pid < 0) throw_errno("cannot start a process");
    if (pid == 0) {
      become_command(request, env, folder, input ? input.get() : nothing_.get(), write_end.get(),
                     write_end.get());
    }
    command_ = pid;
    write_end.reset();
    sandbox::send_frame(socket_, FrameKind::Started, "", read_end.get());
  }

  // Beside the commands, until the session has gone.
  void spawn(const sandbox::CommandRequest& request) {
    if (request.argv.empty()) throw Error(ErrorKind::Invalid, "an empty command");
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
      throw_errno("cannot make a socket pair");
    const Fd ours(ends[0]), theirs(ends[1]);
    const Fd errors(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    const std::vector<std::string> env = merged(plan_.environment, request.environment);
    const std::string& folder = request.cwd.empty() ? plan_.start_folder : request.cwd;
    const pid_t pid = ::fork();
    if (pid < 0) throw_errno("cannot start a process");
    if (pid == 0) become_command(request, env, folder, theirs.get(), theirs.get(), errors.get());
    residents_.insert(pid);
    sandbox::send_frame(socket_, FrameKind::Started, "", ours.get());
  }

  static Fd file_in_memory(std::string_view content) {
    Fd file(::memfd_create("input", MFD_CLOEXEC));
    if (!file) throw_errno("cannot make a file in memory");
    write_all(file.get(), content);
    ::lseek(file.get(), 0, SEEK_SET);
    return file;
  }

  void reap() {
    signalfd_siginfo info;
    while (::read(children_.get(), &info, sizeof info) > 0) {
    }
    int status = 0;
    for (pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (pid == command_) {
        end(status);
        return;
      }
      residents_.erase(pid);
    }
  }

  void kill_commands() {
    if (residents_.empty())
      ::kill(-1, SIGKILL);
    else
      kill_all_but(residents_);
  }

  // Nothing of a command outlives it.
  void end(int status) {
    if (residents_.empty()) {
      // A process that is being killed can make no other, so one round reaches all, however fast
      // they multiply.
      ::kill(-1, SIGKILL);
      while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
      }
    } else {
      while (kill_all_but(residents_) > 0) {
        for (pid_t pid; (pid = ::waitpid(-1, nullptr, WNOHANG)) > 0;) residents_.erase(pid);
        ::usleep(200);
      }
    }
    command_ = 0;
    Writer writer;
    writer.number(static_cast<std::uint64_t>(status));
    sandbox::send_frame(socket_, FrameKind::Ended, writer.bytes());
  }

  int socket_;
  const sandbox::Plan& plan_;
  Changes changes_;
  Fd children_, nothing_;
  pid_t command_ = 0;
  std::set<pid_t> residents_;
};

}  // namespace

void serve(int socket, const sandbox::Plan& plan, WorkTree tree) {
  Server(socket, plan, std::move(tree)).loop();
}

}  // namespace nightjar::helper
