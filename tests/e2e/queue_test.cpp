// Which run starts when: so many at once, and no repository before the others.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include "base/error.h"
#include "kill_loop.h"

namespace nightjar::test {
namespace {

class Queue : public ::testing::Test {
 protected:
  Queue() { nightjar_.configure("runs = 2\n"); }
  ~Queue() override {
    for (const pid_t pid : held_) ::kill(pid, SIGCONT);
  }

  std::string assign(const Repo& repo, const std::string& name) {
    return get_string(
        nightjar_.json_of({"assign", "Rename Parser to " + name}, repo.path()).as_object(), "id");
  }

  // Stops the run's process as soon as there is one.
  pid_t hold(const std::string& id) {
    const fs::path journal = nightjar_.state() / "runs" / (id + ".1") / "journal.jsonl";
    for (const Deadline deadline = in(std::chrono::seconds(30));
         std::chrono::steady_clock::now() < deadline;) {
      const auto text = try_read_file(journal).value_or("");
      if (const auto end = text.find('\n'); end != std::string::npos) {
        const auto started = parse_json(text.substr(0, end)).value().as_object();
        held_.push_back(static_cast<pid_t>(get_int(get_object(started, "body"), "pid")));
        ::kill(held_.back(), SIGSTOP);
        return held_.back();
      }
      ::poll(nullptr, 0, 1);
    }
    throw Error(ErrorKind::Timeout, "the run never began");
  }

  std::string state(const std::string& id) { return get_string(nightjar_.task(id), "state"); }
  std::string started(const std::string& id) {
    const json::object task = nightjar_.task(id);
    return get_string(get_array(task, "runs").at(0).as_object(), "started");
  }

  Service nightjar_;
  std::vector<pid_t> held_;
};

TEST_F(Queue, SoManyRunAtOnceAndARepositoryThatHasARunComesAfterOneThatHasNone) {
  const Repo busy = parser_project(), other = parser_project();
  const std::string first = assign(busy, "One"), second = assign(busy, "Two");
  const pid_t first_runner = hold(first), second_runner = hold(second);
  const std::string third = assign(busy, "Three"), theirs = assign(other, "Four");
  EXPECT_EQ(state(third), "queued");
  EXPECT_EQ(state(theirs), "queued");

  ::kill(first_runner, SIGCONT);
  for (const auto& id : {first, theirs, third})
    EXPECT_EQ(get_string(settle(nightjar_, id), "state"), "in_review")
        << nightjar_.run({"log", id}).out;
  EXPECT_LT(started(theirs), started(third));

  ::kill(second_runner, SIGCONT);
  EXPECT_EQ(get_string(settle(nightjar_, second), "state"), "in_review");
}

}  // namespace
}  // namespace nightjar::test
