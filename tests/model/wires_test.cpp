// All four wires against the scripted server, which holds every request against the protocol.
#include "model/client.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/model_server.h"

namespace nightjar::model {
namespace {

using test::ModelServer;

const std::vector<ToolSpec> kTools{
    {"shell", "Runs a command.",
     R"({"type":"object","properties":{"command":{"type":"string"}},"required":["command"]})"},
    {"read", "Reads a file.",
     R"({"type":"object","properties":{"path":{"type":"string"}},"required":["path"]})"}};

/// A conversation as the agent keeps one.
class Talk {
 public:
  Talk(const ModelServer& server, const std::string& scenario, WireKind kind)
      : client_(endpoint(server, scenario, kind), ModelServer::kKey, {Millis(2), Millis(20)}) {
    body_ = client_.wire().prefix(client_.endpoint(), {"You work.", kTools, "key"});
    add(client_.wire().user("Fix it."));
  }

  Outcome next(const CallHooks& hooks = {}, std::stop_token stop = {}) {
    auto outcome = client_.call(body_ + client_.wire().suffix(), hooks, deadline_, stop);
    if (outcome) add(outcome->replay.empty() ? client_.wire().reply(*outcome) : outcome->replay);
    return outcome;
  }
  void answer(const Reply& reply, const std::string& output, const std::string& message = "") {
    std::vector<ToolResult> results;
    for (const auto& call : reply.calls) results.push_back({call.id, call.name, output, false});
    add(client_.wire().results(results, message));
  }
  void say(const std::string& text) { add(client_.wire().user(text)); }

  Deadline deadline_ = in(std::chrono::seconds(60));

 private:
  static Endpoint endpoint(const ModelServer& server, const std::string& scenario, WireKind kind) {
    Endpoint out;
    out.wire = kind;
    out.model = "scripted";
    out.base_url = server.base_url(scenario, "c", std::string(to_string(kind)));
    return out;
  }
  void add(const std::string& item) {
    if (item.empty()) return;
    const char last = body_.back();
    if (last != '[') body_ += ',';
    body_ += item;
  }
  Client client_;
  std::string body_;
};

class Wires : public testing::TestWithParam<WireKind> {};
INSTANTIATE_TEST_SUITE_P(Each, Wires,
                         testing::Values(WireKind::Responses, WireKind::Chat, WireKind::Anthropic,
                                         WireKind::Gemini),
                         [](const auto& each) { return std::string(to_string(each.param)); });

TEST_P(Wires, AConversationWithParallelCallsThoughtsAndMessagesKeepsAllRules) {
  const ModelServer server("work", R"({"replies": [
    {"think": "First I look.", "say": "Looking é…", "split": 1, "calls": [
       {"tool": "shell", "arguments": {"command": "ls \"a b\" ; echo é\n"}},
       {"tool": "read", "arguments": {"path": "a.py"}}],
     "usage": {"input": 1000, "cached": 600, "output": 50}},
    {"calls": [{"tool": "shell", "arguments": {}}], "chunk": 1000},
    {"say": "Done."}]})");
  Talk talk(server, "work", GetParam());
  std::string seen;
  auto first = talk.next({[&](std::string_view text) { seen += text; }, {}, {}});
  ASSERT_TRUE(first) << first.error().words;
  EXPECT_EQ(first->text, "Looking é…");
  EXPECT_EQ(seen, first->text);
  EXPECT_EQ(first->thoughts, "First I look.");
  EXPECT_EQ(first->stop, Stop::Calls);
  EXPECT_EQ(first->model, "scripted");
  EXPECT_EQ(first->usage, (Usage{1000, 600, 0, 50, 0}));
  ASSERT_EQ(first->calls.size(), 2U);
  EXPECT_EQ(first->calls[0].name, "shell");
  EXPECT_EQ(parse_json(first->calls[0].arguments)->at("command"), "ls \"a b\" ; echo é\n");
  EXPECT_EQ(parse_json(first->calls[1].arguments)->at("path"), "a.py");
  EXPECT_EQ(reply_from(to_json(*first)), *first);
  talk.answer(*first, "a\x1b\xff\xed\xa0\x80 é", "Also look at b.");
  auto second = talk.next();
  ASSERT_TRUE(second) << second.error().words;
  EXPECT_TRUE(second->text.empty());
  ASSERT_EQ(second->calls.size(), 1U);
  EXPECT_EQ(second->calls[0].arguments, "{}");
  talk.answer(*second, "");
  auto third = talk.next();
  ASSERT_TRUE(third) << third.error().words;
  EXPECT_EQ(third->text, "Done.");
  EXPECT_EQ(third->stop, Stop::Finished);
  talk.say("A test still fails.");
  ASSERT_TRUE(talk.next());
  EXPECT_EQ(server.violations(), "");
  EXPECT_EQ(server.requests().size(), 4U);
}

TEST_P(Wires, FaultsThatPassAreWaitedOut) {
  const ModelServer server("flaky", R"({"replies": [{"say": "Here I am.", "chunk": 2, "faults": [
    {"status": 429, "headers": {"retry-after-ms": "20"}, "body": {"error": {"type": "rate_limit_error", "message": "slow down"}}},
    {"status": 503, "headers": {"retry-after": "0"}, "body": {}},
    {"close": true},
    {"cut_after": 3},
    {"error_in_stream": {"type": "overloaded_error", "code": "overloaded", "message": "Overloaded"}},
    {"raw": "data: [1,2\n\n"}]}]})");
  Talk talk(server, "flaky", GetParam());
  const auto reply = talk.next();
  ASSERT_TRUE(reply) << reply.error().words;
  EXPECT_EQ(reply->text, "Here I am.");
  EXPECT_EQ(server.requests().size(), 7U);
  EXPECT_EQ(server.violations(), "");
}

TEST_P(Wires, WhatNoWaitMendsIsToldAtOnce) {
  const ModelServer server(
      {{"money", R"({"replies": [{"faults": [{"status": 429, "body": {"error": {
        "type": "insufficient_quota", "code": "insufficient_quota", "message": "You exceeded your current quota"}}}]}]})"},
       {"long", R"({"replies": [{"faults": [{"status": 400, "body": {"error": {
        "code": "context_length_exceeded", "message": "maximum context length is 10 tokens"}}}]}]})"},
       {"wrong", R"({"replies": [{"faults": [{"status": 400, "body": {"error": {
        "type": "invalid_request_error", "message": "no such\u001b[31m model"}}}]}]})"}});
  const auto money = Talk(server, "money", GetParam()).next();
  ASSERT_FALSE(money);
  EXPECT_EQ(money.error().kind, Failure::Kind::NoMoney);
  EXPECT_EQ(money.error().words, "You exceeded your current quota");
  const auto too_long = Talk(server, "long", GetParam()).next();
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().kind, Failure::Kind::ContextFull);
  const auto wrong = Talk(server, "wrong", GetParam()).next();
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, Failure::Kind::Rejected);
  EXPECT_EQ(wrong.error().words.find('\x1b'), std::string::npos);
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST_P(Wires, ALongWaitIsToldAndAStopEndsIt) {
  const ModelServer server("busy", R"({"replies": [{"faults": [
    {"status": 429, "headers": {"retry-after": "3600"}, "body": {"error": {"message": "come back later"}}}]}]})");
  Talk talk(server, "busy", GetParam());
  talk.deadline_ = kNoDeadline;
  std::stop_source stop;
  std::vector<Waiting> waits;
  const auto on_wait = [&](const Waiting& waiting) {
    waits.push_back(waiting);
    stop.request_stop();
  };
  EXPECT_THROW(talk.next({{}, on_wait, {}}, stop.get_token()), Cancelled);
  ASSERT_EQ(waits.size(), 1U);
  EXPECT_EQ(waits[0].failure.kind, Failure::Kind::RateLimit);
  EXPECT_EQ(waits[0].failure.words, "come back later");
  EXPECT_GE(waits[0].until - now(), std::chrono::minutes(59));
  talk.deadline_ = in(std::chrono::minutes(1));
  const auto late = Talk(server, "busy", GetParam()).next();
  EXPECT_TRUE(late);  // asked for the second time it answers
}

TEST_P(Wires, EndlessRepetitionIsCut) {
  const ModelServer server(
      "loop", R"({"replies": [{"say": "I will now fix it. ", "repeat": 400000, "chunk": 4000}]})");
  const auto reply = Talk(server, "loop", GetParam()).next();
  ASSERT_TRUE(reply) << reply.error().words;
  EXPECT_EQ(reply->stop, Stop::Repetition);
  EXPECT_LE(reply->text.size(), 4096U);
  EXPECT_TRUE(reply->calls.empty());
}

TEST_P(Wires, AFloodEndsTheReplyAndNotTheProgram) {
  const ModelServer server(
      "flood", R"({"replies": [{"say": "0123456789abcdef", "chunk": 4000, "usage": {"input": 1},
     "faults": [{"raw": ""}, {"raw": ": nothing\n\n"}, {"raw": "data: {\n\n"}]}]})");
  const auto reply = Talk(server, "flood", GetParam()).next();
  ASSERT_TRUE(reply);
  const ModelServer deep(
      "deep", "{\"replies\": [{\"faults\": [{\"raw\": \"data: " + std::string(5000, '[') +
                  "\\n\\n\"},{\"raw\": \"data: " + std::string(5000, '[') +
                  "\\n\\n\"},{\"raw\": \"data: " + std::string(5000, '[') + "\\n\\n\"}]}]}");
  const auto malformed = Talk(deep, "deep", GetParam()).next();
  ASSERT_FALSE(malformed);
  EXPECT_EQ(malformed.error().kind, Failure::Kind::Malformed);
}

TEST_P(Wires, AnAnswerThatWasCutAtItsLongestKeepsNoHalfCall) {
  const ModelServer server("cut", R"({"replies": [{"say": "I write", "stop": "length",
     "calls": [{"tool": "shell", "arguments": "{\"command\": \"ec"}]}]})");
  if (GetParam() == WireKind::Gemini) return;  // its calls come whole
  const auto reply = Talk(server, "cut", GetParam()).next();
  ASSERT_TRUE(reply) << reply.error().words;
  EXPECT_EQ(reply->stop, Stop::Length);
  EXPECT_TRUE(reply->calls.empty());
}

TEST(Waits, DoubleAreJitteredAndGoByTheServersWord) {
  const Failure plain{Failure::Kind::Overloaded, "", std::nullopt, 503};
  EXPECT_EQ(wait_before(plain, 1, 0), Millis(500));
  EXPECT_EQ(wait_before(plain, 4, 0), Millis(4000));
  EXPECT_EQ(wait_before(plain, 4, 1), Millis(5000));
  EXPECT_EQ(wait_before(plain, 60, 0), Millis(300'000));
  const Failure asked{Failure::Kind::RateLimit, "", Millis(7'200'000), 429};
  EXPECT_EQ(wait_before(asked, 1, 0), Millis(7'200'000));
}

}  // namespace
}  // namespace nightjar::model
