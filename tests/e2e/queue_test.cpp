// Which run starts when: so many at once, and no repository before the others.
#include <gtest/gtest.h>
#include <signal.h>

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

  pid_t hold(const std::string& id) {
    held_.push_back(hold_runner(nightjar_, id));
    return held_.back();
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
