// The long form of the kill loop: a hundred rounds, and a machine that stands still for a minute.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include "kill_loop.h"

namespace nightjar::test {
namespace {

TEST(KillLoopSlow, AHundredRoundsOfRandomKillsLoseNothing) { kill_at_random(100, 1977); }

TEST(KillLoopSlow, AMachineThatStoodStillForAMinuteGoesOn) {
  const Repo repo = parser_project();
  Service nightjar;
  const auto id = get_string(
      nightjar.json_of({"assign", "Rename Parser to Reader"}, repo.path()).as_object(), "id");
  const auto stopped = nightjar.processes();
  for (const pid_t pid : stopped) ::kill(pid, SIGSTOP);
  ::poll(nullptr, 0, 60'000);  // the minute is the test
  for (const pid_t pid : stopped) ::kill(pid, SIGCONT);
  expect_whole(nightjar, repo, {id});
}

}  // namespace
}  // namespace nightjar::test
