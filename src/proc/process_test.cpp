#include "proc/process.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <thread>

#include "base/error.h"
#include "base/text.h"

namespace nightjar::proc {
namespace {

TEST(Run, GivesStatusAndBothStreams) {
  const Result result = run({.argv = {"sh", "-c", "cat; echo oops >&2; exit 7"}, .input = "hello"});
  EXPECT_EQ(result.exit_status, 7);
  EXPECT_EQ(result.out, "hello");
  EXPECT_EQ(result.err, "oops\n");
}

TEST(Run, PassesOnlyTheMinimalEnvironment) {
  ::setenv("NIGHTJAR_TEST_SECRET", "hush", 1);
  const Result result = run({.argv = {"env"}});
  EXPECT_EQ(result.out.find("hush"), std::string::npos);
  EXPECT_NE(result.out.find("LANG=C.UTF-8"), std::string::npos);
}

TEST(Run, MovesMoreThanAPipeHoldsInBothDirections) {
  const std::string big(3'000'000, 'x');
  EXPECT_EQ(run({.argv = {"cat"}, .input = big}).out, big);
}

TEST(Run, KillsTheWholeGroupAtTheDeadline) {
  try {
    run({.argv = {"sh", "-c", "sleep 1000 & sleep 1000"},
         .deadline = in(std::chrono::milliseconds(100))});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Timeout);
  }
}

TEST(Run, AStopEndsItAtOnce) {
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_THROW(run({.argv = {"sleep", "1000"}, .stop = stop.get_token()}), Cancelled);
}

TEST(Run, RefusesEndlessOutput) {
  EXPECT_THROW(run({.argv = {"yes"}, .most_output = 1'000'000}), Error);
}

TEST(Run, NamesACommandThatDoesNotExist) {
  try {
    run({.argv = {"no-such-command-here"}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("no-such-command-here"), std::string::npos);
  }
}

TEST(Run, AChildHasNoneOfOurSignalSettingsAndWeKeepThem) {
  const auto before = ::signal(SIGTERM, SIG_IGN);
  sigset_t hangup, old, now;
  sigemptyset(&hangup);
  sigaddset(&hangup, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &hangup, &old);
  EXPECT_EQ(run({.argv = {"sh", "-c", "kill -TERM $$"}}).exit_status, 128 + SIGTERM);
  EXPECT_EQ(run({.argv = {"sh", "-c", "kill -HUP $$"}}).exit_status, 128 + SIGHUP);
  pthread_sigmask(SIG_SETMASK, &old, &now);
  EXPECT_TRUE(sigismember(&now, SIGHUP));
  EXPECT_FALSE(sigismember(&now, SIGINT));
  EXPECT_EQ(::signal(SIGTERM, before), SIG_IGN);
}

TEST(OutputOf, ThrowsWithTheLastWordsOfStandardError) {
  try {
    output_of({.argv = {"sh", "-c", "echo the cause >&2; exit 3"}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("the cause"), std::string::npos);
  }
}

TEST(StartDetached, LeavesNoDescriptorAndIsWatchedByItsPidfd) {
  const TempDir dir;
  const pid_t pid = start_detached({"sh", "-c", "ls /proc/self/fd | wc -l"}, dir.path() / "log");
  const Fd pidfd = open_pidfd(pid);
  pollfd ended{pidfd.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&ended, 1, 10'000), 1);
  // 0, 1, 2 and the one that ls itself opened for the listing
  EXPECT_EQ(trimmed(read_file(dir.path() / "log")), "4");
}

}  // namespace
}  // namespace nightjar::proc
