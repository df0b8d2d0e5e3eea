// The values' JSON: what is written is read back, and what is damaged is refused or read as empty.
#include <gtest/gtest.h>

#include "core/check.h"
#include "core/event.h"
#include "core/proof.h"
#include "core/task.h"

namespace nightjar::core {
namespace {

TEST(Event, IsReadBackAsItWasWritten) {
  const Event event{"k3x9qa", "k3x9qa.2",     7, Time(Millis(1'700'000'000'123)),
                    "note",   {{"text", "x"}}};
  const auto read = event_from(to_json(event));
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(*read, event);
}

TEST(Event, TheErrorNamesWhatIsMissing) {
  const json::object good = to_json(Event{"t", "", 1, Time(Millis(1)), "note", {}});
  ASSERT_TRUE(event_from(good));
  for (const auto* member : {"task", "seq", "time", "kind"}) {
    json::object damaged = good;
    damaged.erase(member);
    const auto without = event_from(damaged);
    ASSERT_FALSE(without) << member;
    EXPECT_NE(without.error().find(member), std::string::npos) << without.error();
    damaged[member] = json::array{};
    EXPECT_FALSE(event_from(damaged)) << member << " of the wrong type";
  }
  EXPECT_FALSE(event_from(json::value("text")));
  EXPECT_FALSE(event_from(json::value(nullptr)));
}

TEST(Names, AreReadBackAsTheyAreWritten) {
  for (int i = 0; i <= static_cast<int>(Kind::Performance); ++i) {
    EXPECT_EQ(kind_from(to_string(static_cast<Kind>(i))), static_cast<Kind>(i));
  }
  for (int i = 0; i <= static_cast<int>(State::Cancelled); ++i) {
    EXPECT_EQ(state_from(to_string(static_cast<State>(i))), static_cast<State>(i));
  }
  for (int i = 0; i <= static_cast<int>(WaitingFor::Lock); ++i) {
    EXPECT_EQ(waiting_for_from(to_string(static_cast<WaitingFor>(i))), static_cast<WaitingFor>(i));
  }
  EXPECT_FALSE(kind_from("Refactor"));
  EXPECT_FALSE(state_from(""));
  EXPECT_EQ(waiting_for_from("godot"), WaitingFor::Nothing);
}

TEST(CheckReport, IsReadBackAsItWasWritten) {
  CheckReport report;
  report.name = "tests";
  report.command = "pytest -q";
  report.exit_status = 1;
  report.trouble = "timed out";
  report.by_test = true;
  report.format = "pytest";
  report.tests = {{"a", TestStatus::Passed}, {"b", TestStatus::Failed}, {"c", TestStatus::Skipped}};
  report.flaky = {"d"};
  report.counts = {1, 1, 1};
  report.duration = Millis(1234);
  report.log = "logs/verify-tests.log";
  report.log_sha256 = "00";
  report.excerpt = "E assert";
  EXPECT_EQ(check_report_from(to_json(report)), report);
}

TEST(CheckComparison, IsReadBackAsItWasWritten) {
  CheckComparison check;
  check.name = "tests";
  check.command = "ctest";
  check.before = {3, 1, 0};
  check.after = {4, 0, 1};
  check.by_test = true;
  check.newly_failing = {"a"};
  check.fixed = {"b"};
  check.still_failing = {"c"};
  check.flaky = {"d"};
  check.vanished = {"e"};
  EXPECT_EQ(check_comparison_from(to_json(check)), check);
}

TEST(Proof, IsReadBackAsItWasWritten) {
  for (const Verdict verdict : {Verdict::None, Verdict::Proved, Verdict::Refuted}) {
    const Proof proof{verdict,
                      verdict == Verdict::None ? "" : "commit",
                      {{"o", true, "d"}},
                      {{"r", "a.py", 3, "t", true}}};
    EXPECT_EQ(proof_from(to_json(proof)), proof) << to_string(verdict);
  }
}

TEST(TaskSpec, IsReadBackAsItWasWritten) {
  TaskSpec spec;
  spec.title = "title";
  spec.brief = "brief\nof two lines";
  spec.kind = Kind::Migration;
  spec.kind_guessed = true;
  spec.repo = "/src/thing";
  spec.base = "main";
  spec.base_commit = "c";
  spec.detached = true;
  spec.agent = "mechanic";
  spec.check_commands = {"make test", "make lint"};
  spec.limits = {Millis(90'000), Millis(5'000)};
  spec.attempts = 3;
  spec.person = "Ann <ann@example.org>";
  spec.uncommitted = 2;
  spec.network_allowed = true;
  EXPECT_EQ(task_spec_from(to_json(spec)), spec);
}

TEST(Task, TheDocumentedObjectSaysNullWhereThereIsNothing) {
  Task task;
  task.id = "t";
  const json::object object = to_json(task);
  for (const auto* member : {"waiting_for", "reason", "branch", "agent", "pull_request"}) {
    ASSERT_TRUE(object.contains(member)) << member;
    EXPECT_TRUE(object.at(member).is_null()) << member;
  }
  EXPECT_EQ(get_string(get_object(object, "proof"), "verdict"), "none");
}

TEST(Task, NeedsNoRunnerWhereAPersonHasTheWord) {
  EXPECT_TRUE(needs_no_runner(State::InReview, WaitingFor::Nothing));
  EXPECT_TRUE(needs_no_runner(State::Waiting, WaitingFor::Person));
  EXPECT_FALSE(needs_no_runner(State::Waiting, WaitingFor::Disk));
  EXPECT_FALSE(needs_no_runner(State::Queued, WaitingFor::Nothing));
  for (const State state : {State::Merged, State::Closed, State::Failed, State::Cancelled}) {
    EXPECT_TRUE(needs_no_runner(state, WaitingFor::Nothing));
    EXPECT_TRUE(is_ended(state));
  }
}

TEST(Task, ATaskThatNoAgentCouldDoAtFirstHasTheAgentOfItsRun) {
  Task task;
  task.id = "k3x9qa";
  EXPECT_TRUE(to_json(task).at("agent").is_null());
  task.runs.emplace_back().agent = "native";
  EXPECT_EQ(get_string(to_json(task), "agent"), "native");
}

TEST(Task, WhatARewindTookBackIsNoWorkOfTheRunAnyMore) {
  Task task;
  const auto happens = [&](std::string kind, json::object body) {
    task = apply(task, {"k3x9qa", "k3x9qa.1", 0, Time{}, std::move(kind), std::move(body)});
  };
  const json::array first{json::object{{"text", "look"}, {"done", false}}};
  happens("plan", {{"items", json::array{json::object{{"text", "edit"}, {"done", true}}}}});
  happens("checkpoint", {{"turn", 2}, {"commit", "of turn 2"}});
  happens("rewound", {{"turn", 1}, {"resume", 1}, {"commit", "of turn 1"}, {"plan", first}});
  EXPECT_EQ(task.runs.at(0).work, "of turn 1");
  ASSERT_EQ(task.runs[0].plan.size(), 1U);
  EXPECT_EQ(task.runs[0].plan[0].text, "look");
  happens("rewound", {{"turn", 0}, {"resume", 2}, {"commit", "base"}, {"plan", json::array{}}});
  EXPECT_EQ(task.runs[0].work, "base");
  EXPECT_TRUE(task.runs[0].plan.empty());
  happens("rewound", {{"turn", 0}, {"resume", 3}});
  EXPECT_EQ(task.runs[0].work, "base") << "an older program says no commit";
}

TEST(ModelUses, OfTriesWithoutAReplyAreUse) {
  ModelUse tried;
  tried.model = "m";
  tried.input = 100;
  json::object shown;
  put_model_use(shown, tried);
  EXPECT_TRUE(shown.at("cost_usd").is_null()) << "nobody knows the price";
  tried.cost_known = true;
  tried.cost_usd = 0.5;
  shown.clear();
  put_model_use(shown, tried);
  EXPECT_EQ(model_use_from(shown), tried);
  ModelUse sum;
  sum += tried;
  EXPECT_EQ(sum, tried);
  sum += ModelUse{};
  EXPECT_EQ(sum, tried) << "a run that asked nothing makes no price unknown";
}

}  // namespace
}  // namespace nightjar::core
