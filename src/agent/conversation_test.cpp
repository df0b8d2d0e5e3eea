#include "agent/native/conversation.h"

#include <gtest/gtest.h>

#include "agent/native/compaction.h"
#include "base/error.h"

namespace nightjar::agent::native {
namespace {

using model::Reply;
using model::ToolCall;
using model::ToolResult;

class ConversationTest : public testing::TestWithParam<model::WireKind> {
 protected:
  Conversation open() {
    model::Endpoint endpoint;
    endpoint.wire = GetParam();
    endpoint.model = "m";
    return {dir_.path() / "conversation.jsonl", endpoint, {"system", {}, ""}};
  }
  // One turn: a call of a tool and what it printed.
  static void turn(Conversation& conversation, int number, const std::string& output,
                   const std::string& tool = "shell", const std::string& arguments = "{}") {
    Reply reply;
    reply.text = "said " + std::to_string(number);
    reply.calls = {ToolCall{"c" + std::to_string(number), tool, arguments}};
    conversation.reply(reply);
    conversation.call_begins(reply.calls[0]);
    conversation.result(ToolResult{reply.calls[0].id, tool, output, false, "", ""});
    conversation.answer("");
  }
  const model::Wire& wire() const { return model::wire_of(GetParam()); }
  TempDir dir_{"nightjar-conversation"};
};
INSTANTIATE_TEST_SUITE_P(Each, ConversationTest,
                         testing::Values(model::WireKind::Responses, model::WireKind::Chat,
                                         model::WireKind::Anthropic, model::WireKind::Gemini),
                         [](const auto& each) { return std::string(to_string(each.param)); });

const std::string kLong(40'000, 'x');

TEST_P(ConversationTest, AnotherProcessSendsTheSameBytes) {
  std::string request;
  {
    Conversation first = open();
    first.user("task", "task");
    turn(first, 1, "out");
    request = first.request();
  }
  EXPECT_EQ(open().request(), request);
}

TEST_P(ConversationTest, ATornLastLineIsAsIfItHadNotBeen) {
  std::string request;
  {
    Conversation first = open();
    first.user("task", "task");
    request = first.request();
    turn(first, 1, "out");
  }
  const fs::path file = dir_.path() / "conversation.jsonl";
  const std::string text = read_file(file);
  const size_t reply = text.find("\n", text.find("\"kind\":\"user\"")) + 1;
  write_durably(file, text.substr(0, reply + 20));
  Conversation again = open();
  EXPECT_EQ(again.request(), request);
  EXPECT_EQ(again.turn(), 0);
  turn(again, 1, "out");
  EXPECT_EQ(open().request(), again.request());
}

TEST_P(ConversationTest, SomebodyElsesLinesAreAnErrorThatNamesTheFile) {
  open().user("task");
  const fs::path file = dir_.path() / "conversation.jsonl";
  write_durably(file, read_file(file) + "not of this program\n");
  try {
    open();
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(file.string()), std::string::npos);
  }
}

TEST_P(ConversationTest, AReplacementIsWhatIsSentFromThenOn) {
  Conversation conversation = open();
  conversation.user("task");
  for (int i = 1; i <= 4; ++i) turn(conversation, i, kLong + std::to_string(i));
  const auto shorter = clear_old_results(conversation.transcript(), 50'000, wire());
  ASSERT_TRUE(shorter);
  const auto before = conversation.tokens();
  conversation.replace(*shorter);
  EXPECT_LT(conversation.tokens(), before / 2);
  EXPECT_EQ(conversation.request().find(kLong + "1"), std::string::npos);
  EXPECT_NE(conversation.request().find(kLong + "4"), std::string::npos);
  EXPECT_EQ(open().request(), conversation.request());
  turn(conversation, 5, "five");
  EXPECT_EQ(open().request(), conversation.request());
  EXPECT_EQ(open().turn(), 5);
}

TEST_P(ConversationTest, ARewindReachesBehindAReplacement) {
  Conversation conversation = open();
  conversation.user("task");
  turn(conversation, 1, kLong + "1");
  const std::string after_one = conversation.request();
  for (int i = 2; i <= 4; ++i) turn(conversation, i, kLong + std::to_string(i));
  conversation.replace(with_summary(conversation.transcript(), "notes", 1'000, wire()));
  turn(conversation, 5, "five");
  const std::string after_five = conversation.request();
  turn(conversation, 6, "six");

  conversation.rewind(5, "first");
  EXPECT_EQ(conversation.request(), after_five);
  conversation.rewind(1, "second");
  EXPECT_EQ(conversation.request(), after_one);
  EXPECT_EQ(conversation.turn(), 1);
  EXPECT_EQ(open().request(), after_one);
  turn(conversation, 2, "another way");
  EXPECT_EQ(conversation.transcript().entries.back().results[0].output, "another way");
  EXPECT_EQ(conversation.transcript().entries.size(), 5U);  // task and two turns
}

TEST_P(ConversationTest, ASummaryKeepsWhatMustOutliveIt) {
  Conversation conversation = open();
  conversation.user("the task");
  turn(conversation, 1, "seen", "plan",
       R"({"items": [{"text": "first", "done": true}, {"text": "second", "done": false}]})");
  turn(conversation, 2, "ok", "edit", R"({"path": "src/a.c", "old": "a", "new": "b"})");
  turn(conversation, 3, "ok", "patch",
       R"({"patch": "*** Begin Patch\n*** Update File: src/b.c\n@@\n-x\n+y\n*** End Patch"})");
  turn(conversation, 4, "t1 fails", "check");
  conversation.user("The person says: mind the style");
  for (int round = 0; round < 2; ++round) {  // also of a summary of a summary
    for (int i = 0; i < 3; ++i) turn(conversation, 5 + 3 * round + i, kLong);
    conversation.replace(
        with_summary(conversation.transcript(), "notes " + std::to_string(round), 1'000, wire()));
  }
  const std::string sent = conversation.request();
  for (const char* kept : {"the task", "[x] first", "[ ] second", "src/a.c", "src/b.c", "t1 fails",
                           "mind the style", "notes 1"})
    EXPECT_NE(sent.find(kept), std::string::npos) << kept;
  EXPECT_EQ(sent.find("notes 0"), std::string::npos);
  EXPECT_LT(sent.size(), 5'000U);
}

// A call without its result, or a result without its call, is refused by every vendor.
TEST_P(ConversationTest, NoCallIsPartedFromItsResult) {
  for (const size_t keep : {0U, 100U, 1'000U, 45'000U, 90'000U, 1'000'000U}) {
    fs::remove(dir_.path() / "conversation.jsonl");
    Conversation conversation = open();
    conversation.user("task");
    for (int i = 1; i <= 4; ++i) turn(conversation, i, kLong);
    conversation.replace(with_summary(conversation.transcript(), "notes", keep, wire()));
    const Transcript transcript = conversation.transcript();
    size_t calls = 0;
    for (const auto& entry : transcript.entries) {
      if (entry.kind == Entry::Kind::Reply) ++calls;
      if (entry.kind != Entry::Kind::Results) continue;
      ASSERT_EQ(calls, 1U) << keep;
      calls = 0;
    }
    EXPECT_EQ(calls, 0U) << keep;
    EXPECT_EQ(transcript.entries[0].text, "task");
  }
}

TEST_P(ConversationTest, WhatTheVendorCountedIsNotGuessed) {
  Conversation conversation = open();
  conversation.user("task");
  EXPECT_EQ(conversation.tokens(), conversation.guessed_tokens());
  Reply reply;
  reply.text = "said";
  reply.usage = {100'000, 0, 0, 50, 0};
  conversation.reply(reply);
  EXPECT_EQ(conversation.tokens(), 100'050);
  EXPECT_EQ(conversation.guessed_tokens(), 0);
  conversation.user(std::string(4'000, 'x'));
  EXPECT_NEAR(static_cast<double>(conversation.tokens()), 101'060, 40);
}

}  // namespace
}  // namespace nightjar::agent::native
