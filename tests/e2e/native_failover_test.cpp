// A second model goes on where the first cannot: on any wire, with the same conversation.
#include <csignal>

#include "native_fixture.h"

namespace nightjar::test {
namespace {

constexpr const char* kRead = R"({"tool": "read", "arguments": {"path": "calc.py"}})";

class NativeFailover : public NativeTest,
                       public testing::WithParamInterface<std::pair<const char*, const char*>> {
 protected:
  /// The first model looks around and then fails; the second one has the rest of the script.
  void play_two(const std::string& fault, const std::string& third = "\"say\": \"So.\"") {
    const auto [first, second] = GetParam();
    play(
        std::string(
            R"({"rewinds": true, "replies": [{"think": "Where is it?", "say": "I look.", "calls": [)") +
            kRead + ", " + kRead + R"(]}, {"faults_of": "c", "faults": [)" + fault +
            R"(], "calls": [)" + kFix + R"(]}, {)" + third +
            R"(, "calls": [{"tool": "shell", "arguments": {"command": "echo sound"}}]}, {"calls": [)" +
            kFinish + "]}]}",
        first, "failover = \"second\"\n");
    const std::string wire = second;
    nightjar_.configure(
        "model = \"scripted\"\n" + read_file(nightjar_.config()) + "[models.second]\nwire = \"" +
        wire + "\"\nmodel = \"backup\"\nbase_url = \"" + server_->base_url("play", "d", wire) +
        "\"\nkey = \"" + ModelServer::kKey + "\"\n");
  }
};

INSTANTIATE_TEST_SUITE_P(Each, NativeFailover,
                         testing::Values(std::pair{"openai", "anthropic"},
                                         std::pair{"anthropic", "gemini"},
                                         std::pair{"gemini", "chat"}, std::pair{"chat", "openai"},
                                         std::pair{"openai", "openai"}),
                         [](const auto& pair) {
                           return std::string(pair.param.first) + "_to_" + pair.param.second;
                         });

TEST_P(NativeFailover, GoesOnWhereTheFirstWouldWaitForHours) {
  play_two(R"({"status": 429, "headers": {"retry-after": "7200"}})");
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_TRUE(server_->violations().empty()) << server_->violations();
  const json::object run = get_array(task, "runs").at(0).as_object();
  EXPECT_EQ(get_string(run, "model"), "second");
  EXPECT_EQ(get_int(run, "turns"), 4);
  EXPECT_EQ(get_int(get_object(run, "tokens"), "output"), 4 * 20) << "both are counted";
  EXPECT_NE(log(task).find("second goes on in place of scripted"), std::string::npos) << log(task);
}

using NativeFailoverOnce = NativeFailover;
INSTANTIATE_TEST_SUITE_P(One, NativeFailoverOnce,
                         testing::Values(std::pair{"anthropic", "openai"}));

TEST_P(NativeFailoverOnce, AnEmptyPurseIsAReasonAndARewindGoesBackBehindIt) {
  play_two(
      R"({"status": 402, "body": {"error": {"type": "billing_error", "message": "no credit"}}})");
  nightjar_.configure("limit_turns = 3\n" + read_file(nightjar_.config()));
  const std::string id = assign();
  json::object task = settled(id);
  EXPECT_EQ(get_string(task, "state"), "waiting") << log(task);
  EXPECT_EQ(nightjar_.run({"rewind", id, "--turn", "1", "--limit-turns", "20"}).exit_status, 0);
  task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_TRUE(server_->violations().empty()) << server_->violations();
}

TEST_P(NativeFailoverOnce, ARunnerThatIsKilledAfterwardsGoesOnWithTheSecond) {
  play_two(R"({"status": 401, "body": {"error": {"message": "no such key"}}})", held());
  const std::string id = assign();
  wait_for_requests(4);
  for (const pid_t pid : nightjar_.processes()) {
    if (name_of(pid).starts_with("nightjar-run")) ::kill(pid, SIGKILL);
  }
  release();
  const json::object task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_TRUE(server_->violations().empty()) << server_->violations();
  EXPECT_NE(log(task).find("start 2"), std::string::npos) << log(task);
}

TEST_P(NativeFailoverOnce, WhatTheFirstDeclinesTwiceTheSecondIsAsked) {
  const std::string no = R"({"stop": "refusal", "say": "No."})";
  play_two("", "\"once_of\": \"c\", \"once\": [" + no + ", " + no + "]");
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_TRUE(server_->violations().empty()) << server_->violations();
  EXPECT_EQ(server_->requests().size(), 6U);
  EXPECT_NE(log(task).find("second goes on in place of scripted"), std::string::npos) << log(task);
}

TEST_F(NativeTest, AFailoverThatNobodyKnowsIsRefusedAtOnce) {
  play(R"({"replies": [{"say": "x"}]})", "openai", "failover = \"gone\"\n");
  const auto refused = nightjar_.run({"assign", "Fix the bug in add()"}, repo_.path());
  EXPECT_EQ(refused.exit_status, 2);
  EXPECT_NE(refused.err.find("the failover of 'scripted'"), std::string::npos) << refused.err;
}

}  // namespace
}  // namespace nightjar::test
