#include "kill_loop.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include "base/error.h"

namespace nightjar::test {

json::object settle(Service& nightjar, const std::string& id) {
  const Deadline deadline = in(std::chrono::minutes(2));
  while (std::chrono::steady_clock::now() < deadline) {
    nightjar.run({"watch", id});
    const auto shown = nightjar.run({"show", id, "--json"});
    const auto task = parse_json(shown.out);
    if (!task || !task->is_object()) continue;  // the service was killed while it answered
    const std::string state = get_string(task->get_object(), "state");
    const bool waits =
        state == "waiting" && get_string(task->get_object(), "waiting_for") == "person";
    if (waits || state == "in_review" || state == "failed" || state == "cancelled" ||
        state == "merged")
      return task->get_object();
  }
  throw Error(ErrorKind::Timeout, "task " + id + " never ended: " + nightjar.run({"log", id}).out);
}

void expect_whole(Service& nightjar, const Repo& repo, const std::vector<std::string>& ids) {
  for (const auto& id : ids) {
    const json::object task = settle(nightjar, id);
    EXPECT_EQ(get_string(task, "state"), "in_review")
        << to_pretty(task) << nightjar.run({"log", id}).out;
    EXPECT_EQ(get_string(get_object(task, "proof"), "verdict"), "proved") << to_pretty(task);
    std::map<std::string, long> last;
    int ends = 0, opened = 0, published = 0;
    const json::value log = nightjar.json_of({"log", id});
    for (const auto& item : get_array(log.as_object(), "events")) {
      const auto& event = item.as_object();
      EXPECT_EQ(get_int(event, "seq"), ++last[get_string(event, "run")]) << to_line(event);
      ends += get_string(event, "kind") == "run_ended";
      opened += get_string(event, "kind") == "pull_request_opened";
      published += get_string(event, "kind") == "published";
    }
    EXPECT_EQ(ends, 1) << nightjar.run({"log", id}).out;
    EXPECT_EQ(opened, 1);
    EXPECT_EQ(published, 1);
    EXPECT_EQ(repo.git({"for-each-ref", "--format=x", "refs/heads/nightjar/" + id + "*"}), "x");
    EXPECT_EQ(repo.git({"rev-parse", get_string(task, "branch")}),
              get_string(get_object(task, "proof"), "commit"));
  }
}

pid_t hold_runner(const Service& nightjar, const std::string& id) {
  const fs::path journal = nightjar.state() / "runs" / (id + ".1") / "journal.jsonl";
  const Deadline deadline = in(std::chrono::seconds(30));
  while (std::chrono::steady_clock::now() < deadline) {
    const auto text = try_read_file(journal).value_or("");
    if (text.find(R"("kind":"command_started")") != std::string::npos) {
      const auto started = parse_json(text.substr(0, text.find('\n'))).value().as_object();
      const auto pid = static_cast<pid_t>(get_int(get_object(started, "body"), "pid"));
      ::kill(pid, SIGSTOP);
      return pid;
    }
    ::poll(nullptr, 0, 1);
  }
  throw Error(ErrorKind::Timeout, "the run of task " + id + " never began");
}

namespace {

void kill_one(const Service& nightjar, std::mt19937& random) {
  std::vector<pid_t> pids;  // daemon, runners, helpers: not the git that one of them started
  for (const pid_t pid : nightjar.processes()) {
    if (name_of(pid).starts_with("nightjar")) pids.push_back(pid);
  }
  if (pids.empty()) return;
  if (random() % 5 == 0) return nightjar.kill_everything();
  ::kill(pids[random() % pids.size()], SIGKILL);
}

}  // namespace

void kill_at_random(int rounds, unsigned seed) {
  std::mt19937 random(seed);
  const Repo repo = parser_project();
  Service nightjar;
  std::vector<std::string> ids;
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE(round);
    std::vector<std::string> two;
    for (const char* name : {"Reader", "Loader"}) {
      const auto shown =
          nightjar.json_of({"assign", std::string("Rename Parser to ") + name}, repo.path());
      two.push_back(get_string(shown.as_object(), "id"));
    }
    for (int kills = 1 + static_cast<int>(random() % 2); kills > 0; --kills) {
      ::poll(nullptr, 0, static_cast<int>(random() % 500));  // the random moment is the test
      kill_one(nightjar, random);
    }
    expect_whole(nightjar, repo, two);
    if (::testing::Test::HasFailure()) return;
  }
  nightjar.run({"stop", "--runs"});
  EXPECT_EQ(leftovers(nightjar.state()), std::vector<std::string>{});
}

}  // namespace nightjar::test
