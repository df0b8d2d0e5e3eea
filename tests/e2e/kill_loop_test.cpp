// It never loses work: real processes, killed for real.
#include "kill_loop.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <thread>

namespace nightjar::test {
namespace {

class FaultPoints : public ::testing::TestWithParam<const char*> {};

TEST_P(FaultPoints, TheRunGoesOnFromItsLastStep) {
  const Repo repo = parser_project();
  const TempDir markers;
  Service nightjar;
  nightjar.extra = {{"NIGHTJAR_FAULT", GetParam()},
                    {"NIGHTJAR_FAULT_DIR", markers.path().string()}};
  const auto assigned = nightjar.json_of({"assign", "Rename Parser to Reader"}, repo.path());
  expect_whole(nightjar, repo, {get_string(assigned.as_object(), "id")});
  EXPECT_TRUE(fs::exists(markers.path() / GetParam()))
      << "the fault never struck: this test proved nothing";
  nightjar.run({"stop", "--runs"});
  EXPECT_EQ(leftovers(nightjar.state()), std::vector<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(Each, FaultPoints,
                         ::testing::Values("after_run_started", "after_stage_started",
                                           "after_stage_finished", "after_commit", "after_change",
                                           "after_candidate", "after_proof", "after_publish_intent",
                                           "after_push", "after_published", "after_run_ended",
                                           "daemon_stored", "daemon_spawned"),
                         [](const auto& test) { return std::string(test.param); });

TEST(KillLoop, ARevisionThatWasKilledGoesOn) {
  const Repo repo = parser_project_with_a_computed_name();
  const TempDir markers;
  Service nightjar;
  nightjar.extra = {{"NIGHTJAR_FAULT", "after_revise"},
                    {"NIGHTJAR_FAULT_DIR", markers.path().string()}};
  const auto assigned = nightjar.json_of({"assign", "Rename Parser to Reader"}, repo.path());
  expect_whole(nightjar, repo, {get_string(assigned.as_object(), "id")});
  EXPECT_TRUE(fs::exists(markers.path() / "after_revise"));
}

class MergeFaults : public ::testing::TestWithParam<const char*> {};

TEST_P(MergeFaults, AMergeHappensOnceAndWholly) {
  const Repo repo = parser_project();
  const TempDir markers;
  Service nightjar;
  nightjar.extra = {{"NIGHTJAR_FAULT", GetParam()},
                    {"NIGHTJAR_FAULT_DIR", markers.path().string()}};
  const json::object task = nightjar.finish({"Rename Parser to Reader"}, repo.path());
  const std::string id = get_string(task, "id");
  nightjar.run({"merge", id});
  const json::object after = nightjar.task(id);
  EXPECT_TRUE(fs::exists(markers.path() / GetParam()));
  EXPECT_EQ(get_string(after, "state"), "merged")
      << to_pretty(after) << nightjar.run({"log", id}).out;
  EXPECT_EQ(repo.git({"rev-parse", "main"}),
            get_string(get_object(after, "pull_request"), "head_commit"));
  EXPECT_EQ(repo.git({"status", "--porcelain"}), "");
}

INSTANTIATE_TEST_SUITE_P(Each, MergeFaults,
                         ::testing::Values("daemon_merge_started", "merge_files_moved",
                                           "daemon_merge_done"),
                         [](const auto& test) { return std::string(test.param); });

TEST(KillLoop, WhoeverWaitsStartsAKilledServiceAgain) {
  const Repo repo = parser_project();
  const TempDir markers;
  Service nightjar;
  nightjar.extra = {{"NIGHTJAR_FAULT", "daemon_stored"},
                    {"NIGHTJAR_FAULT_DIR", markers.path().string()}};
  const auto ran = nightjar.run({"assign", "Rename Parser to Reader", "--wait"}, repo.path());
  EXPECT_EQ(ran.exit_status, 0) << ran.out << ran.err;
  EXPECT_TRUE(fs::exists(markers.path() / "daemon_stored"));
  EXPECT_NE(ran.out.find("in review, proved"), std::string::npos) << ran.out << ran.err;
}

TEST(KillLoop, RandomKillsLoseNothing) { kill_at_random(8, 20); }

TEST(KillLoop, AStoppedServiceGoesOnWhenItIsContinued) {
  const Repo repo = parser_project();
  Service nightjar;
  const auto id = get_string(
      nightjar.json_of({"assign", "Rename Parser to Reader"}, repo.path()).as_object(), "id");
  const auto stopped = nightjar.processes();
  for (const pid_t pid : stopped) ::kill(pid, SIGSTOP);
  ::poll(nullptr, 0, 2000);  // a machine that stands still: the time is the test
  for (const pid_t pid : stopped) ::kill(pid, SIGCONT);
  expect_whole(nightjar, repo, {id});
}

TEST(KillLoop, ACancelledTaskEndsOnceAndLeavesNothing) {
  Repo repo = parser_project();
  repo.write("nightjar.toml", "[[check]]\nname = \"tests\"\nrun = \"sleep 1000\"\n");
  repo.commit("a check that takes long");
  Service nightjar;
  const auto id = get_string(
      nightjar.json_of({"assign", "Rename Parser to Reader"}, repo.path()).as_object(), "id");
  EXPECT_EQ(nightjar.run({"cancel", id}).exit_status, 0);
  EXPECT_EQ(get_string(settle(nightjar, id), "state"), "cancelled");
  nightjar.run({"stop"});
  EXPECT_EQ(leftovers(nightjar.state()), std::vector<std::string>{});
}

TEST(KillLoop, ACheckThatWasKilledFromOutsideRunsOnceMore) {
  Repo repo = parser_project();
  repo.write("hang.sh",
             "[ -e /tmp/again ] && exec sh tests.sh\ntouch /tmp/again\nexec sleep 4711.5\n");
  repo.write("nightjar.toml", "[[check]]\nname = \"tests\"\nrun = \"sh hang.sh\"\n");
  repo.commit("a check that hangs once in each sandbox");
  Service nightjar;
  const auto id = get_string(
      nightjar.json_of({"assign", "Rename Parser to Reader"}, repo.path()).as_object(), "id");
  std::jthread killer([&](const std::stop_token& done) {
    while (!done.stop_requested()) {
      ::poll(nullptr, 0, 5);
      for (const auto& [pid, line] : command_lines())
        if (line == std::string("sleep\0004711.5\0", 13)) ::kill(pid, SIGKILL);
    }
  });
  expect_whole(nightjar, repo, {id});
  const std::string story = nightjar.run({"log", id}).out;
  EXPECT_NE(story.find("was killed from outside"), std::string::npos) << story;
}

TEST(KillLoop, TheServiceStopsAndRunsGoOn) {
  const Repo repo = parser_project();
  Service nightjar;
  const auto id = get_string(
      nightjar.json_of({"assign", "Rename Parser to Reader"}, repo.path()).as_object(), "id");
  EXPECT_EQ(nightjar.run({"stop"}).exit_status, 0);
  expect_whole(nightjar, repo, {id});
}

}  // namespace
}  // namespace nightjar::test
