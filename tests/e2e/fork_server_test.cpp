// The process that makes the runners may die like every other.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include "kill_loop.h"

namespace nightjar::test {
namespace {

class ForkServer : public ::testing::Test {
 protected:
  ~ForkServer() override {
    for (const pid_t pid : held_) ::kill(pid, SIGCONT);
  }

  std::string assign() {
    return get_string(
        nightjar_.json_of({"assign", "Rename Parser to Reader"}, repo_.path()).as_object(), "id");
  }
  pid_t hold(const std::string& id) {
    held_.push_back(hold_runner(nightjar_, id));
    return held_.back();
  }
  pid_t fork_server() const {
    const auto lines = command_lines();
    for (const pid_t pid : nightjar_.processes()) {
      const auto line = lines.find(pid);
      if (line != lines.end() &&
          line->second.find(std::string("\0fork-server\0", 13)) != std::string::npos)
        return pid;
    }
    return 0;
  }
  static void expect_ends(pid_t pid) {
    const Fd pidfd = proc::open_pidfd(pid);
    pollfd ended{pidfd.get(), POLLIN, 0};
    if (pidfd) EXPECT_EQ(::poll(&ended, 1, 30'000), 1) << pid << " lives on";
  }

  const Repo repo_ = parser_project();
  Service nightjar_;
  std::vector<pid_t> held_;
};

TEST_F(ForkServer, WasItKilledTheRunsUnderWayDoNotNoticeAndTheNextOneStarts) {
  const std::string first = assign();
  const pid_t runner = hold(first), server = fork_server();
  ASSERT_GT(server, 0);
  ::kill(server, SIGKILL);
  expect_ends(server);
  const std::string second = assign();
  EXPECT_EQ(get_string(settle(nightjar_, second), "state"), "in_review")
      << nightjar_.run({"log", second}).out;
  EXPECT_NE(fork_server(), server);
  ::kill(runner, SIGCONT);
  EXPECT_EQ(get_string(settle(nightjar_, first), "state"), "in_review")
      << nightjar_.run({"log", first}).out;
  EXPECT_EQ(get_array(nightjar_.task(first), "runs").size(), 1U);
}

TEST_F(ForkServer, AStoppedOneIsNotWaitedForWithoutEnd) {
  nightjar_.run({"tasks"});
  const pid_t server = fork_server();
  ASSERT_GT(server, 0);
  ::kill(server, SIGSTOP);
  const std::string id = assign();
  EXPECT_EQ(get_string(settle(nightjar_, id), "state"), "in_review")
      << nightjar_.run({"log", id}).out;
  expect_ends(server);
}

TEST_F(ForkServer, ItEndsWithAKilledServiceAndItsRunnersDoNot) {
  const std::string id = assign();
  const pid_t runner = hold(id), server = fork_server();
  ASSERT_GT(server, 0);
  ::kill(nightjar_.daemon_pid(), SIGKILL);
  expect_ends(server);
  EXPECT_EQ(::kill(runner, 0), 0);
  ::kill(runner, SIGCONT);
  EXPECT_EQ(get_string(settle(nightjar_, id), "state"), "in_review")
      << nightjar_.run({"log", id}).out;
}

TEST_F(ForkServer, ARunnersArgumentsSayWhichRunItIs) {
  const std::string id = assign();
  const pid_t runner = hold(id);
  const std::string folder = (nightjar_.state() / "runs" / (id + ".1")).string();
  const std::string line = command_lines()[runner];
  EXPECT_NE(line.find(std::string("\0runner\0", 8) + folder + '\0'), std::string::npos) << line;
}

}  // namespace
}  // namespace nightjar::test
