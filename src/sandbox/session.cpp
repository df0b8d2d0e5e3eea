#include "sandbox/session.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/text.h"
#include "proc/process.h"
#include "sandbox/frame.h"
#include "sandbox/plan.h"
#include "sandbox/slot.h"

namespace nightjar::sandbox {

namespace {

constexpr auto kStartLimit = std::chrono::seconds(30);
constexpr int kStopLimit = 5000;  // milliseconds
constexpr auto kDiskLook = std::chrono::seconds(1);

std::string way_out(const std::string& reason) {
  std::string advice = "cannot make a sandbox: " + reason + ". Nothing runs without one.";
  const auto most = try_read_file("/proc/sys/user/max_user_namespaces");
  const auto apparmor = try_read_file("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
  const auto clone = try_read_file("/proc/sys/kernel/unprivileged_userns_clone");
  if (most && trimmed(*most) == "0") advice += " User namespaces are switched off: sysctl user.max_user_namespaces=10000";
  if (clone && trimmed(*clone) == "0") advice += " User namespaces are switched off for ordinary users: sysctl kernel.unprivileged_userns_clone=1";
  if (apparmor && trimmed(*apparmor) == "1") {
    advice += " AppArmor restricts user namespaces here: sysctl kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for nightjar-sandbox that allows userns";
  }
  return advice + " (nightjar doctor says more)";
}

// Head and tail of a stream of any length, in flat memory.
class Kept {
 public:
  Kept(size_t head, size_t tail) : most_head_(head), most_tail_(tail) {}
  void add(std::string_view bytes) {
    total_ += bytes.size();
    const auto part = bytes.substr(0, most_head_ - std::min(most_head_, head_.size()));
    head_ += part;
    bytes.remove_prefix(part.size());
    tail_ += bytes;
    if (tail_.size() > 2 * most_tail_ + 65536) tail_.erase(0, tail_.size() - most_tail_);
  }
  std::string text() const {
    const std::string_view tail = std::string_view(tail_).substr(tail_.size() > most_tail_ ? tail_.size() - most_tail_ : 0);
    const std::uint64_t left_out = total_ - head_.size() - tail.size();
    if (left_out == 0) return head_ + std::string(tail);
    return head_ + "\n… " + human_size(left_out) + " left out …\n" + std::string(tail);
  }
  std::uint64_t total() const { return total_; }

 private:
  size_t most_head_, most_tail_;
  std::string head_, tail_;
  std::uint64_t total_ = 0;
};

class NamespaceSession final : public Session {
 public:
  explicit NamespaceSession(const Policy& policy) {
    if (policy.helper.empty() || ::access(policy.helper.c_str(), X_OK) != 0) {
      throw Error(ErrorKind::Unavailable, "the helper nightjar-sandbox is missing (looked for '" + policy.helper.string() + "'): install it beside nightjar");
    }
    uid_t run_uid = ::geteuid();
    if (run_uid == 0) {
      slot_ = Slot::take();
      run_uid = slot_->uid();
    }
    disk_limit_ = policy.disk_bytes;
    for (const auto* layers : all_layers(policy)) {
      if (layers->upper.empty()) continue;
      fs::create_directories(layers->upper);
      uppers_.push_back(layers->upper);
    }
    const Plan plan = make_plan(policy, look_at_host(run_uid, policy.network));
    spawn(policy.helper);
    write_frame(control_.get(), FrameType::Config, to_line(to_json(plan)));
    std::optional<Frame> first;
    try {
      first = read_frame(control_.get(), in(kStartLimit));
    } catch (const Error& error) {
      stop();
      throw Error(ErrorKind::Unavailable, way_out(error.what()));
    }
    if (!first || first->type != FrameType::Ready) {
      const std::string reason = first ? first->payload : "the helper ended without a word";
      stop();
      throw Error(ErrorKind::Unavailable, way_out(inert(reason)));
    }
    const auto ready = parse_json(first->payload);
    tree_kind_ = ready && ready->is_object() ? get_string(ready->get_object(), "tree") : "";
  }

  ~NamespaceSession() override { stop(); }

  CommandResult run(const Command& command) override {
    json::object order{{"argv", to_array(command.argv)}, {"input", command.input}};
    if (!command.cwd.empty()) order["cwd"] = command.cwd.string();
    json::object env;
    for (const auto& [name, value] : command.env) env[name] = value;
    order["env"] = std::move(env);
    send(FrameType::Run, to_line(order));

    Fd wake = stop_pipe();
    int wake_write = wake_write_.get();
    const std::stop_callback on_stop(command.stop, [wake_write] {
      [[maybe_unused]] const auto n = ::write(wake_write, "x", 1);
    });
    Kept kept(command.keep_head, command.keep_tail);
    CommandResult result;
    bool kill_sent = false;
    const auto kill = [&](Ended why) {
      if (kill_sent) return;
      kill_sent = true;
      result.ended = why;
      send(FrameType::Kill, "");
    };
    const auto start = std::chrono::steady_clock::now();
    auto last_output = start;
    auto next_look = disk_limit_ ? start + kDiskLook : kNoDeadline;
    for (;;) {
      Deadline wait_until = kill_sent ? kNoDeadline : std::min(command.deadline, next_look);
      if (!kill_sent && command.idle.count()) wait_until = std::min<Deadline>(wait_until, last_output + command.idle);
      pollfd fds[2] = {{control_.get(), POLLIN, 0}, {kill_sent ? -1 : wake.get(), POLLIN, 0}};
      if (::poll(fds, 2, poll_timeout(wait_until)) < 0 && errno != EINTR) throw_errno("poll");
      const auto now_is = std::chrono::steady_clock::now();
      if (!kill_sent && command.stop.stop_requested()) kill(Ended::Stopped);
      if (now_is >= command.deadline) kill(Ended::TimedOut);
      if (command.idle.count() && now_is >= last_output + command.idle) kill(Ended::Silent);
      if (now_is >= next_look) {
        next_look = now_is + kDiskLook;
        unsigned long long used = 0;
        for (const auto& upper : uppers_) used += disk_use(upper);
        if (used > disk_limit_) kill(Ended::OutOfDisk);
      }
      if (!fds[0].revents) continue;
      const Frame frame = receive();
      if (frame.type == FrameType::Output) {
        last_output = now_is;
        kept.add(frame.payload);
        if (command.on_output) command.on_output(frame.payload);
      } else if (frame.type == FrameType::Refused) {
        throw Error(ErrorKind::Internal, "the sandbox refused a command: " + inert(frame.payload));
      } else if (frame.type == FrameType::Exit) {
        const auto value = parse_json(frame.payload);
        if (!value || !value->is_object()) throw SandboxLost{"it answered nonsense"};
        const auto& exit = value->get_object();
        result.exit_status = static_cast<int>(get_int(exit, "status"));
        const auto sig = get_int(exit, "signal");
        result.killed_from_outside = !kill_sent && (sig == SIGKILL || sig == SIGTERM);
        break;
      }
    }
    result.output = kept.text();
    result.output_bytes = kept.total();
    result.duration = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - start);
    if (result.ended == Ended::Stopped) throw Cancelled{};
    return result;
  }

  void collect(const std::function<void(core::Change&&)>& visit, std::uint64_t most_bytes) override {
    send(FrameType::Collect, to_line(json::object{{"most", most_bytes}}));
    for (;;) {
      Frame frame = receive();
      if (frame.type == FrameType::Done) return;
      if (frame.type == FrameType::Refused) throw Error(ErrorKind::Limit, inert(frame.payload));
      auto change = frame.type == FrameType::Change ? decode_change(frame.payload) : std::nullopt;
      if (!change) throw SandboxLost{"it answered nonsense"};
      visit(std::move(*change));
    }
  }

  void apply(const std::vector<core::Change>& changes) override {
    for (const auto& change : changes) send(FrameType::Apply, encode(change));
    send(FrameType::ApplyEnd, "");
    const Frame frame = receive();
    if (frame.type != FrameType::Done) throw Error(ErrorKind::Internal, "a change could not be applied: " + inert(frame.payload));
  }

  std::optional<std::string> read_file(const fs::path& inside, size_t most) override {
    send(FrameType::Read, to_line(json::object{{"path", inside.string()}, {"most", most}}));
    Frame frame = receive();
    if (frame.type != FrameType::Content || frame.payload.size() > most) return std::nullopt;
    return std::move(frame.payload);
  }

  std::vector<std::string> find_files(const fs::path& folder, std::string_view pattern) override {
    send(FrameType::Find, to_line(json::object{{"folder", folder.string()}, {"pattern", pattern}}));
    const Frame frame = receive();
    const auto value = parse_json(frame.payload);
    if (frame.type != FrameType::Done || !value || !value->is_object()) return {};
    return get_strings(value->get_object(), "files");
  }

  std::string_view tree_kind() const override { return tree_kind_; }

  void stop() override {
    control_.reset();
    if (pid_ <= 0) return;
    // End of file tells PID 1 to end; the first process follows when nothing is left inside.
    const Fd ended = proc::open_pidfd(pid_);
    pollfd wait{ended.get(), POLLIN, 0};
    if (!ended || ::poll(&wait, 1, kStopLimit) != 1) ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    slot_.reset();
  }

 private:
  static std::vector<const Layers*> all_layers(const Policy& policy) {
    std::vector<const Layers*> out{&policy.tree};
    for (const auto& layers : policy.overlays) out.push_back(&layers);
    return out;
  }

  void spawn(const fs::path& helper) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw_errno("cannot make a socket pair");
    control_.reset(ends[0]);
    Fd theirs(ends[1]);
    const std::string path = helper.string();
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) throw_errno("cannot fork");
    if (pid_ == 0) {
      ::setsid();
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(1);
      sigset_t none;
      sigemptyset(&none);
      sigprocmask(SIG_SETMASK, &none, nullptr);
      const int null = ::open("/dev/null", O_RDWR);
      for (const int fd : {0, 1, 2}) ::dup2(null, fd);
      const int control = ::fcntl(theirs.get(), F_DUPFD, 10);
      ::dup2(control, 3);
      ::close_range(4, ~0U, 0);
      char* argv[] = {const_cast<char*>("nightjar-sandbox"), nullptr};
      char* envp[] = {nullptr};
      ::execve(path.c_str(), argv, envp);
      ::_exit(1);
    }
  }

  Fd stop_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("cannot make a pipe");
    wake_write_.reset(ends[1]);
    return Fd(ends[0]);
  }

  void send(FrameType type, std::string_view payload) {
    try {
      write_frame(control_.get(), type, payload);
    } catch (const Error&) {
      throw SandboxLost{"its helper was killed"};
    }
  }

  Frame receive() {
    try {
      if (auto frame = read_frame(control_.get(), kNoDeadline)) return std::move(*frame);
    } catch (const Error& error) {
      throw SandboxLost{error.what()};
    }
    throw SandboxLost{"its helper was killed"};
  }

  std::optional<Slot> slot_;
  Fd control_, wake_write_;
  pid_t pid_ = 0;
  std::string tree_kind_;
  std::vector<fs::path> uppers_;
  std::uint64_t disk_limit_ = 0;
};

}  // namespace

std::unique_ptr<Session> Session::start(const Policy& policy) { return std::make_unique<NamespaceSession>(policy); }

fs::path written_folder(const fs::path& upper) { return upper / "data"; }

}  // namespace nightjar::sandbox
