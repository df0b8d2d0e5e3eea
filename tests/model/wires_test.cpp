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
  Talk talk(server, "cut", GetParam());
  const auto reply = talk.next();
  ASSERT_TRUE(reply) << reply.error().words;
  EXPECT_EQ(reply->stop, Stop::Length);
  EXPECT_TRUE(reply->calls.empty());
  // Neither does what is sent back, which vendors would refuse for ever.
  talk.say("Go on.");
  EXPECT_TRUE(talk.next());
  EXPECT_EQ(server.violations(), "");
}

TEST_P(Wires, ThoughtsThatWereCutAreNotSentBackAlone) {
  const ModelServer server("cut", R"({"replies": [{"think": "I think for long", "stop": "length"},
     {"say": "Here."}]})");
  Talk talk(server, "cut", GetParam());
  const auto reply = talk.next();
  ASSERT_TRUE(reply) << reply.error().words;
  EXPECT_EQ(reply->stop, Stop::Length);
  if (GetParam() == WireKind::Gemini) return;  // takes them
  EXPECT_EQ(reply->replay, "");
}

TEST_P(Wires, WhatIsNoStreamOfEventsIsToldAndNotAskedForEver) {
  std::string faults;
  for (int i = 0; i < 20; ++i)
    faults +=
        std::string(i ? "," : "") + R"({"raw": "<html><body>Welcome to nginx!</body></html>"})";
  const ModelServer server("page", R"({"replies": [{"faults": [)" + faults + "]}]}");
  const auto reply = Talk(server, "page", GetParam()).next({.gives_up = [](const Waiting& waiting) {
    return waiting.tries >= 3;
  }});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, Failure::Kind::Overloaded);
  EXPECT_NE(reply.error().words.find("Welcome to nginx!"), std::string::npos);
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST_P(Wires, AStreamThatAlwaysBreaksInItsThoughtsEnds) {
  std::string faults;
  for (int i = 0; i < 20; ++i) faults += std::string(i ? "," : "") + R"({"cut_after": 3})";
  const ModelServer server(
      "cut", R"({"replies": [{"think": "I think and think and think and think", "say": "x",
     "chunk": 2, "faults": [)" +
                 faults + "]}]}");
  const auto reply = Talk(server, "cut", GetParam()).next();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, Failure::Kind::Broken);
  EXPECT_EQ(server.requests().size(), 5U);
}

TEST_P(Wires, AWaitThatAPersonIsToldOfMovesTheDeadline) {
  const ModelServer server("busy", R"({"replies": [{"say": "ready", "faults": [
    {"status": 429, "headers": {"retry-after-ms": "2000"}, "body": {"error": {"message": "slow down"}}}]}]})");
  Talk talk(server, "busy", GetParam());
  talk.deadline_ = in(Millis(1000));
  Millis waited{0};
  const auto reply =
      talk.next({{}, [](const Waiting&) {}, [&](Millis time) { waited = time; }, {}});
  ASSERT_TRUE(reply) << reply.error().words;
  EXPECT_GE(waited, Millis(2000));
}

TEST_P(Wires, AWrongAddressIsToldAtOnce) {
  Endpoint endpoint;
  endpoint.wire = GetParam();
  endpoint.base_url = "localhost:8080/v1";
  Client client(endpoint, "", {Millis(2), Millis(20)});
  const auto reply = client.call("{}", {}, in(std::chrono::seconds(10)), {});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, Failure::Kind::Rejected);
}

TEST_P(Wires, WhatIsWrittenToACacheIsCounted) {
  const ModelServer server("cache", R"({"replies": [{"say": "x",
     "usage": {"input": 1000, "cached": 600, "cache_write": 300, "output": 50}}]})");
  const auto reply = Talk(server, "cache", GetParam()).next();
  ASSERT_TRUE(reply) << reply.error().words;
  const std::int64_t written = GetParam() == WireKind::Gemini ? 0 : 300;  // it tells of none
  EXPECT_EQ(reply->usage, (Usage{1000, 600, written, 50, 0}));
}

TEST(Refusals, AreOfTheKindThatTheirVendorMeans) {
  const auto kind = [](int status, std::string_view body) {
    return failure_of(status, {}, body).kind;
  };
  using K = Failure::Kind;
  // Gemini's quota of a minute.
  EXPECT_EQ(
      kind(
          429,
          R"({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "You exceeded your current quota, please check your plan and billing details.",
    "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "26s"}]}})"),
      K::RateLimit);
  EXPECT_EQ(
      kind(
          429,
          R"({"error": {"code": "insufficient_quota", "message": "You exceeded your current quota"}})"),
      K::NoMoney);
  EXPECT_EQ(
      kind(
          400,
          R"({"type": "error", "error": {"type": "invalid_request_error", "message": "input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000"}})"),
      K::ContextFull);
  const auto in_stream = [](std::string_view error) {
    return failure_in_stream(parse_json(error)->as_object()).kind;
  };
  // OpenRouter's numbers.
  EXPECT_EQ(in_stream(R"({"code": 401, "message": "No auth"})"), K::BadKey);
  EXPECT_EQ(in_stream(R"({"code": 402, "message": "Pay"})"), K::NoMoney);
  EXPECT_EQ(in_stream(R"({"code": 400, "message": "No"})"), K::Rejected);
  EXPECT_EQ(in_stream(R"({"code": 502, "message": "Bad gateway"})"), K::Overloaded);
  EXPECT_EQ(in_stream(R"({"type": "not_found_error", "message": "model: x"})"), K::Rejected);
  EXPECT_EQ(in_stream(R"({"type": "overloaded_error", "message": "Overloaded"})"), K::Overloaded);
}

TEST(Refusals, AreToldWithoutTheKey) {
  const ModelServer server("key", R"({"replies": [{"faults": [{"status": 401, "body": {"error": {
    "message": "Invalid key: test-key is not known"}}}]}]})");
  const auto reply = Talk(server, "key", WireKind::Chat).next();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().words, "Invalid key: [key] is not known");
}

// Streams as servers other than OpenAI's send them.
Outcome chat_reply(const std::vector<std::string>& events) {
  const auto reader = wire_of(WireKind::Chat).reader({});
  for (const auto& event : events) reader->on_event({"", "", event});
  return reader->finish();
}

TEST(ChatServers, ParallelCallsThatShareAnIndexStayApart) {
  const auto reply = chat_reply(
      {R"({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "read", "arguments": "{\"path\":\"a\"}"}}]}}]})",
       R"({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "id": "b", "function": {"name": "read", "arguments": "{\"path\":\"b\"}"}}]}, "finish_reason": "tool_calls"}]})"});
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply->calls.size(), 2U);
  EXPECT_EQ(reply->calls[1].arguments, R"({"path":"b"})");
  const auto nameless = chat_reply(
      {R"({"choices": [{"index": 0, "delta": {"tool_calls": [{"function": {"name": "read", "arguments": "{\"path\":\"a\"}"}}]}}]})",
       R"({"choices": [{"index": 0, "delta": {"tool_calls": [{"function": {"name": "read", "arguments": "{\"path\":\"b\"}"}}]}, "finish_reason": "stop"}]})"});
  ASSERT_TRUE(nameless);
  EXPECT_EQ(nameless->calls.size(), 2U);
}

TEST(ChatServers, NamesAndIdsInEveryFragmentAreOneCall) {
  const auto reply = chat_reply(
      {R"({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "read", "arguments": "{\"pa"}}]}}]})",
       R"({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "read", "arguments": "th\":1}"}}]}, "finish_reason": "tool_calls"}]})"});
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply->calls.size(), 1U);
  EXPECT_EQ(reply->calls[0].arguments, R"({"path":1})");
  EXPECT_EQ(reply->calls[0].name, "read");
}

TEST(ChatServers, ThoughtsAndSignaturesGoBackAsTheyCame) {
  const auto reply = chat_reply(
      {R"({"choices": [{"index": 0, "delta": {"reasoning_content": "I ", "reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "I "}]}}]})",
       R"({"choices": [{"index": 0, "delta": {"reasoning_content": "look", "reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "look", "signature": "s1"}]}}]})",
       R"({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "id": "a", "extra_content": {"google": {"thought_signature": "s2"}}, "function": {"name": "read", "arguments": "{}"}}]}, "finish_reason": "tool_calls"}]})"});
  ASSERT_TRUE(reply);
  const auto back = parse_json(reply->replay)->as_object();
  EXPECT_EQ(get_string(back, "reasoning_content"), "I look");
  EXPECT_EQ(to_line(get_array(back, "reasoning_details")),
            R"([{"type":"reasoning.text","index":0,"text":"I look","signature":"s1"}])");
  EXPECT_EQ(to_line(get_array(back, "tool_calls")[0].at("extra_content")),
            R"({"google":{"thought_signature":"s2"}})");
  // Without calls some servers refuse to see them again.
  const auto said = chat_reply(
      {R"({"choices": [{"index": 0, "delta": {"reasoning_content": "I", "content": "Done."}, "finish_reason": "stop"}]})"});
  ASSERT_TRUE(said);
  EXPECT_EQ(said->replay, "");
}

TEST(ChatServers, TokensThatNobodyTellsAreGuessed) {
  const ModelServer server("mute",
                           R"({"replies": [{"say": "0123456789012345678901234567890123456789",
     "usage": {"input": 0, "output": 0}}]})");
  const auto reply = Talk(server, "mute", WireKind::Chat).next();
  ASSERT_TRUE(reply);
  EXPECT_GT(reply->usage.input, 50);
  EXPECT_EQ(reply->usage.output, 10);
}

TEST(Anthropic, APaidCompactionIsPartOfWhatAReplyCost) {
  const auto usage =
      wire_of(WireKind::Anthropic)
          .usage_in(
              parse_json(R"({"usage": {"input_tokens": 23000, "output_tokens": 100, "iterations": [
      {"type": "compaction", "input_tokens": 180000, "output_tokens": 3500},
      {"type": "message", "input_tokens": 23000, "output_tokens": 100}]}})")
                  ->as_object());
  EXPECT_EQ(usage.input, 203'000);
  EXPECT_EQ(usage.output, 3'600);
}

TEST_P(Wires, ItemsThatAreNoTextAreBoundedAsWell) {
  const std::string big(4 << 20, 'x');
  const auto reader = wire_of(GetParam()).reader({});
  int taken = 0;
  for (; taken < 50; ++taken) {
    const std::string event =
        GetParam() == WireKind::Responses
            ? R"({"type": "response.output_item.done", "item": {"type": "reasoning", "encrypted_content": ")" +
                  big + "\"}}"
        : GetParam() == WireKind::Anthropic
            ? R"({"type": "content_block_start", "index": )" + std::to_string(taken) +
                  R"(, "content_block": {"type": "redacted_thinking", "data": ")" + big + "\"}}"
        : GetParam() == WireKind::Gemini
            ? R"({"candidates": [{"content": {"parts": [{"inlineData": {"data": ")" + big +
                  "\"}}]}}]}"
            : R"({"choices": [{"index": 0, "delta": {"reasoning_details": [{"type": "reasoning.encrypted", "data": ")" +
                  big + "\"}]}}]}";
    if (!reader->on_event({"", "", event})) break;
  }
  EXPECT_LT(taken, 10);
  EXPECT_FALSE(reader->finish());
}

TEST(Waits, DoubleAreJitteredAndGoByTheServersWord) {
  const Failure plain{Failure::Kind::Overloaded, "", std::nullopt, 503};
  EXPECT_EQ(wait_before(plain, 1, 0), Millis(500));
  EXPECT_EQ(wait_before(plain, 4, 0), Millis(4000));
  EXPECT_EQ(wait_before(plain, 4, 1), Millis(5000));
  EXPECT_EQ(wait_before(plain, 60, 0), Millis(300'000));
  const Failure asked{Failure::Kind::RateLimit, "", Millis(7'200'000), 429};
  EXPECT_EQ(wait_before(asked, 1, 0), Millis(7'200'000));
  // "At once", again and again, is no leave to hammer.
  const Failure at_once{Failure::Kind::RateLimit, "", Millis(0), 429};
  EXPECT_EQ(wait_before(at_once, 1, 0), Millis(1));
  EXPECT_EQ(wait_before(at_once, 10, 0), Millis(256'000));
}

}  // namespace
}  // namespace nightjar::model
