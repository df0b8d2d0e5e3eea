#include <gtest/gtest.h>

#include <random>

#include "core/task.h"

namespace nightjar::core {
namespace {

constexpr Time kStart = Time(Millis(1'700'000'000'000));

/// Writes the streams of one task, with numbers and times as the service gives them.
class Log {
 public:
  explicit Log(int attempts = 1) {
    TaskSpec spec;
    spec.title = "Rename class Parser to Reader everywhere";
    spec.kind = Kind::Refactor;
    spec.repo = "/home/me/src/thing";
    spec.attempts = attempts;
    own("task_created", to_json(spec));
  }
  Log& own(std::string kind, json::object body = {}) {
    return add("", std::move(kind), std::move(body));
  }
  Log& run(int n, std::string kind, json::object body = {}) {
    return add(name(n), std::move(kind), std::move(body));
  }
  Log& created(int n) {
    return own("run_created", {{"run", name(n)}, {"agent", "mechanic"}, {"brief", "b"}});
  }
  Log& worked(int n) {
    run(n, "run_started");
    for (const auto* stage : {"prepare", "baseline", "work"}) {
      run(n, "stage_started", {{"stage", stage}}).run(n, "stage_finished", {{"stage", stage}});
    }
    return run(n, "candidate", {{"commit", commit(n)}});
  }
  Log& verified(int n, Verdict verdict) {
    Proof proof{
        verdict, commit(n), {{"no_newly_failing_test", verdict == Verdict::Proved, ""}}, {}};
    CheckComparison check;
    check.name = "tests-of-" + name(n);
    run(n, "stage_started", {{"stage", "verify"}});
    run(n, "proof", {{"proof", to_json(proof)}, {"checks", json::array{to_json(check)}}});
    return run(n, "stage_finished", {{"stage", "verify"}});
  }
  Log& published(int n) {
    run(n, "stage_started", {{"stage", "publish"}});
    return run(n, "published",
               {{"branch", "nightjar/t"}, {"commit", commit(n)}, {"base_commit", "base"}});
  }
  Log& opened(int n, int number = 7) {
    return own("pull_request_opened", {{"number", number},
                                       {"branch", "nightjar/t"},
                                       {"base_commit", "base"},
                                       {"head_commit", commit(n)},
                                       {"description", "text"}});
  }
  Log& updated(int n) { return own("pull_request_updated", {{"head_commit", commit(n)}}); }
  Log& ended(int n, std::string_view state, std::string_view reason = "",
             std::string_view waiting_for = "") {
    return run(n, "run_ended",
               {{"state", state}, {"reason", reason}, {"waiting_for", waiting_for}});
  }
  /// A whole first run whose pull request is open.
  Log& in_review(int n = 1, Verdict verdict = Verdict::Proved) {
    return created(n).worked(n).verified(n, verdict).published(n).opened(n).ended(n, "in_review");
  }

  static std::string name(int n) { return "k3x9qa." + std::to_string(n); }
  static std::string commit(int n) { return "commit-of-" + std::to_string(n); }

  const std::vector<Event>& events() const { return events_; }
  Task task() const { return fold(events_); }
  static Task fold(const std::vector<Event>& events) {
    Task task;
    for (const auto& event : events) task = apply(std::move(task), event);
    return task;
  }

 private:
  Log& add(const std::string& stream, std::string kind, json::object body) {
    Event event{"k3x9qa",        stream, ++seq_[stream], kStart + Millis(events_.size()),
                std::move(kind), {}};
    event.body = std::move(body);
    events_.push_back(std::move(event));
    return *this;
  }
  std::map<std::string, long> seq_;
  std::vector<Event> events_;
};

/// A random order of the events that keeps the order within every stream.
std::vector<Event> interleaved(const std::vector<Event>& events, std::mt19937& random) {
  std::map<std::string, std::vector<Event>> streams;
  for (const auto& event : events) streams[event.run].push_back(event);
  std::vector<Event> out;
  std::map<std::string, size_t> at;
  while (out.size() < events.size()) {
    auto stream = std::next(streams.begin(), static_cast<long>(random() % streams.size()));
    size_t& next = at[stream->first];
    if (next < stream->second.size()) out.push_back(stream->second[next++]);
  }
  return out;
}

/// Every prefix state, in order, without repeats: what a watcher sees.
std::vector<State> states_of(const Log& log) {
  std::vector<State> seen;
  Task task;
  for (const auto& event : log.events()) {
    task = apply(std::move(task), event);
    if (seen.empty() || seen.back() != task.state) seen.push_back(task.state);
  }
  return seen;
}

TEST(TaskFold, APlainTaskGoesThroughItsStagesIntoReview) {
  Log log;
  log.in_review();
  EXPECT_EQ(states_of(log), (std::vector{State::Queued, State::Preparing, State::Working,
                                         State::Verifying, State::Publishing, State::InReview}));
  const Task task = log.task();
  EXPECT_EQ(task.spec.title, "Rename class Parser to Reader everywhere");
  EXPECT_EQ(task.created, kStart);
  EXPECT_EQ(task.branch, "nightjar/t");
  EXPECT_EQ(task.pull_request.number, 7);
  EXPECT_EQ(task.pull_request.head_commit, Log::commit(1));
  EXPECT_EQ(task.proof.verdict, Verdict::Proved);
  ASSERT_EQ(task.checks.size(), 1);
  EXPECT_EQ(task.reason, "");
  EXPECT_EQ(task.last_task_seq, 3);
  ASSERT_NE(task.run("k3x9qa.1"), nullptr);
  EXPECT_NE(task.run("k3x9qa.1")->started, Time{});
  EXPECT_NE(task.run("k3x9qa.1")->ended, Time{});
}

TEST(TaskFold, ARunThatEndedInReviewCountsBeforeItsPullRequestHasANumber) {
  Log log;
  log.created(1).worked(1).verified(1, Verdict::Proved).published(1).ended(1, "in_review");
  EXPECT_EQ(log.task().state, State::InReview);
}

TEST(TaskFold, ARefutedRunFailsKeepsItsBranchAndHasNoPullRequest) {
  Log log;
  log.created(1).worked(1).verified(1, Verdict::Refuted);
  log.run(1, "stage_started", {{"stage", "publish"}});
  log.run(1, "branch_kept", {{"branch", "nightjar/t"}, {"commit", Log::commit(1)}});
  log.ended(1, "failed", "2 tests fail that passed before");
  const Task task = log.task();
  EXPECT_EQ(task.state, State::Failed);
  EXPECT_EQ(task.reason, "2 tests fail that passed before");
  EXPECT_EQ(task.branch, "nightjar/t");
  EXPECT_EQ(task.pull_request.number, 0);
  EXPECT_EQ(task.proof.verdict, Verdict::Refuted);
}

TEST(TaskFold, AnUnprovedTaskInReviewAlwaysHasAReason) {
  EXPECT_NE(Log().in_review(1, Verdict::None).task().reason, "");
}

TEST(TaskFold, AFailedRunAlwaysHasAReason) {
  EXPECT_NE(Log().created(1).worked(1).ended(1, "failed").task().reason, "");
}

TEST(TaskFold, WaitingEndsWithTheNextStageOrWithResumed) {
  Log log;
  log.created(1).run(1, "run_started").run(1, "stage_started", {{"stage", "work"}});
  log.run(1, "waiting", {{"waiting_for", "disk"}, {"reason", "no space left"}});
  EXPECT_EQ(log.task().state, State::Waiting);
  EXPECT_EQ(log.task().waiting_for, WaitingFor::Disk);
  EXPECT_EQ(log.task().reason, "no space left");
  Log resumed = log;
  resumed.run(1, "resumed");
  EXPECT_EQ(resumed.task().state, State::Working);
  EXPECT_EQ(resumed.task().reason, "");
  Log went_on = log;
  went_on.run(1, "stage_started", {{"stage", "verify"}});
  EXPECT_EQ(went_on.task().state, State::Verifying);
  EXPECT_EQ(went_on.task().waiting_for, WaitingFor::Nothing);
}

TEST(TaskFold, ARunThatEndedWaitingLeavesTheTaskWaitingUntilAFurtherRun) {
  Log log;
  log.created(1).worked(1).ended(1, "waiting", "setup needs the network", "person");
  EXPECT_EQ(log.task().state, State::Waiting);
  EXPECT_EQ(log.task().waiting_for, WaitingFor::Person);
  EXPECT_TRUE(needs_no_runner(log.task().state, log.task().waiting_for));
  log.created(2);
  EXPECT_EQ(log.task().state, State::Queued);
  EXPECT_EQ(log.task().waiting_for, WaitingFor::Nothing);
}

TEST(TaskFold, ATaskThatNoAgentCanDoWaits) {
  Log log;
  log.own("task_waiting", {{"waiting_for", "person"}, {"reason", "no agent here can do it"}});
  EXPECT_EQ(log.task().state, State::Waiting);
  EXPECT_EQ(log.task().reason, "no agent here can do it");
}

TEST(TaskFold, AQueuedRunThatCannotStartWaitsUntilItStarts) {
  Log log;
  log.created(1).own("task_waiting", {{"waiting_for", "disk"}, {"reason", "disk full"}});
  EXPECT_EQ(log.task().state, State::Waiting);
  EXPECT_EQ(log.task().runs[0].state, State::Queued);
  log.run(1, "run_started");
  EXPECT_EQ(log.task().state, State::Preparing);
  EXPECT_EQ(log.task().reason, "");
}

TEST(TaskFold, ARunnerThatDiedGoesOnWhereItWas) {
  Log log;
  log.created(1).worked(1).run(1, "stage_started", {{"stage", "verify"}});
  const Time started = log.task().runs[0].started;
  log.run(1, "run_started", {{"attempt", 2}});
  EXPECT_EQ(log.task().state, State::Verifying);
  EXPECT_EQ(log.task().runs[0].started, started);
}

TEST(TaskFold, ALostRunFails) {
  Log log;
  log.created(1).worked(1).own("run_lost",
                               {{"run", "k3x9qa.1"}, {"reason", "the runner died 5 times"}});
  EXPECT_EQ(log.task().state, State::Failed);
  EXPECT_EQ(log.task().reason, "the runner died 5 times");
}

TEST(TaskFold, RequestedChangesLeadToAFurtherRunOnTheSamePullRequest) {
  Log log;
  log.in_review().own("approved", {{"author", "me"}});
  log.own("changes_requested", {{"author", "me"}, {"text", "call it Loader instead"}});
  EXPECT_EQ(log.task().state, State::InReview);
  ASSERT_EQ(log.task().comments.size(), 1);
  log.created(2);
  EXPECT_EQ(log.task().state, State::Queued);
  EXPECT_EQ(log.task().proof.commit, Log::commit(1));
  log.worked(2).verified(2, Verdict::Proved).published(2).updated(2).ended(2, "in_review");
  const Task task = log.task();
  EXPECT_EQ(task.state, State::InReview);
  EXPECT_EQ(task.pull_request.number, 7);
  EXPECT_EQ(task.pull_request.head_commit, Log::commit(2));
  EXPECT_EQ(task.pull_request.approved_by, "") << "another commit was approved";
  EXPECT_EQ(task.proof.commit, Log::commit(2));
}

TEST(TaskFold, AFollowUpThatFailsLeavesThePublishedProofInPlace) {
  Log log;
  log.in_review()
      .created(2)
      .worked(2)
      .verified(2, Verdict::Refuted)
      .ended(2, "failed", "a test fails now");
  const Task task = log.task();
  EXPECT_EQ(task.state, State::InReview);
  EXPECT_EQ(task.reason, "a test fails now");
  EXPECT_EQ(task.proof.verdict, Verdict::Proved);
  EXPECT_EQ(task.proof.commit, Log::commit(1));
  EXPECT_EQ(task.checks[0].name, "tests-of-k3x9qa.1");
  EXPECT_EQ(task.branch, "nightjar/t");
}

TEST(TaskFold, AFailedTaskIsTakenUpAgainByAFurtherRun) {
  for (const auto* end : {"failed", "cancelled"}) {
    Log log;
    log.created(1).worked(1).ended(1, end, "why").created(2);
    EXPECT_EQ(log.task().state, State::Queued) << end;
    EXPECT_EQ(log.task().reason, "") << end;
    log.worked(2).verified(2, Verdict::Proved).published(2).opened(2).ended(2, "in_review");
    EXPECT_EQ(log.task().state, State::InReview) << end;
  }
}

TEST(TaskFold, ACancelledTaskIsTakenUpAgainWithItsPullRequest) {
  Log log;
  log.in_review().own("cancel_requested").own("cancelled", {{"reason", "no longer wanted"}});
  EXPECT_EQ(log.task().state, State::Cancelled);
  EXPECT_EQ(log.task().pull_request.state, PullRequestState::Closed);
  log.created(2);
  EXPECT_EQ(log.task().state, State::Queued);
  log.worked(2).verified(2, Verdict::Proved).published(2).updated(2).ended(2, "in_review");
  EXPECT_EQ(log.task().state, State::InReview);
  EXPECT_EQ(log.task().pull_request.state, PullRequestState::Open);
  EXPECT_EQ(log.task().pull_request.number, 7);
}

TEST(TaskFold, MergingEndsTheTask) {
  Log log;
  log.in_review().own("merge_started", {{"into", "main"}});
  log.own("merge_failed", {{"reason", "the work tree has changes"}});
  EXPECT_EQ(log.task().state, State::InReview);
  EXPECT_EQ(log.task().reason, "the work tree has changes");
  log.own("merged", {{"commit", "m1"}, {"into", "main"}});
  EXPECT_EQ(log.task().state, State::Merged);
  EXPECT_EQ(log.task().pull_request.merge_commit, "m1");
  EXPECT_EQ(log.task().reason, "");
}

TEST(TaskFold, NothingHappensToATaskAfterItsEnd) {
  for (const auto* end : {"merged", "closed", "cancelled"}) {
    Log log;
    log.in_review().created(2).worked(2).own(end, {{"reason", "why"}});
    const Task before = log.task();
    EXPECT_TRUE(is_ended(before.state)) << end;
    EXPECT_NE(before.run("k3x9qa.2")->ended, Time{}) << "no run goes on";
    log.run(2, "resumed")
        .run(2, "stage_started", {{"stage", "verify"}})
        .verified(2, Verdict::Refuted);
    log.published(2).ended(2, "in_review").own("task_waiting", {{"waiting_for", "disk"}});
    log.own("merge_failed", {{"reason", "late"}}).own("run_lost", {{"run", "k3x9qa.2"}});
    log.own("run_selected", {{"run", "k3x9qa.2"}}).own("cancelled");
    const Task after = log.task();
    EXPECT_EQ(after.state, before.state) << end;
    EXPECT_EQ(after.reason, before.reason) << end;
    EXPECT_EQ(after.proof, before.proof) << end;
    EXPECT_EQ(after.run("k3x9qa.2")->state, State::Cancelled) << end;
  }
}

TEST(TaskFold, AFurtherRunDoesNotReopenWhatWasMergedOrClosed) {
  for (const auto* end : {"merged", "closed"}) {
    Log log;
    log.in_review().own(end).created(2);
    EXPECT_TRUE(is_ended(log.task().state));
    EXPECT_EQ(log.task().runs.size(), 1);
  }
}

TEST(TaskFold, OfSeveralAttemptsTheFurthestOneIsShown) {
  Log log(3);
  log.created(1).created(2).created(3).worked(2);
  EXPECT_EQ(log.task().state, State::Working);
  log.ended(2, "failed", "why").run(1, "run_started");
  EXPECT_EQ(log.task().state, State::Preparing);
  EXPECT_EQ(log.task().reason, "");
}

TEST(TaskFold, SeveralAttemptsEndWhenOneIsSelectedAndPublished) {
  Log log(2);
  log.created(1)
      .created(2)
      .worked(1)
      .verified(1, Verdict::Proved)
      .worked(2)
      .verified(2, Verdict::None);
  EXPECT_EQ(log.task().state, State::Verifying);
  log.own("run_selected", {{"run", "k3x9qa.1"}});
  EXPECT_EQ(log.task().proof.commit, Log::commit(1)) << "the selected one counts, not the newest";
  log.run(1, "run_started").published(1);
  EXPECT_EQ(log.task().state, State::Publishing);
  log.opened(1).ended(1, "in_review").run(2, "run_started");
  EXPECT_EQ(log.task().state, State::InReview);
  log.ended(2, "closed", "another attempt was selected");
  EXPECT_EQ(log.task().state, State::InReview);
  EXPECT_EQ(log.task().reason, "");
  EXPECT_EQ(log.task().run("k3x9qa.2")->state, State::Closed);
}

TEST(TaskFold, AnAttemptThatEndedUnpublishedIsNotInReview) {
  Log log(2);
  log.created(1).created(2).worked(1).verified(1, Verdict::Proved).ended(1, "in_review");
  log.worked(2).ended(2, "failed", "why");
  EXPECT_EQ(log.task().state, State::Publishing);
}

TEST(TaskFold, AllAttemptsFailedIsAFailedTask) {
  Log log(2);
  log.created(1).created(2).worked(1).ended(1, "failed", "first").worked(2);
  EXPECT_EQ(log.task().state, State::Working);
  log.ended(2, "failed", "second");
  EXPECT_EQ(log.task().state, State::Failed);
  EXPECT_EQ(log.task().reason, "second");
}

TEST(TaskFold, UncommittedChangesAreCountedBesideTheRun) {
  EXPECT_EQ(Log().created(1).own("uncommitted", {{"changes", 3}}).task().spec.uncommitted, 3);
}

TEST(TaskFold, UnknownKindsAndStagesChangeNothing) {
  Log log;
  log.in_review();
  const Task before = log.task();
  log.own("mood_changed", {{"state", "merged"}}).run(1, "thought", {{"state", "failed"}});
  log.run(1, "stage_started", {{"stage", "dream"}}).run(9, "thought");
  Task after = log.task();
  EXPECT_GT(after.updated, before.updated);
  after.updated = before.updated;
  after.last_task_seq = before.last_task_seq;
  EXPECT_EQ(after, before);
}

TEST(TaskFold, HostileBodiesAreReadAsEmpty) {
  for (const auto* kind :
       {"task_created", "uncommitted", "run_created", "task_waiting", "run_selected", "run_lost",
        "cancelled", "pull_request_opened", "merged", "run_started", "stage_started", "waiting",
        "proof", "published", "branch_kept", "run_ended", "change"}) {
    Log log;
    const json::object odd{
        {"run", 3}, {"state", json::array{}}, {"proof", "x"}, {"checks", 1}, {"stage", nullptr}};
    log.own(kind, odd).run(1, kind, odd).run(1, kind, odd);
    EXPECT_EQ(log.task().id, "k3x9qa") << kind;
  }
}

TEST(TaskFold, EventsOfAnotherTaskAreIgnored) {
  const Task before = Log().in_review().task();
  Event other{"other", "", 99, kStart, "merged", {}};
  EXPECT_EQ(apply(before, other), before);
}

TEST(TaskFold, TheCacheKeepsEverything) {
  Log log(2);
  log.created(1)
      .created(2)
      .worked(1)
      .verified(1, Verdict::Proved)
      .own("run_selected", {{"run", "k3x9qa.1"}});
  log.published(1).opened(1).ended(1, "in_review").ended(2, "closed");
  log.own("commented", {{"author", "me"}, {"text", "hm"}, {"path", "a.py"}, {"line", 3}});
  const Task task = log.task();
  EXPECT_EQ(task_from_cache(to_cache(task)), task);
}

/// Where streams interleave as they like (a journal that is read late, several runners at once),
/// the end is the same, and so is everything a person decides upon.
TEST(TaskFold, AnyInterleavingOfTheStreamsEndsTheSame) {
  std::vector<Log> logs;
  logs.emplace_back().in_review();
  logs.emplace_back().in_review(1, Verdict::None);
  logs.emplace_back().created(1).worked(1).verified(1, Verdict::Refuted).ended(1, "failed", "why");
  logs.emplace_back().created(1).worked(1).ended(1, "waiting", "network", "person");
  logs.emplace_back()
      .in_review()
      .created(2)
      .worked(2)
      .verified(2, Verdict::Refuted)
      .ended(2, "failed", "no");
  logs.emplace_back()
      .in_review()
      .created(2)
      .worked(2)
      .verified(2, Verdict::Proved)
      .published(2)
      .updated(2)
      .ended(2, "in_review");
  logs.emplace_back()
      .created(1)
      .worked(1)
      .ended(1, "failed", "a")
      .created(2)
      .worked(2)
      .ended(2, "failed", "b");
  logs.emplace_back(3)
      .created(1)
      .created(2)
      .created(3)
      .worked(1)
      .verified(1, Verdict::Proved)
      .worked(2)
      .ended(2, "failed", "x")
      .worked(3)
      .verified(3, Verdict::None)
      .own("run_selected", {{"run", "k3x9qa.1"}})
      .published(1)
      .opened(1)
      .ended(1, "in_review")
      .ended(3, "closed");
  logs.emplace_back(2)
      .created(1)
      .created(2)
      .worked(1)
      .ended(1, "failed", "x")
      .worked(2)
      .ended(2, "failed", "y");
  std::mt19937 random(20240131);
  for (size_t i = 0; i < logs.size(); ++i) {
    const Task expected = logs[i].task();
    for (int round = 0; round < 300; ++round) {
      EXPECT_EQ(Log::fold(interleaved(logs[i].events(), random)), expected)
          << "log " << i << ", round " << round;
    }
  }
}

TEST(TaskFold, ACancelledOrMergedTaskStaysSoInAnyInterleaving) {
  std::mt19937 random(7);
  for (const auto* end : {"merged", "closed", "cancelled"}) {
    Log log;
    log.in_review()
        .created(2)
        .worked(2)
        .own(end)
        .verified(2, Verdict::Refuted)
        .ended(2, "failed", "late");
    const Task expected = log.task();
    for (int round = 0; round < 300; ++round) {
      const Task task = Log::fold(interleaved(log.events(), random));
      EXPECT_EQ(task.state, expected.state) << end;
      EXPECT_EQ(task.pull_request, expected.pull_request) << end;
    }
  }
}

/// Whatever arrives, in whatever order: what a person ended stays ended, every task that has ended
/// without a proof says why, and the cache gives the same task back.
TEST(TaskFold, RandomEventsNeverBreakItsPromises) {
  const std::vector<std::string> kinds{
      "run_created",       "task_waiting", "run_selected",        "run_lost",
      "cancel_requested",  "cancelled",    "pull_request_opened", "pull_request_updated",
      "changes_requested", "approved",     "merge_started",       "merged",
      "merge_failed",      "closed",       "run_started",         "stage_started",
      "waiting",           "resumed",      "candidate",           "proof",
      "published",         "branch_kept",  "run_ended",           "note"};
  const std::vector<std::string> states{"in_review", "failed", "cancelled", "waiting",
                                        "closed",    "queued", "dreaming"};
  const std::vector<std::string> stages{"prepare", "baseline", "work",
                                        "verify",  "publish",  "dream"};
  std::mt19937 random(11);
  const auto any = [&](const auto& list) { return list[random() % list.size()]; };
  for (int round = 0; round < 150; ++round) {
    Log log(static_cast<int>(random() % 3) + 1);
    Task task = log.task();
    for (int step = 0; step < 60; ++step) {
      const std::string kind = any(kinds);
      const int n = static_cast<int>(random() % 3) + 1;
      const bool of_run = std::ranges::find(kinds, kind) - kinds.begin() >= 14;
      json::object body{{"run", Log::name(n)},
                        {"state", any(states)},
                        {"stage", any(stages)},
                        {"commit", Log::commit(n)},
                        {"number", n},
                        {"head_commit", Log::commit(n)},
                        {"branch", "b"},
                        {"waiting_for", "disk"},
                        {"reason", random() % 2 ? "why" : ""}};
      Proof proof{static_cast<Verdict>(random() % 3), Log::commit(n), {}, {}};
      body["proof"] = to_json(proof);
      if (of_run) {
        log.run(n, kind, body);
      } else {
        log.own(kind, body);
      }
      const Task before = task;
      task = apply(std::move(task), log.events().back());
      if (before.state == State::Merged || before.state == State::Closed) {
        ASSERT_EQ(task.state, before.state) << kind;
      }
      if (before.state == State::Cancelled && task.state != State::Cancelled) {
        ASSERT_TRUE(kind == "run_created" || kind == "merged" || kind == "closed") << kind;
      }
      if (before.state == State::Failed && task.state != State::Failed) {
        ASSERT_FALSE(of_run) << kind;
      }
      const bool rests = is_ended(task.state) || task.state == State::InReview;
      if (rests && task.proof.verdict != Verdict::Proved) {
        ASSERT_FALSE(task.reason.empty()) << kind;
      }
      ASSERT_EQ(task.pull_request.number == 0 && task.state == State::Merged, false) << kind;
      ASSERT_EQ(task_from_cache(to_cache(task)), task) << kind;
    }
  }
}

TEST(TaskFold, AReasonNamesTheTaskInItsCommands) {
  Log log;
  log.created(1).worked(1).run(1, "run_ended",
                               {{"state", "waiting"},
                                {"waiting_for", "person"},
                                {"reason", "the end; nightjar resume ID --limit-turns N goes on"}});
  EXPECT_EQ(log.task().reason, "the end; nightjar resume k3x9qa --limit-turns N goes on");
  EXPECT_EQ(with_id("nightjar answer ID", "k3x9qa"), "nightjar answer k3x9qa");
  EXPECT_EQ(with_id("nightjar models IDEAS, an ID", "k3x9qa"), "nightjar models IDEAS, an ID");
}

TEST(TaskFold, ADelayedStartIsSaidUntilTheRunnerStarts) {
  Log log;
  log.created(1).worked(1);
  log.own("start_delayed", {{"run", "k3x9qa.1"}, {"reason", "it is started again 1 s later"}});
  EXPECT_EQ(log.task().state, State::Working);
  EXPECT_EQ(log.task().reason, "it is started again 1 s later");
  log.run(1, "run_started");
  EXPECT_EQ(log.task().reason, "");
}

TEST(TaskFold, AnEndedRunNeverGoesOn) {
  for (const State ended : {State::Failed, State::Cancelled, State::Closed, State::Merged}) {
    for (const State next : {State::Preparing, State::Working, State::Waiting, State::Verifying,
                             State::Publishing, State::InReview}) {
      EXPECT_FALSE(may_follow(ended, next)) << to_string(ended) << " " << to_string(next);
    }
  }
  EXPECT_TRUE(may_follow(State::Failed, State::Queued));
  EXPECT_TRUE(may_follow(State::Cancelled, State::Queued));
  EXPECT_FALSE(may_follow(State::Merged, State::Queued));
}

}  // namespace
}  // namespace nightjar::core
