// Killing the native agent's processes while it works: the conversation goes on, nothing runs
// twice.
#include <signal.h>

#include <random>

#include "base/text.h"
#include "kill_loop.h"
#include "native_fixture.h"

namespace nightjar::test {
namespace {

/// Seven turns with parallel calls; each command leaves a line in a file that the last one shows.
std::string long_work() {
  std::string replies;
  for (int i = 1; i <= 5; ++i) {
    const std::string n = std::to_string(i);
    replies += R"({"say": "step )" + n + R"(", "delay_ms": 4, "calls": [
      {"tool": "shell", "arguments": {"command": "echo begin )" +
               n + R"( >> steps.txt; sleep 0.3; echo end )" + n + R"( >> steps.txt"}},
      {"tool": "write", "arguments": {"path": "notes/)" +
               n + R"(.md", "content": "note )" + n + R"(\n"}}]},)";
  }
  return R"({"replies": [)" + replies + R"(
    {"calls": [)" +
         kFix +
         R"(, {"tool": "shell", "arguments": {"command": "echo STEPS; cat steps.txt; ls notes; rm -r steps.txt notes"}}]},
    {"say": "Done.", "calls": [)" +
         kFinish + R"(]}]})";
}

class NativeKill : public NativeTest, public testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Each, NativeKill, testing::Values("openai", "anthropic"),
                         [](const auto& each) { return std::string(each.param); });

pid_t runner_of(const fs::path& run) {
  pid_t runner = 0;
  const std::string text = try_read_file(run / "journal.jsonl").value_or("");
  for (const auto line : lines(text)) {
    const auto event = parse_json(line);
    if (event && get_string(event->as_object(), "kind") == "run_started")
      runner = static_cast<pid_t>(get_int(get_object(event->as_object(), "body"), "pid"));
  }
  return runner;
}

// Whether the command of this step has written its first line.
bool has_begun(const fs::path& run, int step) {
  std::error_code gone;  // the folder lives
  for (fs::recursive_directory_iterator at(run, fs::directory_options::skip_permission_denied,
                                           gone);
       at != fs::recursive_directory_iterator(); at.increment(gone)) {
    if (gone) return false;
    if (at->path().filename() != "steps.txt") continue;
    return try_read_file(at->path()).value_or("").find("begin " + std::to_string(step) + "\n") !=
           std::string::npos;
  }
  return false;
}

TEST_P(NativeKill, TheConversationGoesOnAndNoCallRunsTwice) {
  play(long_work(), GetParam());
  const std::string id = assign();
  const fs::path run = nightjar_.state() / "runs" / (id + ".1");
  // Each time a command has begun; then twice at any moment.
  std::mt19937 random(static_cast<unsigned>(GetParam()[0]));
  for (int kills = 0; kills < 6;) {
    if (kills < 4)
      await("the next command", [&] { return has_begun(run, kills + 1); });
    else
      ::usleep(random() % 200'000);  // the random moment is the test
    if (const pid_t runner = runner_of(run); runner > 0) ::kill(runner, SIGKILL);
    ++kills;
  }
  const json::object task = settle(nightjar_, id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_EQ(server_->violations(), "");
  const std::string body = server_->last_body();
  // In the output of the last `cat`, each step began once.
  const size_t first = body.rfind("STEPS\\nbegin 1\\n");
  ASSERT_NE(first, std::string::npos) << body;
  const std::string shown = body.substr(first);
  for (int i = 1; i <= 5; ++i) {
    const std::string begin = "begin " + std::to_string(i) + "\\n";
    const size_t at = shown.find(begin);
    // A kill in the last two rounds may come before the command wrote anything.
    EXPECT_TRUE(i > 4 || at != std::string::npos) << begin << shown;
    EXPECT_TRUE(at == std::string::npos || shown.find(begin, at + 1) == std::string::npos)
        << begin << shown;
  }
  EXPECT_NE(body.find("1.md\\n2.md\\n3.md\\n"), std::string::npos) << "calls that had not begun";
}

TEST_F(NativeTest, ARunnerThatDiesAgainAndAgainWithoutGettingFurtherIsStartedLessOften) {
  play(R"({"replies": [{)" + held() + R"(, "calls": [)" + kFix + R"(]}, {"calls": [)" + kFinish +
       R"(]}]})");
  const std::string id = assign();
  const fs::path run = nightjar_.state() / "runs" / (id + ".1");
  for (size_t kills = 0; kills < 4; ++kills) {
    wait_for_requests(kills + 1);
    ::kill(runner_of(run), SIGKILL);
  }
  const Deadline deadline = in(std::chrono::seconds(20));
  std::string reason;
  while (reason.empty() && std::chrono::steady_clock::now() < deadline)
    reason = get_string(nightjar_.task(id), "reason");
  EXPECT_NE(reason.find("ended 3 times in a row during 'work' without getting further"),
            std::string::npos)
      << reason;
  EXPECT_NE(reason.find("it is started again 1"), std::string::npos) << reason;
  release();
  const json::object task = settle(nightjar_, id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_EQ(get_string(task, "reason"), "");
}

TEST_F(NativeTest, AnAnswerIsNotReadTwiceAfterAKill) {
  play(R"({"replies": [
    {"calls": [{"tool": "ask", "arguments": {"question": "Which Python?"}},
               {"tool": "shell", "arguments": {"command": "echo begin 1 > steps.txt; sleep 3; rm steps.txt"}}]},
    {"calls": [{"tool": "shell", "arguments": {"command": "rm -f steps.txt"}}, )" +
       kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const std::string id = get_string(finish(), "id");
  EXPECT_EQ(nightjar_.run({"answer", id, "Python 3.9"}).exit_status, 0);
  const fs::path run = nightjar_.state() / "runs" / (id + ".1");
  await("the first command", [&run] { return has_begun(run, 1); });
  ::kill(runner_of(run), SIGKILL);
  const json::object task = settle(nightjar_, id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  const std::string body = server_->last_body();
  const size_t answer = body.find("Python 3.9");
  ASSERT_NE(answer, std::string::npos);
  EXPECT_EQ(body.find("Python 3.9", answer + 1), std::string::npos) << body;
  EXPECT_EQ(server_->violations(), "");
}

TEST_F(NativeTest, ALostWorkTreeComesBackFromItsCheckpoint) {
  play(R"({"replies": [
    {"calls": [)" +
       kFix + R"(]},
    {"calls": [{"tool": "ask", "arguments": {"question": "Go on?"}}]},
    {"calls": [{"tool": "shell", "arguments": {"command": "cat calc.py"}}]},
    {"calls": [)" +
       kFinish + R"(]}]})");
  const json::object asked = finish();
  const std::string id = get_string(asked, "id");
  ASSERT_EQ(get_string(asked, "state"), "waiting") << log(asked);
  ASSERT_TRUE(remove_tree(nightjar_.state() / "runs" / (id + ".1") / "stages"));
  EXPECT_EQ(nightjar_.run({"answer", id, "yes"}).exit_status, 0);
  const json::object task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_NE(server_->last_body().find("return a + b\\n\\n\\ndef one"), std::string::npos);
}

TEST_F(NativeTest, ARewindPutsFilesAndConversationBack) {
  play(R"({"rewinds": true, "replies": [
    {"calls": [{"tool": "write", "arguments": {"path": "first.md", "content": "1\n"}}]},
    {"calls": [{"tool": "write", "arguments": {"path": "second.md", "content": "2\n"}}]},
    {"once": {"calls": [{"tool": "ask", "arguments": {"question": "Go on?"}}]},
     "calls": [{"tool": "shell", "arguments": {"command": "ls *.md; rm *.md"}}, )" +
       kFix + R"(]},
    {"calls": [)" +
       kFinish + R"(]}]})");
  const json::object asked = finish();
  const std::string id = get_string(asked, "id");
  ASSERT_EQ(get_string(asked, "state"), "waiting") << log(asked);
  EXPECT_EQ(nightjar_.run({"rewind", id, "--turn", "7"}).exit_status, 2);
  EXPECT_EQ(nightjar_.run({"rewind", id, "--turn", "1"}).exit_status, 0);
  const json::object task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_EQ(server_->violations(), "");
  EXPECT_NE(server_->last_body().find("first.md\\nsecond.md\\n"), std::string::npos)
      << server_->last_body();
}

}  // namespace
}  // namespace nightjar::test
