// What uses up a run's time and patience, and what does not.
#include "e2e/native_fixture.h"

namespace nightjar::test {
namespace {

TEST_F(NativeTest, TheEndOfItsTimeParksARunThatGoesOnWithMore) {
  play(R"({"replies": [{)" + held() + R"(, "calls": [)" + kFix + R"(]}, {"calls": [)" + kFinish +
       R"(]}]})");
  const json::object late = finish({"--limit-time", "5s"});
  const std::string id = get_string(late, "id");
  EXPECT_EQ(get_string(late, "state"), "waiting") << log(late);
  EXPECT_NE(get_string(late, "reason").find("resume " + id + " --limit-time N"), std::string::npos)
      << get_string(late, "reason");
  EXPECT_EQ(nightjar_.run({"tell", id, "Go on."}).exit_status, 0);
  const json::object still = settled(id);
  EXPECT_EQ(get_string(still, "state"), "waiting") << log(still);
  release();
  EXPECT_EQ(nightjar_.run({"resume", id, "--limit-time", "2m"}).exit_status, 0);
  EXPECT_EQ(verdict(settled(id)), "proved") << log(late);
}

TEST_F(NativeTest, AWaitForTheModelIsNoTimeOfTheRun) {
  play(
      R"({"replies": [{"faults": [{"status": 429, "headers": {"retry-after": "5"}, "body": {"error": {"message": "slow down"}}}],
        "calls": [)" +
      kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const json::object task = finish({"--limit-time", "5s"});
  EXPECT_EQ(verdict(task), "proved") << get_string(task, "reason") << log(task);
}

TEST_F(NativeTest, CommandsThatEditAreNoCircle) {
  std::string replies;
  for (int i = 1; i <= 9; ++i)
    replies += R"({"calls": [{"tool": "shell", "arguments": {"command": "echo )" +
               std::to_string(i) + R"( >> notes.md"}}, {"tool": "check", "arguments": {}}]},)";
  play(R"({"replies": [)" + replies + R"({"calls": [)" + kFix +
       R"(, {"tool": "shell", "arguments": {"command": "rm notes.md"}},
       {"tool": "check", "arguments": {}}]}, {"calls": [)" +
       kFinish + R"(]}]})");
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "proved") << get_string(task, "reason");
  const std::string body = body_of_last_request();
  EXPECT_EQ(body.find("you made this same call"), std::string::npos);
  // What became of the test that failed before is said.
  EXPECT_NE(body.find("Still failing as before:\\n- add adds (tests)"), std::string::npos) << body;
  EXPECT_NE(body.find("Fixed:\\n- add adds (tests)"), std::string::npos) << body;
}

TEST_F(NativeTest, TimesInAnOutputHideNoCircle) {
  play(R"({"replies": [{"calls": [
    {"tool": "shell", "arguments": {"command": "echo passed in $(date +%s.%N)s"}}]}]})");
  const json::object task = finish();
  EXPECT_EQ(get_string(task, "state"), "waiting") << log(task);
  EXPECT_NE(get_string(task, "reason").find("circles"), std::string::npos);
}

TEST_F(NativeTest, WatchingSomethingGrowIsNoCircle) {
  std::string replies;
  for (int i = 1; i <= 10; ++i)
    replies +=
        R"({"calls": [{"tool": "shell", "arguments": {"command": "echo x >> /tmp/log; echo $(wc -l < /tmp/log)0%"}}]},)";
  play(R"({"replies": [)" + replies + R"({"calls": [)" + kFix + R"(]}, {"calls": [)" + kFinish +
       "]}]}");
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "proved") << get_string(task, "reason");
}

TEST_F(NativeTest, WaitingForAQuietCommandIsNoCircle) {
  std::string replies =
      R"({"calls": [{"tool": "shell", "arguments": {"command": "sleep 300", "background": true}}]},)";
  for (int i = 1; i <= 10; ++i)
    replies += R"({"calls": [{"tool": "shell", "arguments": {"job": "job1"}}]},)";
  play(R"({"replies": [)" + replies + R"({"calls": [)" + kFix +
       R"(, {"tool": "shell", "arguments": {"job": "job1", "stop": true}}]}, {"calls": [)" +
       kFinish + R"(]}]})");
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "proved") << get_string(task, "reason");
  EXPECT_NE(body_of_last_request().find("[job1 is running]"), std::string::npos);
}

TEST_F(NativeTest, RepliesThatAreCutAgainAndAgainAreNotPaidForEver) {
  play(R"({"replies": [{"say": "abc ", "stop": "length"}]})");
  const json::object task = finish();
  EXPECT_EQ(get_string(task, "state"), "waiting") << log(task);
  EXPECT_NE(get_string(task, "reason").find("3 replies in a row held no call: they were cut"),
            std::string::npos)
      << get_string(task, "reason");
  EXPECT_EQ(server_->requests().size(), 3U);
}

TEST_F(NativeTest, TriesThatBreakOffArePaidFor) {
  play(
      R"({"replies": [{"faults": [{"cut_after": 2}, {"cut_after": 2}, {"cut_after": 2}], "calls": [)" +
          kFix + R"(], "usage": {"input": 1000, "output": 10}}, {"calls": [)" + kFinish +
          R"(], "usage": {"input": 1000, "output": 10}}]})",
      "anthropic");
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_EQ(get_int(get_object(task, "tokens"), "input"), 5000) << json::serialize(task);
  EXPECT_EQ(get_int(task, "turns"), 2);
}

TEST_F(NativeTest, TimeThatEndsDuringTheProofLosesNothingOfTheWork) {
  repo_.write("slow.sh",
              "grep -q 'a + b' calc.py && sleep 6\n"
              "exec python3 test_calc.py\n");
  repo_.write("nightjar.toml", "[[check]]\nname = \"tests\"\nrun = \"sh slow.sh\"\n");
  repo_.commit("checks that take their time once it is mended");
  play(R"({"replies": [{"calls": [)" + kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const json::object late = finish({"--limit-time", "4s"});
  const std::string id = get_string(late, "id");
  EXPECT_EQ(get_string(late, "state"), "waiting") << log(late);
  EXPECT_NE(get_string(late, "reason").find("resume " + id + " --limit-time N"), std::string::npos)
      << get_string(late, "reason");
  EXPECT_EQ(nightjar_.run({"resume", id, "--limit-time", "5m"}).exit_status, 0);
  EXPECT_EQ(verdict(settled(id)), "proved") << log(late);
  EXPECT_EQ(server_->requests().size(), 2U) << "the model is not asked again";
}

TEST_F(NativeTest, ASandboxThatItsCommandsEndAgainAndAgainEndsNoRun) {
  std::string replies;
  for (int i = 1; i <= 4; ++i)
    replies += R"({"calls": [{"tool": "shell", "arguments": {"command": "kill -9 -1 #)" +
               std::to_string(i) +
               R"("}}]}, {"calls": [{"tool": "write", "arguments": {"path": "n)" +
               std::to_string(i) + R"(.md", "content": "x\n"}}]},)";
  play(R"({"replies": [)" + replies + R"({"calls": [)" + kFix +
       R"(]}, {"calls": [{"tool": "shell", "arguments": {"command": "rm n?.md"}}]}, {"calls": [)" +
       kFinish + R"(]}]})");
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "proved") << get_string(task, "reason") << log(task);
  EXPECT_NE(body_of_last_request().find("The sandbox was lost during this call"),
            std::string::npos);
  EXPECT_EQ(server_->violations(), "");
}

TEST_F(NativeTest, ARowOfEqualLinesInAFileIsNoRepetition) {
  std::string rows;
  for (int i = 0; i < 800; ++i) rows += "0,0,0,0,0\\n";
  play(
      R"({"replies": [{"calls": [{"tool": "write", "arguments": {"path": "zeros.csv", "content": ")" +
      rows + R"("}}, )" + kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "proved") << get_string(task, "reason") << log(task);
  EXPECT_EQ(server_->requests().size(), 2U);
}

TEST_F(NativeTest, AParkedRunShowsWhatProgramsInsideHadUnderWay) {
  play(
      R"({"aux": {"say": "slow", "delay_ms": 600000, "usage": {"input": 7000, "output": 50}}, "replies": [
    {"usage": {"input": 10, "output": 20}, "calls": [{"tool": "shell", "arguments": {"command": "curl -sN $ANTHROPIC_BASE_URL/v1/messages -H 'Content-Type: application/json' -d '{\"model\": \"x\", \"max_tokens\": 9, \"stream\": true, \"messages\": []}' >/tmp/came 2>&1 & until test -s /tmp/came; do :; done"}}]},
    {"usage": {"input": 10, "output": 20}, "calls": [{"tool": "ask", "arguments": {"question": "Go on?"}}]}]})",
      "anthropic");
  nightjar_.configure("gateway = true\n" + read_file(nightjar_.config()));
  const json::object task = settled(assign({"--model", "scripted"}));
  const json::object run = get_array(task, "runs").at(0).as_object();
  EXPECT_EQ(get_string(run, "state"), "waiting") << log(task);
  EXPECT_EQ(get_int(get_object(run, "tokens"), "input"), 2 * 10 + 7000) << json::serialize(run);
  EXPECT_EQ(get_int(get_object(run, "tokens"), "output"), 2 * 20 + 1);
}

}  // namespace
}  // namespace nightjar::test
