// A conversation that becomes longer than its model takes goes on, on every wire.
#include "e2e/native_fixture.h"

namespace nightjar::test {
namespace {

// A text that no two calls share and that does not repeat itself.
std::string long_text(int number, int kilobytes) {
  std::string out;
  for (int i = 0; out.size() < static_cast<size_t>(kilobytes) * 1000; ++i)
    out += "note " + std::to_string(number) + " fact " + std::to_string(i * 7919 % 100'003) + ", ";
  return out;
}

// Turns whose results are long.
std::string long_results(int turns) {
  std::string out;
  for (int i = 1; i <= turns; ++i)
    out +=
        R"({"calls": [{"tool": "shell", "arguments": {"command": "python3 -c \"print(' '.join('r)" +
        std::to_string(i) + R"(_%d' % n for n in range(2500)))\""}}]},)";
  return out;
}

// Turns whose calls are long, which nothing but a summary makes shorter.
std::string long_calls(int turns) {
  std::string out;
  for (int i = 1; i <= turns; ++i)
    out += R"({"say": "Step )" + std::to_string(i) +
           R"(.", "calls": [{"tool": "write", "arguments": {"path": "notes.md", "content": ")" +
           long_text(i, 12) + "\"}}]},";
  return out;
}

const std::string kPlan =
    R"~({"calls": [{"tool": "plan", "arguments": {"items": [{"text": "see the bug", "done": true}, {"text": "mend add()", "done": false}]}}]},)~";
const std::string kEnd = R"({"calls": [)" + kFix +
                         R"(, {"tool": "shell", "arguments": {"command": "rm -f notes.md"}}]},
                         {"calls": [)" +
                         kFinish + "]}";
constexpr const char* kSmall = "context = 24000\n";

class NativeContext : public NativeTest, public testing::WithParamInterface<const char*> {
 protected:
  int side_calls() const {
    return static_cast<int>(std::ranges::count_if(
        server_->requests(), [](const auto& request) { return get_int(request, "turn") == -1; }));
  }
};
INSTANTIATE_TEST_SUITE_P(Each, NativeContext,
                         testing::Values("openai", "chat", "anthropic", "gemini"),
                         [](const auto& each) { return std::string(each.param); });

TEST_P(NativeContext, OldResultsGoFirst) {
  play(R"({"compacts": true, "context": 24000, "replies": [)" + kPlan + long_results(6) + kEnd +
           "]}",
       GetParam(), kSmall);
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_EQ(server_->violations(), "");
  EXPECT_EQ(side_calls(), 0);
  const std::string body = body_of_last_request();
  EXPECT_NE(body.find("of output were left out to save room"), std::string::npos);
  EXPECT_NE(body.find("Fix the bug in add(): it subtracts"), std::string::npos);
  EXPECT_EQ(body.find("r1_2499"), std::string::npos);
  EXPECT_NE(body.find("r6_2499"), std::string::npos) << "the newest result";
  EXPECT_NE(log(task).find("old results were left out"), std::string::npos) << log(task);
}

TEST_P(NativeContext, ASummaryStandsForWhatWasSaidAndAQuestionMayCome) {
  play(R"({"compacts": true, "context": 24000, "aux": {"say": "SUMMARY: the minus is wrong."},
        "replies": [)" +
           kPlan + long_calls(6) +
           R"({"calls": [{"tool": "ask", "arguments": {"question": "Go on?"}}]},)" + kEnd + "]}",
       GetParam(), kSmall);
  const json::object asked = finish();
  ASSERT_EQ(get_string(asked, "state"), "waiting") << log(asked);
  // Another process goes on with the same conversation, byte for byte.
  EXPECT_EQ(nightjar_.run({"answer", get_string(asked, "id"), "yes"}).exit_status, 0);
  const json::object task = settled(get_string(asked, "id"));
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_EQ(server_->violations(), "");
  EXPECT_GE(side_calls(), 1);
  const std::string body = body_of_last_request();
  for (const char* kept : {"SUMMARY: the minus is wrong.", "Fix the bug in add(): it subtracts",
                           "[x] see the bug", "[ ] mend add()", "- notes.md"})
    EXPECT_NE(body.find(kept), std::string::npos) << kept;
  EXPECT_EQ(body.find("note 1 fact"), std::string::npos);
}

TEST_P(NativeContext, ARefusalAsTooLongIsAnsweredWithLess) {
  play(R"({"compacts": true, "context": 12000, "replies": [)" + long_results(5) + kEnd + "]}",
       GetParam());
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_EQ(server_->violations(), "");
}

TEST_P(NativeContext, WhereNoModelCanSummariseItsOwnWordsDo) {
  play(
      R"({"compacts": true, "context": 24000, "aux": {"stop": "refusal", "say": "Now"}, "replies": [)" +
          long_calls(6) + kEnd + "]}",
      GetParam(), kSmall);
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_EQ(server_->violations(), "");
  EXPECT_NE(body_of_last_request().find("What you said on the way:\\n- Step 1."),
            std::string::npos);
}

TEST_F(NativeTest, ATaskLongerThanItsModelTakesEndsHonestly) {
  play(R"({"compacts": true, "context": 500, "replies": [)" + kEnd + "]}", "chat");
  const json::object task = finish();
  EXPECT_EQ(get_string(task, "state"), "failed") << log(task);
  EXPECT_NE(get_string(task, "reason").find("the task alone is longer"), std::string::npos)
      << get_string(task, "reason");
}

TEST_F(NativeTest, ATaskThatFillsTheContextIsNotSummarisedBeforeEveryRequest) {
  repo_.write("AGENTS.md", long_text(1, 22));
  repo_.commit("many words to agents");
  std::string replies;
  for (int i = 1; i <= 8; ++i)
    replies += R"({"calls": [{"tool": "shell", "arguments": {"command": "echo )" +
               std::to_string(i) + R"("}}]},)";
  play(R"({"compacts": true, "replies": [)" + replies + kEnd + "]}", "chat", "context = 8000\n");
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "proved") << get_string(task, "reason") << log(task);
  EXPECT_LE(server_->requests().size(), 12U) << "ten turns";
  EXPECT_EQ(server_->violations(), "");
}

class NativeVendorCompaction : public NativeContext {};
INSTANTIATE_TEST_SUITE_P(Each, NativeVendorCompaction, testing::Values("openai", "anthropic"),
                         [](const auto& each) { return std::string(each.param); });

TEST_P(NativeVendorCompaction, IsUsedWhereTheVendorHasIt) {
  play(R"({"compacts": true, "context": 24000, "vendor_compaction": "KEPT BY THE VENDOR",
        "replies": [)" +
           kPlan + long_calls(6) + kEnd + "]}",
       GetParam(), kSmall);
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_EQ(server_->violations(), "");
  EXPECT_EQ(side_calls(), 0);
  const std::string body = body_of_last_request();
  for (const char* kept :
       {"KEPT BY THE VENDOR", "Fix the bug in add(): it subtracts", "[ ] mend add()"})
    EXPECT_NE(body.find(kept), std::string::npos) << kept;
  // What the vendor gives back of the person's words is not added to what we keep of them.
  const size_t task_at = body.find("Fix the bug in add(): it subtracts");
  EXPECT_EQ(body.find("Fix the bug in add(): it subtracts", task_at + 1), std::string::npos);
}

// After the person has paid it goes on with everything that it knew.
TEST_F(NativeTest, NoMoneyForASummaryLosesNothingOfTheConversation) {
  const std::string broke =
      R"({"status": 402, "body": {"error": {"message": "no credit", "type": "insufficient_quota"}}})";
  play(
      R"({"compacts": true, "context": 24000, "aux": {"say": "SUMMARY: the minus is wrong.", "faults": [)" +
          broke + R"(]}, "replies": [)" + long_calls(3) + R"({"say": "Step 4.", "faults": [)" +
          broke +
          R"(], "calls": [{"tool": "write", "arguments": {"path": "notes.md", "content": ")" +
          long_text(4, 12) + R"("}}]},)" + kEnd + "]}",
      "chat", kSmall);
  const json::object waiting = finish();
  const std::string id = get_string(waiting, "id");
  ASSERT_EQ(get_string(waiting, "state"), "waiting") << log(waiting);
  EXPECT_EQ(get_string(waiting, "waiting_for"), "quota");
  EXPECT_EQ(log(waiting).find("summar"), std::string::npos) << log(waiting);
  EXPECT_EQ(nightjar_.run({"resume", id}).exit_status, 0);
  const json::object task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_EQ(server_->violations(), "");
  EXPECT_EQ(body_of_last_request().find("What you said on the way"), std::string::npos);
}

}  // namespace
}  // namespace nightjar::test
