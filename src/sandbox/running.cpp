#include "sandbox/running.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "base/error.h"
#include "sandbox/output.h"
#include "sandbox/protocol.h"

namespace nightjar::sandbox {

namespace {

using Clock = std::chrono::steady_clock;

class Running {
 public:
  Running(HelperProcess& helper, const Command& command, Watcher& watcher)
      : helper_(helper),
        command_(command),
        watcher_(watcher),
        output_(command.keep_head, command.keep_tail),
        wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!wake_) throw_errno("cannot make an eventfd");
  }

  CommandResult run() {
    const std::stop_callback on_stop(command_.stop, [this] {
      const std::uint64_t one = 1;
      [[maybe_unused]] const ssize_t n = ::write(wake_.get(), &one, sizeof one);
    });
    started_ = last_output_ = Clock::now();
    watcher_.command_starts();
    start();
    try {
      while (!status_ || pipe_) step();
    } catch (...) {
      abandon();
      throw;
    }
    if (result_.ended == Ended::Stopped) throw Cancelled{};
    return finish();
  }

 private:
  void start() {
    helper_.send(FrameKind::Run, encode(request_of(command_)));
    Frame frame = helper_.receive();
    if (frame.kind != FrameKind::Started || !frame.descriptor) {
      throw Error(ErrorKind::Internal, "the sandbox helper answered out of turn");
    }
    pipe_ = std::move(frame.descriptor);
    ::fcntl(pipe_.get(), F_SETFL, O_NONBLOCK);
  }

  void step() {
    std::array<pollfd, 3> waits{
        {{pipe_.get(), POLLIN, 0}, {helper_.socket(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
    if (killed_) waits[2].fd = -1;
    if (::poll(waits.data(), waits.size(), poll_timeout(next_look())) < 0 && errno != EINTR)
      throw_errno("poll");
    if (waits[0].revents) read_output();
    if (waits[1].revents) hear();
    enforce();
  }

  Deadline next_look() const {
    if (killed_ || status_) return kNoDeadline;
    Deadline next = std::min(command_.deadline, watcher_.next());
    if (command_.idle.count() > 0) next = std::min(next, last_output_ + command_.idle);
    return next;
  }

  void enforce() {
    if (killed_ || status_) return;
    const auto now = Clock::now();
    if (command_.stop.stop_requested()) {
      kill(Ended::Stopped);
    } else if (now >= command_.deadline) {
      kill(Ended::TimedOut);
    } else if (command_.idle.count() > 0 && now >= last_output_ + command_.idle) {
      kill(Ended::Silent);
    } else if (const auto beyond = watcher_.look(helper_.pid())) {
      kill(*beyond);
    }
  }

  void kill(Ended why) {
    killed_ = true;
    result_.ended = why;
    helper_.send(FrameKind::Kill, "");
  }

  void read_output() {
    const ssize_t n = ::read(pipe_.get(), buffer_.data(), buffer_.size());
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
      pipe_.reset();
      return;
    }
    last_output_ = Clock::now();
    const std::string_view bytes(buffer_.data(), static_cast<size_t>(n));
    output_.add(bytes);
    if (command_.on_output) command_.on_output(bytes);
  }

  void hear() {
    const Frame frame = helper_.receive();
    if (frame.kind != FrameKind::Ended)
      throw Error(ErrorKind::Internal, "the sandbox helper spoke out of turn");
    Reader reader(frame.payload);
    status_ = static_cast<int>(reader.number());
  }

  // Somebody threw on our way: the sandbox must be fit for its next command.
  void abandon() {
    if (!helper_.alive() || status_) return;
    pipe_.reset();
    helper_.send(FrameKind::Kill, "");
    while (!status_) hear();
  }

  CommandResult finish() {
    const int status = *status_;
    const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    result_.exit_status = signal ? 128 + signal : WEXITSTATUS(status);
    if (result_.ended == Ended::ByItself && watcher_.out_of_memory())
      result_.ended = Ended::OutOfMemory;
    // A shell that lost its child to a signal says so by its own status.
    const int by = signal ? signal : result_.exit_status - 128;
    result_.killed_from_outside =
        result_.ended == Ended::ByItself && (by == SIGKILL || by == SIGTERM);
    result_.output = output_.text();
    result_.output_bytes = output_.bytes();
    result_.duration = std::chrono::duration_cast<Millis>(Clock::now() - started_);
    return std::move(result_);
  }

  HelperProcess& helper_;
  const Command& command_;
  Watcher& watcher_;
  Output output_;
  Fd wake_, pipe_;
  std::array<char, 64 * 1024> buffer_{};
  Clock::time_point started_, last_output_;
  std::optional<int> status_;
  bool killed_ = false;
  CommandResult result_;
};

}  // namespace

CommandRequest request_of(const Command& command) {
  CommandRequest request{
      .argv = command.argv, .cwd = command.cwd.string(), .environment = {}, .input = command.input};
  request.environment.reserve(command.env.size());
  for (const auto& [name, value] : command.env) {
    request.environment.push_back(fmt::format("{}={}", name, value));
  }
  return request;
}

CommandResult run_command(HelperProcess& helper, const Command& command, Watcher& watcher) {
  return Running(helper, command, watcher).run();
}

}  // namespace nightjar::sandbox
