#include "cli/board.h"

#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "cli/feed.h"
#include "cli/render.h"
#include "core/task.h"

namespace nightjar::cli {

using namespace std::chrono_literals;

namespace {

constexpr size_t kRecentKept = 50;
constexpr size_t kRecentShown = 8;
constexpr size_t kFetchedOneByOne = 8;
constexpr auto kShortestFrame = 50ms;

bool is_over(const json::value& task) {
  return core::is_ended(
      core::state_from(get_string(task.as_object(), "state")).value_or(core::State::Queued));
}

bool is_moving(const json::value& task) { return !needs_person_or_ended(task.as_object()); }

std::string summary(const Terminal& terminal, const json::array& tasks) {
  size_t queued = 0;
  size_t running = 0;
  size_t waiting = 0;
  size_t in_review = 0;
  for (const auto& task : tasks) {
    const std::string state = get_string(task.as_object(), "state");
    queued += state == "queued";
    waiting += state == "waiting";
    in_review += state == "in_review";
    running +=
        state == "preparing" || state == "working" || state == "verifying" || state == "publishing";
  }
  return fmt::format("{}  {} running, {} queued, {} waiting, {} in review",
                     paint(terminal, Tone::Strong, "nightjar"), running, queued, waiting,
                     in_review);
}

// The screen while the board is on it: alternate buffer, no cursor, keys unechoed.
class Screen {
 public:
  Screen() { enter(); }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen() {
    try {
      leave();
    } catch (const Error&) {  // the terminal is gone
    }
  }

  void enter() {
    if (::tcgetattr(STDIN_FILENO, &before_) == 0) {
      termios quiet = before_;
      quiet.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
      has_keys_ = ::tcsetattr(STDIN_FILENO, TCSANOW, &quiet) == 0;
    }
    write_all(STDOUT_FILENO, "\x1b[?1049h\x1b[?25l");
    on_ = true;
  }
  void leave() {
    if (has_keys_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
    has_keys_ = false;
    if (std::exchange(on_, false)) write_all(STDOUT_FILENO, "\x1b[?25h\x1b[?1049l");
  }
  void draw(const std::string& frame) {
    std::string out = "\x1b[H";
    for (const auto line : lines(frame)) out += std::string(line) + "\x1b[K\r\n";
    out.erase(out.size() -
              std::min<size_t>(2, out.size()));  // no line feed on the last line: it would scroll
    write_all(STDOUT_FILENO, out + "\x1b[J");
  }
  bool has_keys() const { return has_keys_; }

 private:
  termios before_{};
  bool has_keys_ = false;
  bool on_ = false;
};

sigset_t board_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH})
    sigaddset(&set, signal);
  return set;
}

// Blocks the signals for this thread and all that it starts, and reads them as a file.
class Signals {
 public:
  Signals() {
    const sigset_t set = board_signals();
    ::pthread_sigmask(SIG_BLOCK, &set, &before_);
    fd_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd_) throw_errno("signalfd");
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  int fd() const { return fd_.get(); }
  // 0: none is waiting.
  int take() {
    signalfd_siginfo info{};
    return ::read(fd_.get(), &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo)
                                                                : 0;
  }

 private:
  sigset_t before_{};
  Fd fd_;
};

class Board {
 public:
  explicit Board(const Client& client) : client_(client), feed_(client, "", std::nullopt) {
    fetch_all();
  }

  int feed() const { return feed_.fd(); }
  bool gone() const { return gone_; }
  const json::array& tasks() const { return tasks_; }
  bool moving() const { return std::ranges::any_of(tasks_, is_moving); }

  void take_events() {
    auto taken = feed_.take();
    gone_ = gone_ || taken.gone;
    std::set<std::string> changed;
    for (auto& event : taken.events) {
      changed.insert(get_string(event, "task"));
      recent_.push_back(std::move(event));
    }
    if (recent_.size() > kRecentKept) recent_.erase(recent_.begin(), recent_.end() - kRecentKept);
    // What broke the connection ends the feed too, and is reported there.
    try {
      if (taken.opened || changed.size() > kFetchedOneByOne) {
        fetch_all();
      } else {
        for (const auto& id : changed) fetch(id);
      }
    } catch (const Error&) {
      return;
    }
  }

  std::string frame(const Terminal& terminal) const {
    return board_frame(terminal, tasks_, recent_, now());
  }

 private:
  void fetch_all() {
    json::value all = client_.get("/tasks");
    if (all.is_array()) tasks_ = std::move(all.get_array());
    const auto end = std::remove_if(tasks_.begin(), tasks_.end(),
                                    [](const auto& task) { return !task.is_object(); });
    tasks_.erase(end, tasks_.end());
  }
  void fetch(const std::string& id) {
    json::value task = client_.get("/tasks/" + encoded(id));
    if (!task.is_object()) return;
    const auto same = [&](const auto& other) {
      return get_string(other.as_object(), "id") == get_string(task.as_object(), "id");
    };
    if (const auto found = std::ranges::find_if(tasks_, same); found != tasks_.end()) {
      *found = std::move(task);
    } else {
      tasks_.insert(tasks_.begin(), std::move(task));
    }
  }

  const Client& client_;
  json::array tasks_;
  std::vector<json::object> recent_;
  bool gone_ = false;
  EventFeed feed_;
};

enum class Go { On, Redraw, Leave };

Go handle_signal(int signal, Screen& screen) {
  if (signal == SIGWINCH) return Go::Redraw;
  if (signal == SIGCONT) return Go::On;
  if (signal != SIGTSTP) return Go::Leave;
  screen.leave();
  ::raise(SIGSTOP);  // stands still here until the person brings it back
  screen.enter();
  return Go::Redraw;
}

Go handle_key() {
  char keys[64];
  const ssize_t length = ::read(STDIN_FILENO, keys, sizeof keys);
  if (length <= 0) return Go::Leave;
  return std::string_view(keys, static_cast<size_t>(length)).find_first_of("qQ\x04") ==
                 std::string_view::npos
             ? Go::On
             : Go::Leave;
}

void draw_until_left(Board& board, Screen& screen, Signals& signals) {
  for (;;) {
    screen.draw(board.frame(terminal_of(STDOUT_FILENO)));
    const Deadline soonest = in(kShortestFrame);
    const Deadline tick = board.moving() ? in(1s) : kNoDeadline;
    for (Go go = Go::On; go == Go::On;) {
      pollfd waited[] = {{signals.fd(), POLLIN, 0},
                         {board.feed(), POLLIN, 0},
                         {screen.has_keys() ? STDIN_FILENO : -1, POLLIN, 0}};
      if (std::chrono::steady_clock::now() < soonest) waited[1].fd = -1;
      const int ready = ::poll(waited, 3, poll_timeout(waited[1].fd < 0 ? soonest : tick));
      if (ready == 0 && waited[1].fd >= 0) break;  // the running times go on
      if (waited[0].revents) {
        for (int signal = signals.take(); signal != 0 && go != Go::Leave; signal = signals.take()) {
          go = std::max(go, handle_signal(signal, screen));
        }
      }
      if (go != Go::Leave && waited[2].revents) go = std::max(go, handle_key());
      if (go == Go::Leave) return;
      if (waited[1].revents) {
        board.take_events();
        if (board.gone()) return;
        go = Go::Redraw;
      }
    }
  }
}

}  // namespace

std::string board_frame(const Terminal& terminal, const json::array& tasks,
                        const std::vector<json::object>& recent, Time now) {
  const auto height = static_cast<size_t>(std::max(terminal.height, 8));
  std::string out = summary(terminal, tasks) + "\n\n";
  const size_t wanted = std::min(recent.size(), kRecentShown);
  const size_t most_rows = height - 6 > wanted + 3 ? height - 6 - wanted : height - 6;
  json::array shown;
  if (tasks.size() <= most_rows) {
    shown = tasks;
  } else {  // what is not over comes first where not everything fits
    for (const bool over : {false, true}) {
      for (const auto& task : tasks) {
        if (shown.size() < most_rows && is_over(task) == over) shown.push_back(task);
      }
    }
  }
  if (tasks.empty()) {
    out +=
        "no tasks yet; in a repository:\n\n  nightjar assign \"Rename class Parser to Reader "
        "everywhere\"\n";
  } else {
    out += render_tasks(terminal, shown, now);
  }
  if (tasks.size() > shown.size())
    out += fmt::format("and {} more: nightjar tasks\n", tasks.size() - shown.size());
  std::vector<std::string> news;
  for (auto event = recent.rbegin(); event != recent.rend() && news.size() < kRecentShown;
       ++event) {
    if (std::string line = event_line(terminal, *event, true); !line.empty())
      news.insert(news.begin(), std::move(line));
  }
  const size_t used = lines(out).size() + 3;
  const size_t room = height > used ? height - used : 0;
  if (!news.empty() && room > 0) {
    out += "\n";
    for (size_t i = news.size() > room ? news.size() - room : 0; i < news.size(); ++i)
      out += news[i] + "\n";
  }
  return out + "\n" + paint(terminal, Tone::Dim, "q leaves; nightjar show ID tells more") + "\n";
}

int run_board(const Client& client) {
  Signals signals;  // before the feed's thread, which must not take them
  Board board(client);
  {
    Screen screen;
    draw_until_left(board, screen, signals);
  }
  const Terminal terminal = terminal_of(STDOUT_FILENO);
  write_all(STDOUT_FILENO, board.tasks().empty() ? "no tasks yet\n"
                                                 : render_tasks(terminal, board.tasks(), now()));
  if (board.gone()) {
    throw Error(
        ErrorKind::Unavailable,
        "the service has stopped; runs go on without it, and the next command starts it again");
  }
  return 0;
}

}  // namespace nightjar::cli
