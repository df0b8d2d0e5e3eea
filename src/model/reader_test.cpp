// What the readers make of streams as servers send them, well-behaved or not; pure.
#include <gtest/gtest.h>

#include <array>

#include "model/wire.h"

namespace nightjar::model {
namespace {

Outcome reply_of(WireKind kind, const std::vector<std::string>& events) {
  const auto reader = wire_of(kind).reader({});
  for (const auto& event : events) reader->on_event({"", "", event});
  return reader->finish();
}

/// An event of Chat's with one choice.
std::string chat(const std::string& delta, const std::string& finish = "") {
  return R"({"choices": [{"index": 0, "delta": )" + delta +
         (finish.empty() ? "" : R"(, "finish_reason": ")" + finish + "\"") + "}]}";
}

TEST(ChatReader, AFragmentBehindTheFinishOfACutReplyIsIgnored) {
  const auto fragment = [](const std::string& index, const std::string& rest) {
    return chat(R"({"tool_calls": [{"index": )" + index + rest + "}]}");
  };
  const std::vector<std::string> cut{
      fragment("0",
               R"(, "id": "a", "function": {"name": "read", "arguments": "{\"path\":\"a\"}"})"),
      fragment("1", R"(, "id": "b", "function": {"name": "read", "arguments": "{\"pa"})"),
      chat("{}", "length")};
  for (const std::string index : {"0", "1", "2"}) {
    auto events = cut;
    events.push_back(fragment(index, R"(, "function": {"name": "x", "arguments": "th\":1}"})"));
    events.push_back(chat(R"({"content": "more"})", "stop"));
    const auto reply = reply_of(WireKind::Chat, events);
    ASSERT_TRUE(reply) << reply.error().words;
    EXPECT_EQ(reply->stop, Stop::Length);
    EXPECT_EQ(reply->text, "");
    ASSERT_EQ(reply->calls.size(), 1U);
    EXPECT_EQ(reply->calls[0].arguments, R"({"path":"a"})");
  }
  // Half a call without an index, the only one.
  const auto lonely = reply_of(
      WireKind::Chat,
      {chat(R"({"tool_calls": [{"function": {"name": "read", "arguments": "{\"pa"}}]})"),
       chat("{}", "length"), chat(R"({"tool_calls": [{"function": {"arguments": "th\":1}"}}]})")});
  ASSERT_TRUE(lonely) << lonely.error().words;
  EXPECT_TRUE(lonely->calls.empty());
}

TEST(GeminiReader, APartWhoseTextIsNoTextDoesNotThrow) {
  for (const std::string text : {"null", "5", "{}"}) {
    const std::string event = R"({"candidates": [{"content": {"parts": [{"text": )" + text +
                              R"(}, {"text": "a"}, {"text": )" + text + "}]}}]}";
    EXPECT_NO_THROW(reply_of(WireKind::Gemini, {event, event})) << text;
  }
}

TEST(AnthropicReader, PiecesOfEverMoreBlocksAreBounded) {
  const auto reader = wire_of(WireKind::Anthropic).reader({});
  int taken = 0;
  while (taken < 10'000 &&
         reader->on_event({"", "",
                           R"({"type": "content_block_delta", "index": )" + std::to_string(taken) +
                               R"(, "delta": {"type": "x"}})"}))
    ++taken;
  EXPECT_LT(taken, 1'000);
}

TEST(ChatReader, ThoughtsAloneGoBackWithAContentThatIsText) {
  const auto reply = reply_of(
      WireKind::Chat,
      {chat(R"({"reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "I"}]})",
            "length")});
  ASSERT_TRUE(reply) << reply.error().words;
  const auto back = parse_json(reply->replay)->as_object();
  EXPECT_EQ(back.at("content"), "");
  EXPECT_FALSE(get_array(back, "reasoning_details").empty());
}

TEST(ChatReader, TwoCallsOfOneIdBecomeTwo) {
  const auto call = [](int index, const std::string& id) {
    return R"({"index": )" + std::to_string(index) + R"(, "id": ")" + id +
           R"(", "extra_content": {"a": 1}, "function": {"name": "read", "arguments": "{}"}})";
  };
  const auto reply =
      reply_of(WireKind::Chat, {chat(R"({"tool_calls": [)" + call(0, "a") + "," + call(1, "a") +
                                         "," + call(2, "a_2") + "," + call(3, "a") + "]}",
                                     "tool_calls")});
  ASSERT_TRUE(reply) << reply.error().words;
  std::vector<std::string> ids, back;
  for (const auto& made : reply->calls) ids.push_back(made.id);
  EXPECT_EQ(ids, (std::vector<std::string>{"a", "a_2", "a_2_2", "a_3"}));
  const auto replay = parse_json(reply->replay)->as_object();
  for (const auto& item : get_array(replay, "tool_calls"))
    back.push_back(get_string(item.as_object(), "id"));
  EXPECT_EQ(back, ids);
}

TEST(Readers, TwoCallsOfOneIdAreMalformedWhereIdsAreTheVendors) {
  const std::string item =
      R"({"type": "response.output_item.done", "item": {"type": "function_call", "call_id": "a", "name": "read", "arguments": "{}"}})";
  const auto block = [](int index) {
    return R"({"type": "content_block_start", "index": )" + std::to_string(index) +
           R"(, "content_block": {"type": "tool_use", "id": "a", "name": "read", "input": {}}})";
  };
  const std::string part = R"({"functionCall": {"id": "a", "name": "read", "args": {}}})";
  for (const auto& outcome :
       {reply_of(
            WireKind::Responses,
            {item, item, R"({"type": "response.completed", "response": {"status": "completed"}})"}),
        reply_of(WireKind::Anthropic, {block(0), block(1), R"({"type": "message_stop"})"}),
        reply_of(WireKind::Gemini, {R"({"candidates": [{"content": {"parts": [)" + part + "," +
                                    part + R"(]}, "finishReason": "STOP"}]})"})}) {
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, Failure::Kind::Malformed);
    EXPECT_NE(outcome.error().words.find("the same id: a"), std::string::npos);
  }
}

TEST(ResponsesReader, ThoughtsWithNothingBehindThemAreNotSentBack) {
  const auto done = [](const std::string& item) {
    return R"({"type": "response.output_item.done", "item": )" + item + "}";
  };
  const std::string thought = done(R"({"type": "reasoning", "encrypted_content": "x"})");
  const std::string said =
      done(R"({"type": "message", "content": [{"type": "output_text", "text": "Hello"}]})");
  const std::string end = R"({"type": "response.completed", "response": {"status": "completed"}})";
  const auto alone = reply_of(WireKind::Responses, {thought, end});
  ASSERT_TRUE(alone) << alone.error().words;
  EXPECT_EQ(alone->replay, "");
  const auto behind = reply_of(WireKind::Responses, {thought, said, thought, end});
  ASSERT_TRUE(behind) << behind.error().words;
  const auto items = parse_json("[" + behind->replay + "]")->as_array();
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[1].at("type"), "message");
}

// --- what is sent ------------------------------------------------------------------------------

TEST(AnthropicWire, TextOfWhiteSpaceAloneIsNeverSentBack) {
  const auto reply = [](const std::string& text, const std::string& more) {
    return reply_of(
        WireKind::Anthropic,
        {R"({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": "I", "signature": "s"}})",
         R"({"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}})",
         R"({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": ")" +
             text + "\"}}",
         more, R"({"type": "message_stop"})"});
  };
  const std::string call =
      R"({"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "id": "a", "name": "read", "input": {}}})";
  const model::Wire& wire = wire_of(WireKind::Anthropic);
  for (const std::string text : {R"(\n\n)", "", R"( \t\u00a0\u2003\u200a\u3000\u000b )"}) {
    const auto with_call = reply(text, call);
    ASSERT_TRUE(with_call) << with_call.error().words;
    EXPECT_EQ(with_call->replay.find(R"("type":"text")"), std::string::npos) << with_call->replay;
    EXPECT_NE(with_call->replay.find("thinking"), std::string::npos);
    EXPECT_EQ(wire.reply(*with_call).find(R"("type":"text")"), std::string::npos);
    const auto alone = reply(text, R"({"type": "ping"})");
    ASSERT_TRUE(alone) << alone.error().words;
    EXPECT_EQ(alone->replay, "");
    EXPECT_EQ(wire.reply(*alone), "");
  }
  EXPECT_NE(reply(R"(\u2020 \u00e9)", call)->replay.find("\u2020 é"), std::string::npos);
  const std::string results = wire.results({{"a", "read", " \n\t", false, "", ""}}, " \n");
  const auto content = parse_json(results)->at("content").as_array();
  ASSERT_EQ(content.size(), 1U) << results;
  EXPECT_EQ(content[0].at("content").at(0).at("text"), "(no output)");
}

TEST(AnthropicWire, ACompactionReadsTheCacheOfTheTurns) {
  Endpoint endpoint;
  endpoint.model = "m";
  endpoint.effort = "high";
  const Wire& wire = wire_of(WireKind::Anthropic);
  const Frame frame{"You work.", {{"read", "Reads.", R"({"type":"object"})"}}, ""};
  auto turn =
      parse_json(whole_body(wire, wire.prefix(endpoint, frame), wire.user("Go.")))->as_object();
  auto compaction =
      parse_json(wire.compact_call(endpoint, frame, wire.user("Go."))->body)->as_object();
  EXPECT_FALSE(get_object(compaction, "context_management").empty());
  compaction.erase("context_management");
  turn.erase("stream");
  turn["max_tokens"] = compaction["max_tokens"] = 1;
  EXPECT_EQ(compaction, turn);
  EXPECT_FALSE(get_object(turn, "cache_control").empty());
}

TEST(ResponsesWire, OfACompactionThePersonsMessagesAreNotKept) {
  const auto answer = parse_json(R"({"output": [
      {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "The task"}]},
      {"role": "user", "content": "A word"},
      {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "x"}]},
      {"type": "compaction", "id": "cmp_1", "encrypted_content": "opaque"}],
      "usage": {"input_tokens": 9, "output_tokens": 1}})");
  const auto made = wire_of(WireKind::Responses).compaction_in(answer->as_object());
  ASSERT_TRUE(made);
  const auto items = parse_json("[" + made->items + "]")->as_array();
  ASSERT_EQ(items.size(), 2U) << made->items;
  EXPECT_EQ(items[0].at("role"), "assistant");
  EXPECT_EQ(items[1].at("type"), "compaction");
  EXPECT_EQ(made->usage.input, 9);
}

TEST(Refusals, OfARequestLargerThanAMinuteAskForAShorterOne) {
  using K = Failure::Kind;
  const auto kind = [](const std::string& message, const net::Headers& headers = {}) {
    return failure_of(
               429, headers,
               R"({"error": {"type": "tokens", "code": "rate_limit_exceeded", "message": ")" +
                   message + "\"}}")
        .kind;
  };
  EXPECT_EQ(kind("Request too large for gpt-x in organization org-1 on tokens per min (TPM): Limit "
                 "30000, Requested 52000. The input or output tokens must be reduced in order to "
                 "run successfully.",
                 {{"retry-after", "7"}}),
            K::ContextFull);
  EXPECT_EQ(kind("Rate limit reached for gpt-x on tokens per min (TPM): Limit: 30,000, Used: 0, "
                 "Requested: 52,000."),
            K::ContextFull);
  EXPECT_EQ(
      kind("Rate limit reached for gpt-x on tokens per min (TPM): Limit 1000000, Used 999000, "
           "Requested 52000. Please try again in 3s."),
      K::RateLimit);
  EXPECT_EQ(kind("Rate limit reached for gpt-x on requests per min (RPM): Limit 3, Used 3, "
                 "Requested 1. Please try again in 20s."),
            K::RateLimit);
  EXPECT_EQ(kind("Too many requests: the limit of your plan was reached"), K::RateLimit);
}

// --- letters that are none -----------------------------------------------------------------------

/// A reply that says `pieces` one after the other; as JSON strings hold them.
Outcome said_in_pieces(WireKind kind, const std::vector<std::string>& pieces) {
  std::vector<std::string> events;
  if (kind == WireKind::Anthropic)
    events.emplace_back(
        R"({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})");
  std::string whole;
  for (const auto& piece : pieces) {
    whole += piece;
    const std::string text = "\"" + piece + "\"";
    switch (kind) {
      case WireKind::Responses:
        events.push_back(R"({"type": "response.output_text.delta", "delta": )" + text + "}");
        break;
      case WireKind::Chat:
        events.push_back(chat(R"({"reasoning_details": [{"type": "t", "text": )" + text +
                              R"(}], "content": )" + text + "}"));
        break;
      case WireKind::Anthropic:
        events.push_back(
            R"({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": )" +
            text + "}}");
        break;
      case WireKind::Gemini:
        events.push_back(R"({"candidates": [{"content": {"parts": [{"text": )" + text + "}]}}]}");
    }
  }
  events.push_back(
      kind == WireKind::Responses
          ? R"({"type": "response.completed", "response": {"status": "completed", "output": [
               {"type": "message", "content": [{"type": "output_text", "text": ")" +
                whole + "\"}]}]}}"
      : kind == WireKind::Chat      ? chat("{}", "stop")
      : kind == WireKind::Anthropic ? R"({"type": "message_stop"})"
                                    : R"({"candidates": [{"finishReason": "STOP"}]})");
  return reply_of(kind, events);
}

constexpr std::array kAllWires{WireKind::Responses, WireKind::Chat, WireKind::Anthropic,
                               WireKind::Gemini};

TEST(Readers, ACharacterThatWasCutBetweenTwoEventsIsOneAgain) {
  const std::vector<std::vector<std::string>> cut{{"a \xF0\x9F", "\x98\x80 b"},
                                                  {R"(a \ud83d)", R"(\ude00 b)"}};
  for (const WireKind kind : kAllWires) {
    for (const auto& pieces : cut) {
      const auto reply = said_in_pieces(kind, pieces);
      ASSERT_TRUE(reply) << to_string(kind) << ": " << reply.error().words;
      EXPECT_EQ(reply->text, "a \U0001F600 b") << to_string(kind);
      if (reply->replay.empty()) continue;
      EXPECT_TRUE(parse_json("[" + reply->replay + "]")) << reply->replay;
      EXPECT_NE(reply->replay.find("a \U0001F600 b"), std::string::npos) << reply->replay;
    }
  }
}

TEST(Readers, HalfACharacterIsReplacedAndNoReasonToLoseTheReply) {
  for (const WireKind kind : kAllWires) {
    for (const std::string half : {"\xF0\x9F", R"(\ud83d)", R"(\ude00)", R"(\ude00\ud83d)"}) {
      const auto reply = said_in_pieces(kind, {"a" + half + R"(\"b\\)"});
      ASSERT_TRUE(reply) << to_string(kind) << ": " << reply.error().words;
      EXPECT_TRUE(reply->text.starts_with("a\uFFFD")) << reply->text;
      EXPECT_TRUE(reply->text.ends_with("\uFFFD\"b\\")) << reply->text;
      EXPECT_EQ(reply_from(*parse_json(to_line(to_json(*reply))).value().if_object()), *reply);
    }
  }
}

TEST(Readers, ArgumentsThatWereCutInACharacterAreWholeAgain) {
  const auto delta = [](const std::string& piece) {
    return R"({"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": ")" +
           piece + "\"}}";
  };
  const auto reply = reply_of(
      WireKind::Anthropic,
      {R"({"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "a", "name": "read", "input": {}}})",
       delta("{\\\"path\\\":\\\"\xF0\x9F"), delta("\x98\x80\\\"}"), R"({"type": "message_stop"})"});
  ASSERT_TRUE(reply) << reply.error().words;
  ASSERT_EQ(reply->calls.size(), 1U);
  EXPECT_EQ(reply->calls[0].arguments, "{\"path\":\"\U0001F600\"}");
  EXPECT_NE(reply->replay.find("{\"path\":\"\U0001F600\"}"), std::string::npos) << reply->replay;
}

TEST(Readers, ANumberThatIsNoneIsNoReasonToLoseTheReply) {
  const auto reply = reply_of(
      WireKind::Chat,
      {R"({"choices": [{"index": 0, "logprobs": [NaN, -Infinity, Infinity], "delta": {"content": "NaN"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": NaN, "completion_tokens": 3}})"});
  ASSERT_TRUE(reply) << reply.error().words;
  EXPECT_EQ(reply->text, "NaN");
  EXPECT_EQ(reply->usage.output, 3);
}

// --- what is not as it should be -----------------------------------------------------------------

TEST(AnthropicReader, ADeltaWhoseBlockNeverBeganIsKeptAsWhatItIs) {
  const auto delta = [](int index, const std::string& said) {
    return R"({"type": "content_block_delta", "index": )" + std::to_string(index) +
           R"(, "delta": )" + said + "}";
  };
  const auto reply = reply_of(WireKind::Anthropic,
                              {delta(0, R"({"type": "thinking_delta", "thinking": "Hm"})"),
                               delta(0, R"({"type": "signature_delta", "signature": "s"})"),
                               delta(1, R"({"type": "text_delta", "text": "Here."})"),
                               delta(2, R"({"type": "input_json_delta", "partial_json": "{}"})"),
                               R"({"type": "message_stop"})"});
  ASSERT_TRUE(reply) << reply.error().words;
  EXPECT_EQ(reply->text, "Here.");
  const auto content = parse_json(reply->replay)->at("content").as_array();
  ASSERT_EQ(content.size(), 2U) << reply->replay;
  EXPECT_EQ(content[0].at("type"), "thinking");
  EXPECT_EQ(content[0].at("thinking"), "Hm");
  EXPECT_EQ(content[1].at("type"), "text");
  EXPECT_EQ(content[1].at("text"), "Here.");
}

TEST(Refusals, ThatForbidAnotherTryGoToThePerson) {
  using K = Failure::Kind;
  const auto kind = [](int status, net::Headers headers) {
    headers.emplace_back("X-Should-Retry", "false");
    return failure_of(status, headers, R"({"error": {"message": "not today"}})").kind;
  };
  EXPECT_EQ(kind(429, {}), K::Rejected);
  EXPECT_EQ(kind(500, {}), K::Rejected);
  EXPECT_EQ(kind(409, {}), K::Rejected);
  EXPECT_EQ(kind(429, {{"retry-after", "7"}}), K::RateLimit);
  EXPECT_EQ(kind(503, {{"retry-after", "7"}}), K::Overloaded);
  EXPECT_EQ(kind(401, {}), K::BadKey);
}

}  // namespace
}  // namespace nightjar::model
