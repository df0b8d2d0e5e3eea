// nightjar-sandbox: makes one sandbox and is PID 1 in it. It gets its plan over descriptor 3, has no
// arguments and no environment, and holds no key. What it answers is data to the other side.
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "filter.h"
#include "layers.h"
#include "root.h"
#include "sandbox/frame.h"
#include "sandbox/plan.h"

namespace nightjar::helper {

namespace {

using sandbox::FrameType;
constexpr int kControl = 3;

void drop_capabilities() {
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability) >= 0; ++capability) ::prctl(PR_CAPBSET_DROP, capability);
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> none{};
  if (::syscall(SYS_capset, &header, none.data()) != 0) throw_errno("cannot drop capabilities");
}

void limit(int what, rlim_t most) {
  rlimit now{};
  ::getrlimit(static_cast<__rlimit_resource_t>(what), &now);
  const rlim_t value = now.rlim_max == RLIM_INFINITY || most < now.rlim_max ? most : now.rlim_max;
  const rlimit wanted{value, value};
  ::setrlimit(static_cast<__rlimit_resource_t>(what), &wanted);
}

class PidOne {
 public:
  PidOne(const sandbox::Plan& plan, Inside inside) : plan_(plan), inside_(std::move(inside)) {
    sigemptyset(&all_);
    sigaddset(&all_, SIGCHLD);
    sigprocmask(SIG_BLOCK, &all_, nullptr);
    children_.reset(::signalfd(-1, &all_, SFD_CLOEXEC | SFD_NONBLOCK));
    work_.reset(::open(plan.work.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!work_ || !children_) throw_errno("cannot open the work tree");
  }

  void serve() {
    sandbox::write_frame(kControl, FrameType::Ready, to_line(json::object{{"tree", inside_.tree_kind}}));
    while (auto frame = sandbox::read_frame(kControl, kNoDeadline)) {
      try {
        handle(*frame);
      } catch (const Error& error) {
        sandbox::write_frame(kControl, FrameType::Refused, error.what());
      }
    }
  }

 private:
  void handle(const sandbox::Frame& frame) {
    const auto value = frame.type == FrameType::Apply || frame.type == FrameType::ApplyEnd || frame.type == FrameType::Kill
                           ? json::value(json::object{})
                           : parse_json(frame.payload).value_or(json::object{});
    const json::object& order = value.get_object();
    switch (frame.type) {
      case FrameType::Run: return run(order);
      case FrameType::Collect:
        collect(inside_.upper.get(), static_cast<std::uint64_t>(get_int(order, "most")),
                [](const core::Change& change) { sandbox::write_frame(kControl, FrameType::Change, sandbox::encode(change)); });
        return sandbox::write_frame(kControl, FrameType::Done, "{}");
      case FrameType::Apply:
        if (const auto change = sandbox::decode_change(frame.payload)) apply(work_.get(), *change);
        return;
      case FrameType::ApplyEnd: return sandbox::write_frame(kControl, FrameType::Done, "{}");
      case FrameType::Read: return read_one(order);
      case FrameType::Find: return find(order);
      default: return;
    }
  }

  void read_one(const json::object& order) {
    const std::string path = get_string(order, "path");
    const Fd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    struct stat info {};
    if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > get_int(order, "most")) {
      return sandbox::write_frame(kControl, FrameType::Done, "{}");
    }
    sandbox::write_frame(kControl, FrameType::Content, read_all(fd.get()));
  }

  void find(const json::object& order) {
    json::array found;
    fs::path folder = get_string(order, "folder");
    if (folder.is_relative()) folder = fs::path(plan_.work) / folder;
    const std::string pattern = get_string(order, "pattern");
    std::error_code failed;
    for (auto entry = fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied, failed);
         !failed && entry != fs::recursive_directory_iterator() && found.size() < 1000; entry.increment(failed)) {
      const std::string name = entry->path().filename().string();
      if (entry.depth() > 12) entry.disable_recursion_pending();
      if (name == ".git" || name == "node_modules") entry.disable_recursion_pending();
      std::error_code ignored;
      const std::string relative = entry->path().lexically_relative(folder).string();
      const bool hit = ::fnmatch(pattern.c_str(), pattern.find('/') == std::string::npos ? name.c_str() : relative.c_str(), 0) == 0;
      if (hit && entry->is_regular_file(ignored)) found.emplace_back(valid_utf8(entry->path().string()));
    }
    sandbox::write_frame(kControl, FrameType::Done, to_line(json::object{{"files", std::move(found)}}));
  }

  struct Child {
    pid_t pid = 0;
    Fd output, input;
  };

  Child start(const json::object& order) {
    std::vector<std::string> argv = get_strings(order, "argv");
    std::vector<std::string> env;
    for (const auto& [name, value] : plan_.env) env.push_back(name + "=" + value);
    for (const auto& member : get_object(order, "env")) {
      env.push_back(std::string(member.key()) + "=" + std::string(member.value().as_string()));
    }
    std::vector<char*> argv_pointers, env_pointers;
    for (auto& word : argv) argv_pointers.push_back(word.data());
    for (auto& setting : env) env_pointers.push_back(setting.data());
    argv_pointers.push_back(nullptr);
    env_pointers.push_back(nullptr);
    const std::string cwd = get_string(order, "cwd", plan_.work);
    int out[2];
    int in[2];
    if (argv.empty() || ::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(in, O_CLOEXEC) != 0) throw_errno("cannot start a command");
    const pid_t pid = ::fork();
    if (pid < 0) throw_errno("cannot fork (process limit?)");
    if (pid == 0) {
      ::setsid();
      sigset_t none;
      sigemptyset(&none);
      sigprocmask(SIG_SETMASK, &none, nullptr);
      ::dup2(in[0], 0);
      ::dup2(out[1], 1);
      ::dup2(out[1], 2);
      ::close_range(3, ~0U, 0);
      ::prctl(PR_SET_DUMPABLE, 1);
      if (::chdir(cwd.c_str()) != 0) ::_exit(126);
      ::execvpe(argv_pointers[0], argv_pointers.data(), env_pointers.data());
      const char* words = "nightjar: command not found\n";
      [[maybe_unused]] const auto n = ::write(2, words, std::strlen(words));
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    ::fcntl(in[1], F_SETFL, O_NONBLOCK);
    return {pid, Fd(out[0]), Fd(in[1])};
  }

  // Everything but this process dies with the command, whatever session or parent it gave itself.
  void end_all(pid_t pid, int* status) {
    for (;;) {
      ::kill(-1, SIGKILL);
      int raw = 0;
      const pid_t gone = ::waitpid(-1, &raw, 0);
      if (gone == pid && status) *status = raw;
      if (gone < 0 && errno == ECHILD) return;
    }
  }

  void run(const json::object& order) {
    ::setenv("PATH", path_of(order).c_str(), 1);
    Child child = start(order);
    const std::string input_text = get_string(order, "input");
    std::string_view input = input_text;
    if (input.empty()) child.input.reset();
    std::array<char, 65536> buffer{};
    int status = -1;
    bool ended = false;
    bool killed = false;
    while (!ended) {
      std::array<pollfd, 4> fds{{{kControl, POLLIN, 0}, {child.output.get(), POLLIN, 0}, {children_.get(), POLLIN, 0}, {child.input.get(), POLLOUT, 0}}};
      if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) throw_errno("poll");
      if (fds[0].revents) {
        const auto frame = sandbox::read_frame(kControl, kNoDeadline);
        if (!frame) ::_exit(0);  // the run is gone: everything here dies with PID 1
        if (frame->type == FrameType::Kill) {
          killed = true;
          break;
        }
      }
      if (fds[1].revents) {
        const ssize_t n = ::read(child.output.get(), buffer.data(), buffer.size());
        if (n > 0) sandbox::write_frame(kControl, FrameType::Output, {buffer.data(), static_cast<size_t>(n)});
        if (n == 0) child.output.reset();
      }
      if (fds[3].revents && child.input) {
        const ssize_t n = ::write(child.input.get(), input.data(), input.size());
        if (n > 0) input.remove_prefix(static_cast<size_t>(n));
        if (input.empty() || (n < 0 && errno != EAGAIN && errno != EINTR)) child.input.reset();
      }
      if (fds[2].revents) {
        signalfd_siginfo info{};
        while (::read(children_.get(), &info, sizeof info) > 0) {
        }
        int raw = 0;
        for (pid_t gone = 0; (gone = ::waitpid(-1, &raw, WNOHANG)) > 0;) {
          if (gone != child.pid) continue;
          status = raw;
          ended = true;
        }
      }
    }
    end_all(child.pid, status < 0 ? &status : nullptr);
    while (child.output) {
      const ssize_t n = ::read(child.output.get(), buffer.data(), buffer.size());
      if (n <= 0) break;
      sandbox::write_frame(kControl, FrameType::Output, {buffer.data(), static_cast<size_t>(n)});
    }
    json::object exit{{"killed", killed}};
    exit["signal"] = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    exit["status"] = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    sandbox::write_frame(kControl, FrameType::Exit, to_line(exit));
  }

  std::string path_of(const json::object& order) const {
    std::string path = get_string(get_object(order, "env"), "PATH");
    for (const auto& [name, value] : plan_.env) {
      if (path.empty() && name == "PATH") path = value;
    }
    return path;
  }

  const sandbox::Plan& plan_;
  Inside inside_;
  Fd work_;
  Fd children_;
  sigset_t all_{};
};

void live_as_pid_one(const sandbox::Plan& plan, Inside inside) {
  try {
    ::umask(0022);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, plan.most_files);
    if (plan.drop_from_root) limit(RLIMIT_NPROC, plan.most_processes);
    PidOne one(plan, std::move(inside));
    drop_capabilities();
    install_filter(plan.profile);
    ::prctl(PR_SET_DUMPABLE, 0);
    one.serve();
  } catch (const Error& error) {
    try {
      sandbox::write_frame(kControl, FrameType::Refused, error.what());
    } catch (const Error&) {
    }
  }
  ::_exit(0);
}

}  // namespace

}  // namespace nightjar::helper

int main() {
  using namespace nightjar;
  try {
    const auto frame = sandbox::read_frame(3, in(std::chrono::seconds(10)));
    if (!frame) return 1;
    const auto value = parse_json(frame->payload);
    if (!value || !value->is_object()) return 1;
    const sandbox::Plan plan = sandbox::plan_from(value->get_object());
    helper::enter(plan, [&](helper::Inside inside) { helper::live_as_pid_one(plan, std::move(inside)); });
  } catch (const Error& error) {
    try {
      sandbox::write_frame(3, sandbox::FrameType::Refused, error.what());
    } catch (const Error&) {
    }
  }
  return 1;
}
