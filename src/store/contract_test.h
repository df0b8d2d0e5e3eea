// What every backend of the store promises. A backend's test file includes this and instantiates
// the suite with a factory; opening the same folder again must give the same store again.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <thread>

#include "base/file.h"
#include "store/store.h"

namespace nightjar::store {

struct ContractBackend {
  std::string name;
  std::function<std::unique_ptr<Store>(const fs::path& folder)> open;
  /// Opens what `backup` wrote.
  std::function<std::unique_ptr<Store>(const fs::path& file)> open_backup;
};

inline void PrintTo(const ContractBackend& backend, std::ostream* out) { *out << backend.name; }

inline constexpr Time kContractTime = Time(Millis(1'700'000'000'123));

inline core::Event own_event(std::string task, std::string kind, json::object body = {}) {
  core::Event event{std::move(task), "", 0, kContractTime, std::move(kind), {}};
  event.body = std::move(body);
  return event;
}

inline core::Event run_event(const std::string& task, long seq, std::string kind,
                             json::object body = {}, int run = 1) {
  core::Event event{task, task + "." + std::to_string(run), seq, kContractTime, std::move(kind),
                    {}};
  event.body = std::move(body);
  return event;
}

inline core::Event created(std::string task, std::string repo = "/src/thing") {
  core::TaskSpec spec;
  spec.title = "Rename Parser to Reader";
  spec.repo = std::move(repo);
  return own_event(std::move(task), "task_created", core::to_json(spec));
}

inline core::Event run_created(const std::string& task, int run = 1) {
  return own_event(task, "run_created",
                   {{"run", task + "." + std::to_string(run)}, {"agent", "mechanic"}});
}

inline json::object publication(std::string_view commit) {
  return {{"branch", "nightjar/b"},
          {"commit", commit},
          {"base_commit", "base"},
          {"description", "text"}};
}

class StoreContract : public testing::TestWithParam<ContractBackend> {
 protected:
  StoreContract() : store_(GetParam().open(folder_.path())) {}
  void reopen() {
    store_.reset();
    store_ = GetParam().open(folder_.path());
  }
  std::vector<std::string> kinds_of(const std::string& task) const {
    std::vector<std::string> kinds;
    for (const auto& stored : store_->events_of(task)) kinds.push_back(stored.event.kind);
    return kinds;
  }
  /// A task whose only run was published as `commit`.
  void publish(const std::string& task, const std::string& repo, std::string_view commit) {
    store_->append({created(task, repo), run_created(task), run_event(task, 1, "run_started"),
                    run_event(task, 2, "published", publication(commit)),
                    run_event(task, 3, "run_ended", {{"state", "in_review"}})});
  }

  TempDir folder_{"store"};
  std::unique_ptr<Store> store_;
};

TEST_P(StoreContract, AnEmptyStoreHasNothing) {
  EXPECT_TRUE(store_->tasks().empty());
  EXPECT_TRUE(store_->active().empty());
  EXPECT_EQ(store_->last_event_id(), 0);
  EXPECT_EQ(store_->last_seq("t", ""), 0);
  EXPECT_FALSE(store_->task("t"));
  EXPECT_TRUE(store_->events_after(0, 10).empty());
  EXPECT_TRUE(store_->append({}).empty());
}

TEST_P(StoreContract, EventsComeBackAsTheyWereAndOutliveTheProcess) {
  const json::object body{
      {"text", "h\u00e9 \n\t\"x\""}, {"n", 12}, {"deep", json::object{{"a", json::array{1, 2}}}}};
  const auto added =
      store_->append({created("abc"), run_created("abc"), run_event("abc", 1, "note", body)});
  ASSERT_EQ(added.size(), 3);
  EXPECT_LT(added[0].id, added[1].id);
  EXPECT_LT(added[1].id, added[2].id);
  EXPECT_EQ(added[1].event.seq, 2) << "seq 0 is given the next number";
  reopen();
  const auto events = store_->events_of("abc");
  ASSERT_EQ(events.size(), 3);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(events[i].id, added[i].id);
    EXPECT_EQ(events[i].event, added[i].event);
  }
  EXPECT_EQ(events[2].event.body, body);
  EXPECT_EQ(store_->last_event_id(), added[2].id);
  EXPECT_EQ(store_->last_seq("abc", ""), 2);
  EXPECT_EQ(store_->last_seq("abc", "abc.1"), 1);
}

TEST_P(StoreContract, TasksAreTheFoldOfTheirEvents) {
  publish("abc", "/src/thing", "c1");
  core::Task folded;
  for (const auto& stored : store_->events_of("abc"))
    folded = core::apply(std::move(folded), stored.event);
  EXPECT_EQ(store_->task("abc"), folded);
  EXPECT_EQ(folded.state, core::State::InReview);
}

TEST_P(StoreContract, AJournalMayBeReadAgainFromAnywhere) {
  store_->append({created("abc"), run_created("abc"), run_event("abc", 1, "run_started"),
                  run_event("abc", 2, "note")});
  const auto before = store_->events_of("abc").size();
  EXPECT_TRUE(
      store_->append({run_event("abc", 1, "run_started"), run_event("abc", 2, "note")}).empty());
  const auto added = store_->append({run_event("abc", 2, "note"), run_event("abc", 3, "note")});
  ASSERT_EQ(added.size(), 1);
  EXPECT_EQ(added[0].event.seq, 3);
  EXPECT_EQ(store_->events_of("abc").size(), before + 1);
}

TEST_P(StoreContract, AGapIsRefusedAndNothingOfItsBatchIsKept) {
  store_->append({created("abc"), run_created("abc")});
  try {
    store_->append({run_event("abc", 1, "run_started"), run_event("abc", 3, "note")});
    FAIL() << "a gap was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Conflict);
  }
  EXPECT_EQ(store_->last_seq("abc", "abc.1"), 0);
  EXPECT_EQ(store_->append({run_event("abc", 1, "run_started")}).size(), 1) << "the store goes on";
}

TEST_P(StoreContract, EventsOfATaskThatDoesNotExistAreRefused) {
  EXPECT_THROW(store_->append({run_event("nope", 1, "run_started")}), Error);
  EXPECT_THROW(store_->append({own_event("nope", "cancelled")}), Error);
  EXPECT_TRUE(store_->tasks().empty());
}

TEST_P(StoreContract, ARunsEventNeedsItsNumber) {
  store_->append({created("abc")});
  EXPECT_THROW(store_->append({run_event("abc", 0, "note")}), Error);
  EXPECT_THROW(store_->append({run_event("abc", -1, "note")}), Error);
}

TEST_P(StoreContract, BytesThatAreNotTextAreReplacedAndStayReadable) {
  store_->append({created("abc"),
                  own_event("abc", "commented", {{"text", "a\xff\xfe b"}, {"author", "\xc3"}})});
  reopen();
  const auto task = store_->task("abc");
  ASSERT_TRUE(task);
  EXPECT_EQ(task->comments.at(0).text, "a\uFFFD\uFFFD b");
  EXPECT_EQ(get_string(store_->events_of("abc").at(1).event.body, "author"), "\uFFFD");
}

TEST_P(StoreContract, NulBytesAndLongBodiesSurvive) {
  const std::string text = std::string("a\0b", 3) + std::string(3'000'000, 'x');
  store_->append({created("abc"), run_event("abc", 1, "note", {{"text", text}})});
  reopen();
  EXPECT_EQ(get_string(store_->events_of("abc").at(1).event.body, "text"), text);
}

TEST_P(StoreContract, TasksAreListedNewestFirst) {
  for (const auto* id : {"b", "a", "c"}) store_->append({created(id)});
  std::vector<std::string> ids;
  for (const auto& task : store_->tasks()) ids.push_back(task.id);
  EXPECT_EQ(ids, (std::vector<std::string>{"c", "a", "b"}));
}

TEST_P(StoreContract, ActiveAreThoseWithWorkLeft) {
  publish("done", "/src/thing", "c1");
  store_->append({created("idle"), own_event("idle", "task_waiting", {{"waiting_for", "person"}})});
  store_->append({created("busy"), run_created("busy"), run_event("busy", 1, "run_started")});
  store_->append({created("gone"), own_event("gone", "cancelled")});
  std::vector<std::string> ids;
  for (const auto& task : store_->active()) ids.push_back(task.id);
  EXPECT_EQ(ids, (std::vector<std::string>{"busy", "idle"}));
  store_->append({run_event("busy", 2, "run_ended", {{"state", "failed"}, {"reason", "why"}})});
  EXPECT_EQ(store_->active().size(), 1);
}

TEST_P(StoreContract, PrefixesAreLiteral) {
  for (const auto* id : {"ab1", "ab2", "b%", "b_x"}) store_->append({created(id)});
  EXPECT_EQ(store_->ids_with_prefix("ab"), (std::vector<std::string>{"ab1", "ab2"}));
  EXPECT_EQ(store_->ids_with_prefix("b%"), std::vector<std::string>{"b%"});
  EXPECT_EQ(store_->ids_with_prefix("b_"), std::vector<std::string>{"b_x"});
  EXPECT_TRUE(store_->ids_with_prefix("AB").empty());
  for (int i = 0; i < 12; ++i) store_->append({created("z" + std::to_string(i))});
  EXPECT_EQ(store_->ids_with_prefix("z").size(), 10);
}

TEST_P(StoreContract, APublishedRunGetsTheNextNumberOfItsRepository) {
  publish("a", "/src/one", "c1");
  publish("b", "/src/one", "c2");
  publish("c", "/src/two", "c3");
  EXPECT_EQ(store_->task("a")->pull_request.number, 1);
  EXPECT_EQ(store_->task("b")->pull_request.number, 2);
  EXPECT_EQ(store_->task("c")->pull_request.number, 1);
  EXPECT_EQ(store_->task("a")->pull_request.head_commit, "c1");
  EXPECT_EQ(store_->task("a")->pull_request.branch, "nightjar/b");
  EXPECT_EQ(kinds_of("a"),
            (std::vector<std::string>{"task_created", "run_created", "run_started", "published",
                                      "pull_request_opened", "run_ended"}));
}

TEST_P(StoreContract, TheNumberIsAmongWhatAppendReturns) {
  store_->append({created("a"), run_created("a")});
  const auto added = store_->append({run_event("a", 1, "published", publication("c1"))});
  ASSERT_EQ(added.size(), 2);
  EXPECT_EQ(added[1].event.kind, "pull_request_opened");
  EXPECT_EQ(get_int(added[1].event.body, "number"), 1);
  EXPECT_EQ(get_string(added[1].event.body, "description"), "text");
  EXPECT_TRUE(store_->append({run_event("a", 1, "published", publication("c1"))}).empty())
      << "read again";
}

TEST_P(StoreContract, AFurtherRunUpdatesThePullRequestOnce) {
  publish("a", "/src/one", "c1");
  store_->append({run_created("a", 2), run_event("a", 1, "published", publication("c2"), 2),
                  run_event("a", 2, "published", publication("c2"), 2),
                  run_event("a", 3, "run_ended", {{"state", "in_review"}}, 2)});
  const auto kinds = kinds_of("a");
  EXPECT_EQ(std::ranges::count(kinds, "pull_request_opened"), 1);
  EXPECT_EQ(std::ranges::count(kinds, "pull_request_updated"), 1);
  EXPECT_EQ(store_->task("a")->pull_request.number, 1);
  EXPECT_EQ(store_->task("a")->pull_request.head_commit, "c2");
}

TEST_P(StoreContract, RefutedWorkAndEndedTasksGetNoPullRequest) {
  core::Proof refuted;
  refuted.verdict = core::Verdict::Refuted;
  store_->append({created("a"), run_created("a"),
                  run_event("a", 1, "proof", {{"proof", core::to_json(refuted)}}),
                  run_event("a", 2, "published", publication("c1"))});
  store_->append({created("b"), run_created("b"), own_event("b", "cancelled"),
                  run_event("b", 1, "published", publication("c1"))});
  EXPECT_EQ(store_->task("a")->pull_request.number, 0);
  EXPECT_EQ(store_->task("b")->pull_request.number, 0);
}

TEST_P(StoreContract, NumbersAndIdsAreNeverGivenTwice) {
  publish("a", "/src/one", "c1");
  store_->append({own_event("a", "merged", {{"commit", "m"}})});
  const long last = store_->last_event_id();
  store_->remove("a");
  EXPECT_FALSE(store_->task("a"));
  EXPECT_TRUE(store_->events_of("a").empty());
  reopen();
  publish("b", "/src/one", "c2");
  EXPECT_EQ(store_->task("b")->pull_request.number, 2);
  EXPECT_GT(store_->events_of("b").at(0).id, last);
}

TEST_P(StoreContract, OnlyEndedTasksAreRemoved) {
  publish("a", "/src/one", "c1");
  EXPECT_THROW(store_->remove("a"), Error);
  EXPECT_TRUE(store_->task("a"));
  EXPECT_NO_THROW(store_->remove("unknown"));
}

TEST_P(StoreContract, EventsAreReadInPages) {
  store_->append({created("a")});
  for (int i = 1; i <= 9; ++i) store_->append({run_event("a", i, "note")});
  std::vector<long> ids;
  long after = 0;
  for (;;) {
    const auto page = store_->events_after(after, 4);
    if (page.empty()) break;
    EXPECT_LE(page.size(), 4);
    for (const auto& stored : page) ids.push_back(stored.id);
    after = page.back().id;
  }
  EXPECT_EQ(ids.size(), 10);
  EXPECT_TRUE(std::ranges::is_sorted(ids));
}

TEST_P(StoreContract, SettingsAreKept) {
  EXPECT_FALSE(store_->setting("network:/src"));
  store_->set_setting("network:/src", "yes");
  store_->set_setting("network:/src", "no");
  reopen();
  EXPECT_EQ(store_->setting("network:/src"), "no");
}

TEST_P(StoreContract, ManyThreadsAppendAndReadAtOnce) {
  constexpr int kThreads = 4;
  constexpr int kEach = 25;
  std::atomic<bool> done{false};
  std::atomic<int> torn{0};
  {
    std::vector<std::jthread> writers;
    writers.reserve(kThreads);
    std::jthread reader([&] {
      long seen = 0;
      while (!done) {
        const long id = store_->last_event_id();
        if (id < seen) ++torn;
        seen = id;
        for (const auto& task : store_->tasks()) {
          if (store_->last_seq(task.id, "") < task.last_task_seq) ++torn;
        }
      }
    });
    for (int t = 0; t < kThreads; ++t) {
      writers.emplace_back([&, t] {
        const std::string id = "t" + std::to_string(t);
        publish(id, "/src/one", id);
        for (int i = 0; i < kEach; ++i)
          store_->append({own_event(id, "commented", {{"text", "x"}})});
      });
    }
    writers.clear();
    done = true;
  }
  EXPECT_EQ(torn, 0);
  std::map<int, int> numbers;
  for (const auto& task : store_->tasks()) {
    EXPECT_EQ(task.comments.size(), kEach);
    ++numbers[task.pull_request.number];
  }
  EXPECT_EQ(numbers, (std::map<int, int>{{1, 1}, {2, 1}, {3, 1}, {4, 1}}));
}

TEST_P(StoreContract, ABackupMadeWhileWritingIsWhole) {
  store_->append({created("a")});
  std::atomic<bool> done{false};
  std::atomic<long> written{0};
  std::jthread writer([&] {
    while (!done) {
      store_->append({run_event("a", written + 1, "note"), run_event("a", written + 2, "note")});
      written += 2;
    }
  });
  while (written < 10) std::this_thread::yield();
  for (int round = 0; round < 5; ++round) {
    const long before = written;
    const fs::path copy = folder_.path() / ("copy" + std::to_string(round));
    store_->backup(copy);
    const long after = written + 2;
    const auto backup = GetParam().open_backup(copy);
    const long seq = backup->last_seq("a", "a.1");
    EXPECT_GE(seq, before);
    EXPECT_LE(seq, after);
    EXPECT_EQ(seq % 2, 0) << "half of a transaction";
    EXPECT_EQ(backup->events_of("a").size(), static_cast<size_t>(seq) + 1);
    EXPECT_EQ(backup->append({own_event("a", "cancelled")}).size(), 1) << "it can be used";
  }
  done = true;
}

}  // namespace nightjar::store
