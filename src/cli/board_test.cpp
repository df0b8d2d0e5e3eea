// The board on a real terminal (a pseudo terminal), as a person leaves it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "proc/process.h"

namespace nightjar::cli {
namespace {

// `nightjar WORDS` on a terminal of its own.
class OnTerminal {
 public:
  OnTerminal(const fs::path& state, const std::vector<std::string>& words) {
    winsize size{24, 80, 0, 0};
    int controller = -1;
    int terminal = -1;
    if (::openpty(&controller, &terminal, nullptr, nullptr, &size) != 0) throw_errno("openpty");
    controller_ = Fd(controller);
    terminal_ = Fd(terminal);
    ::tcgetattr(terminal, &before);
    std::vector<std::string> argv{proc::own_executable().string(), "cli"};
    argv.insert(argv.end(), words.begin(), words.end());
    std::vector<char*> pointers;
    for (auto& word : argv) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::setsid();
      ::ioctl(terminal, TIOCSCTTY, 0);
      for (int fd = 0; fd < 3; ++fd) ::dup2(terminal, fd);
      ::close_range(3, ~0U, 0);
      ::setenv("XDG_STATE_HOME", state.c_str(), 1);
      ::setenv("TERM", "xterm", 1);
      ::setenv("LC_ALL", "C.UTF-8", 1);
      ::unsetenv("NO_COLOR");
      ::execv(pointers[0], pointers.data());
      ::_exit(127);
    }
  }
  OnTerminal(const OnTerminal&) = delete;
  OnTerminal& operator=(const OnTerminal&) = delete;
  ~OnTerminal() {
    ::kill(pid_, SIGKILL);
    if (!ended_) ::waitpid(pid_, nullptr, 0);
  }

  // Reads until the text has appeared; false after 20 s.
  bool sees(std::string_view text) {
    const Deadline deadline = in(std::chrono::seconds(20));
    for (;;) {
      if (output.find(text) != std::string::npos) return true;
      pollfd waited{controller_.get(), POLLIN, 0};
      if (::poll(&waited, 1, poll_timeout(deadline)) <= 0) return false;
      char buffer[4096];
      const ssize_t length = ::read(controller_.get(), buffer, sizeof buffer);
      if (length <= 0) return output.find(text) != std::string::npos;
      output.append(buffer, static_cast<size_t>(length));
    }
  }
  void type(std::string_view keys) { write_all(controller_.get(), keys); }
  void resize(unsigned short rows, unsigned short columns) {
    const winsize size{rows, columns, 0, 0};
    ::ioctl(controller_.get(), TIOCSWINSZ, &size);
  }
  // The exit status; everything that was still written is in `output`.
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    ended_ = true;
    ::fcntl(controller_.get(), F_SETFL, O_NONBLOCK);
    char buffer[4096];
    for (ssize_t length; (length = ::read(controller_.get(), buffer, sizeof buffer)) > 0;) {
      output.append(buffer, static_cast<size_t>(length));
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  bool settings_are_as_before() const {
    termios after{};
    ::tcgetattr(terminal_.get(), &after);
    return after.c_lflag == before.c_lflag && after.c_iflag == before.c_iflag &&
           after.c_oflag == before.c_oflag;
  }
  pid_t pid() const { return pid_; }

  std::string output;
  termios before{};

 private:
  Fd controller_;
  Fd terminal_;
  pid_t pid_ = 0;
  bool ended_ = false;
};

class Board : public testing::Test {
 protected:
  ~Board() override { run({"stop"}); }
  proc::Result run(const std::vector<std::string>& words) const {
    proc::Options options;
    options.argv = {proc::own_executable().string(), "cli"};
    options.argv.insert(options.argv.end(), words.begin(), words.end());
    options.env = proc::minimal_environment();
    options.env["XDG_STATE_HOME"] = dir_.path().string();
    options.deadline = in(std::chrono::seconds(60));
    return proc::run(options);
  }
  void expect_clean(OnTerminal& terminal) {
    const auto leave = terminal.output.rfind("\x1b[?1049l");
    ASSERT_NE(leave, std::string::npos);
    EXPECT_EQ(terminal.output.find("\x1b[?1049h", leave), std::string::npos);
    EXPECT_GT(terminal.output.rfind("\x1b[?25h"), terminal.output.rfind("\x1b[?25l"));
    EXPECT_TRUE(terminal.settings_are_as_before());
  }
  TempDir dir_;
};

TEST_F(Board, LeavesTheTerminalCleanAtCtrlC) {
  run({"assign", "stay", "--title", "before the board"});
  OnTerminal terminal(dir_.path(), {"watch"});
  ASSERT_TRUE(terminal.sees("before the board")) << terminal.output;
  ASSERT_TRUE(terminal.sees("q leaves"));
  terminal.type("\x03");
  EXPECT_EQ(terminal.wait(), 0);
  expect_clean(terminal);
  // The last board stays below the prompt.
  EXPECT_GT(terminal.output.rfind("before the board"), terminal.output.rfind("\x1b[?1049l"));
}

TEST_F(Board, QLeavesAndSigtermToo) {
  run({"tasks"});
  OnTerminal by_key(dir_.path(), {"watch"});
  ASSERT_TRUE(by_key.sees("q leaves")) << by_key.output;
  by_key.type("q");
  EXPECT_EQ(by_key.wait(), 0);
  expect_clean(by_key);
  OnTerminal by_signal(dir_.path(), {"watch"});
  ASSERT_TRUE(by_signal.sees("q leaves"));
  ::kill(by_signal.pid(), SIGTERM);
  EXPECT_EQ(by_signal.wait(), 0);
  expect_clean(by_signal);
}

TEST_F(Board, ShowsATaskThatComesWithoutBeingAskedAgain) {
  run({"tasks"});
  OnTerminal terminal(dir_.path(), {"watch"});
  ASSERT_TRUE(terminal.sees("no tasks yet")) << terminal.output;
  run({"assign", "succeed", "--title", "came later"});
  EXPECT_TRUE(terminal.sees("came later")) << terminal.output;
  EXPECT_TRUE(terminal.sees("in review")) << terminal.output;
}

TEST_F(Board, FollowsTheWindowsSize) {
  run({"assign", "stay", "--title", std::string(70, 'w')});
  OnTerminal terminal(dir_.path(), {"watch"});
  ASSERT_TRUE(terminal.sees("www…")) << terminal.output;
  terminal.resize(30, 200);
  EXPECT_TRUE(terminal.sees(std::string(70, 'w'))) << terminal.output;
}

TEST_F(Board, IsSuspendedAndResumedWithTheScreenGivenBack) {
  run({"tasks"});
  OnTerminal terminal(dir_.path(), {"watch"});
  ASSERT_TRUE(terminal.sees("q leaves"));
  terminal.type("\x1a");
  int status = 0;
  ASSERT_EQ(::waitpid(terminal.pid(), &status, WUNTRACED), terminal.pid());
  ASSERT_TRUE(WIFSTOPPED(status));
  EXPECT_TRUE(terminal.sees("\x1b[?1049l"));
  EXPECT_TRUE(terminal.settings_are_as_before());
  terminal.output.clear();
  ::kill(terminal.pid(), SIGCONT);
  EXPECT_TRUE(terminal.sees("\x1b[?1049h"));
  EXPECT_TRUE(terminal.sees("q leaves"));
  terminal.type("q");
  EXPECT_EQ(terminal.wait(), 0);
  expect_clean(terminal);
}

TEST_F(Board, WatchingOneShowsWhatIsUnderWayInTheLastLine) {
  run({"assign", "stay", "--title", "fixed id"});
  OnTerminal terminal(dir_.path(), {"watch", "fixed1"});
  EXPECT_TRUE(terminal.sees("queued, ")) << terminal.output;
  terminal.type("\x03");
  EXPECT_EQ(terminal.wait(), 128 + SIGINT);
  EXPECT_TRUE(terminal.settings_are_as_before());
}

TEST_F(Board, ADiffOnATerminalIsColouredInertAndPaged) {
  const auto assigned = run({"assign", "stay", "--title", "fixed id"});
  ::setenv("NIGHTJAR_PAGER", "sed s/^/PAGED:/", 1);
  OnTerminal terminal(dir_.path(), {"diff", "fixed1"});
  ::unsetenv("NIGHTJAR_PAGER");
  EXPECT_EQ(terminal.wait(), 0);
  EXPECT_NE(terminal.output.find("PAGED:\x1b[1;31m-a\\x1b[31m\\x0d\x1b[0m"), std::string::npos)
      << terminal.output;
}

}  // namespace
}  // namespace nightjar::cli
