// The client's patience and its bookkeeping, before a server that says exactly what a test wants.
#include "model/client.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <memory>
#include <thread>

#include "net/testing_server.h"

namespace nightjar::model {
namespace {

using net::say;
using net::ScriptedServer;

constexpr const char* kHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string chunk(const std::string& text) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", text.size());
  return size + text + "\r\n";
}
std::string event(const std::string& data) { return chunk("data: " + data + "\n\n"); }
std::string chat(const std::string& text, const std::string& finish = "null") {
  return event(R"({"choices": [{"index": 0, "delta": {"content": ")" + text +
               R"("}, "finish_reason": )" + finish + "}]}");
}
const std::string kWhole = kHead + chat("Here.", R"("stop")") + event("[DONE]") + "0\r\n\r\n";

/// Connection number `n` gets answer number `n`, the last one again and again. One that does not
/// end in the last chunk is cut there.
class Script {
 public:
  explicit Script(std::vector<std::string> answers) : answers_(std::move(answers)) {}
  void operator()(int socket, const std::string&) {
    say(socket, answers_[std::min(next_++, answers_.size() - 1)]);
    ::shutdown(socket, SHUT_WR);
    net::wait_until_closed(socket);
  }

 private:
  std::vector<std::string> answers_;
  size_t next_ = 0;
};

Endpoint at(const ScriptedServer& server, WireKind wire = WireKind::Chat) {
  Endpoint out;
  out.wire = wire;
  out.model = "m";
  out.base_url = "http://127.0.0.1:" + std::to_string(server.port);
  return out;
}

constexpr Patience kQuick{Millis(1), Millis(4)};
const std::string kBody(400, ' ');  // a guess takes it for 100 tokens

/// What a call came to, with what it told of tries that were lost.
struct Told {
  Outcome outcome = std::unexpected(Failure{});
  std::vector<Usage> lost;
};
Told call(const Endpoint& endpoint, CallHooks hooks = {},
          Deadline deadline = in(std::chrono::seconds(20)), std::stop_token stop = {}) {
  Told told;
  const auto caller = std::this_thread::get_id();
  hooks.on_lost = [&](const Usage& usage) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    told.lost.push_back(usage);
  };
  Client client(endpoint, "a-secret-key", kQuick);
  try {
    told.outcome = client.call(kBody, hooks, deadline, std::move(stop));
  } catch (const Cancelled&) {
  }
  return told;
}

TEST(ClientPatience, BehindTheDeadlineNoWaitBeginsThatAPersonWouldBeToldOf) {
  const ScriptedServer mute([](int socket, const std::string&) { net::wait_until_closed(socket); });
  Client client(at(mute), "", {Millis(2500), Millis(2500)});
  std::stop_source stop;
  int waits = 0;
  const CallHooks hooks{.on_text = {}, .on_wait = [&](const Waiting&) {
                          ++waits;
                          stop.request_stop();
                        }};
  try {
    const auto outcome = client.call("{}", hooks, in(Millis(50)), stop.get_token());
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, Failure::Kind::Broken);
  } catch (const Cancelled&) {
  }
  EXPECT_EQ(waits, 0);
}

TEST(ClientPatience, AStreamOfCommentsAloneIsBrokenAndAskedForAgain) {
  int connections = 0;
  const ScriptedServer server([&](int socket, const std::string&) {
    if (++connections > 1) return say(socket, kWhole);
    say(socket, kHead);
    pollfd gone{socket, POLLIN, 0};
    do say(socket, chunk(": keepalive\n\n"));
    while (::poll(&gone, 1, 10) == 0);
  });
  Client client(at(server), "", {Millis(1), Millis(4), Millis(100)});
  const auto outcome = client.call("{}", {}, in(std::chrono::seconds(5)), {});
  ASSERT_TRUE(outcome) << outcome.error().words;
  EXPECT_EQ(outcome->text, "Here.");
  EXPECT_EQ(connections, 2);
}

TEST(ClientPatience, AStreamThatBrokeOffAgainAndAgainIsNoServerThatIsNotThere) {
  const ScriptedServer server(Script({kHead + chat("Her")}));
  const auto cut = call(at(server));
  ASSERT_FALSE(cut.outcome);
  EXPECT_EQ(cut.outcome.error().kind, Failure::Kind::Broken);
  EXPECT_EQ(cut.outcome.error().status, 200);
  Endpoint nowhere;
  nowhere.base_url = "http://127.0.0.1:1";
  const auto absent = call(nowhere, {}, in(Millis(50)));
  ASSERT_FALSE(absent.outcome);
  EXPECT_EQ(absent.outcome.error().kind, Failure::Kind::Broken);
  EXPECT_EQ(absent.outcome.error().status, 0);
}

// --- what tries without a reply used -------------------------------------------------------------

TEST(ClientLost, TriesThatBrokeOffCountAsTheServerTold) {
  const std::string cut =
      kHead +
      event(
          R"({"type": "message_start", "message": {"usage": {"input_tokens": 1000, "output_tokens": 1}}})");
  const ScriptedServer server(Script(
      {cut, cut, cut,
       cut + event(R"({"type": "message_delta", "delta": {}, "usage": {"output_tokens": 9}})") +
           event(R"({"type": "message_stop"})") + "0\r\n\r\n"}));
  const auto told = call(at(server, WireKind::Anthropic));
  ASSERT_TRUE(told.outcome) << told.outcome.error().words;
  EXPECT_EQ(told.outcome->usage, (Usage{1000, 0, 0, 9, 0}));
  EXPECT_EQ(told.lost, (std::vector<Usage>(3, {1000, 0, 0, 1, 0})));
}

TEST(ClientLost, TriesOfWhichNothingWasToldAreGuessed) {
  const std::string begun = kHead + chat("0123456789012345678901234567890123456789");
  const ScriptedServer server(Script({begun,                                // cut
                                      begun + event("[1,2") + "0\r\n\r\n",  // malformed
                                      begun + event(R"({"error": {"code": 502}})") + "0\r\n\r\n",
                                      kHead + std::string("0\r\n\r\n"),  // nothing came
                                      kWhole}));
  const auto told = call(at(server));
  ASSERT_TRUE(told.outcome) << told.outcome.error().words;
  EXPECT_EQ(told.lost, (std::vector<Usage>(3, {100, 0, 0, 10, 0})));
}

TEST(ClientLost, AVendorThatFailsBeforeTheFirstWordIsNotPaid) {
  const std::string busy =
      kHead + event(R"({"error": {"type": "overloaded_error", "message": "Overloaded"}})") +
      "0\r\n\r\n";
  const ScriptedServer server(Script({busy, busy, kWhole}));
  const auto told = call(at(server));
  ASSERT_TRUE(told.outcome) << told.outcome.error().words;
  EXPECT_TRUE(told.lost.empty());
}

TEST(ClientLost, ACallThatIsStoppedOrTimesOutCountsAsWell) {
  const ScriptedServer server([](int socket, const std::string&) {
    say(socket, kHead + chat("01234567"));
    net::wait_until_closed(socket);
  });
  std::stop_source stop;
  const auto stopped = call(at(server), {.on_text = [&](std::string_view) { stop.request_stop(); }},
                            in(std::chrono::seconds(20)), stop.get_token());
  EXPECT_EQ(stopped.lost, (std::vector<Usage>{{100, 0, 0, 2, 0}}));
  const auto late = call(at(server), {}, in(Millis(100)));
  ASSERT_FALSE(late.outcome);
  EXPECT_EQ(late.lost, (std::vector<Usage>{{100, 0, 0, 2, 0}}));
}

TEST(ClientLost, AWholeReplyWhoseConnectionEndedBadlyIsGuessedToo) {
  const ScriptedServer server(Script({kHead + chat("01234567", R"("stop")")}));
  const auto told = call(at(server));
  ASSERT_TRUE(told.outcome) << told.outcome.error().words;
  EXPECT_EQ(told.outcome->usage, (Usage{100, 0, 0, 2, 0}));
  EXPECT_TRUE(told.lost.empty());
}

const std::string kPlaceholder = event(
    R"({"type": "message_start", "message": {"usage": {"input_tokens": 1000, "output_tokens": 1}}})");
std::string anthropic(const std::string& text) {
  return event(
      R"({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": ")" +
      text + "\"}}");
}

TEST(ClientLost, AStreamCutBeforeItsFinalCountIsNotTakenAtThePlaceholder) {
  std::string words;
  for (int i = 0; i < 100; ++i) words += std::to_string(1000 + i);
  const std::string begun = kHead + kPlaceholder + anthropic(words);
  const std::string counted =
      event(R"({"type": "message_delta", "delta": {}, "usage": {"output_tokens": 9}})");
  const ScriptedServer server(
      Script({begun, begun + counted,
              begun + counted + event(R"({"type": "message_stop"})") + "0\r\n\r\n"}));
  const auto told = call(at(server, WireKind::Anthropic));
  ASSERT_TRUE(told.outcome) << told.outcome.error().words;
  EXPECT_EQ(told.outcome->usage.output, 9);
  EXPECT_EQ(told.lost, (std::vector<Usage>{{1000, 0, 0, 100, 0}, {1000, 0, 0, 9, 0}}));
}

TEST(ClientLost, AReplyThatWeCutIsNotTakenAtThePlaceholder) {
  std::string stream = kHead + kPlaceholder;
  for (int i = 0; i < 400; ++i) stream += anthropic("I will now fix it. ");
  const ScriptedServer server(Script({stream}));
  const auto told = call(at(server, WireKind::Anthropic));
  ASSERT_TRUE(told.outcome) << told.outcome.error().words;
  EXPECT_EQ(told.outcome->stop, Stop::Repetition);
  EXPECT_EQ(told.outcome->usage.input, 1000);
  EXPECT_GT(told.outcome->usage.output, 900);
}

// --- answers that are no streams
// -------------------------------------------------------------------

std::string plain(const std::string& status, const std::string& headers, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST(ClientAnswers, AnErrorInsteadOfAStreamIsTakenAtItsWord) {
  const ScriptedServer loading(Script(
      {plain("200 OK", "",
             R"({"error": {"message": "Model is loading", "code": 503}})"
             "\n"),
       plain("200 OK", "", "[{\n  \"error\": {\"code\": 429, \"message\": \"later\"}\n}]\n\n"),
       plain("200 OK", "", R"({"error": "overloaded", "code": 503})"),
       plain("200 OK", "", R"({"error": {"message": "Model is loading", "code": 503}})"), kWhole}));
  const auto loaded = call(at(loading));
  ASSERT_TRUE(loaded.outcome) << loaded.outcome.error().words;
  EXPECT_EQ(loaded.outcome->text, "Here.");
  EXPECT_TRUE(loaded.lost.empty());
  const ScriptedServer strict(Script(
      {plain("200 OK", "", R"({"error": {"message": "No a-secret-key here", "code": 401}})")}));
  const auto denied = call(at(strict));
  ASSERT_FALSE(denied.outcome);
  EXPECT_EQ(denied.outcome.error().kind, Failure::Kind::BadKey);
  EXPECT_EQ(denied.outcome.error().words, "No [key] here");
}

TEST(ClientAnswers, ARedirectIsToldWithItsTarget) {
  const ScriptedServer moved(Script({plain(
      "302 Found",
      "Location: https://new.example/v1/chat/completions\u202e" + std::string(5000, 'x') + "\r\n",
      "<html>timeout</html>")}));
  const auto told = call(at(moved));
  ASSERT_FALSE(told.outcome);
  const Failure& failure = told.outcome.error();
  EXPECT_EQ(failure.kind, Failure::Kind::Rejected);
  EXPECT_EQ(failure.status, 302);
  EXPECT_TRUE(failure.words.starts_with(
      "HTTP status 302 points to https://new.example/v1/chat/completions"))
      << failure.words;
  EXPECT_TRUE(failure.words.ends_with(": base_url should lead there"));
  EXPECT_EQ(failure.words.find("\u202e"), std::string::npos);
  EXPECT_LT(failure.words.size(), 500U);
}

TEST(ClientAnswers, APageInsteadOfAStreamIsWaitedOut) {
  const std::string page =
      plain("200 OK", "Content-Type: text/html\r\n", "<html>maintenance</html>");
  const ScriptedServer server(Script({page, page, page, page, kWhole}));
  std::vector<Failure> waited;
  const auto told = call(at(server), {.gives_up = [&](const Waiting& waiting) {
                           waited.push_back(waiting.failure);
                           return false;
                         }});
  ASSERT_TRUE(told.outcome) << told.outcome.error().words;
  EXPECT_EQ(told.outcome->text, "Here.");
  ASSERT_EQ(waited.size(), 4U);
  EXPECT_EQ(waited[0].kind, Failure::Kind::Overloaded);
  EXPECT_NE(waited[0].words.find("<html>maintenance</html>"), std::string::npos);
}

TEST(ClientAnswers, AKeyInTheMiddleOfAHeaderIsNotRepeated) {
  Endpoint endpoint;
  const ScriptedServer server(Script({plain(
      "401 Unauthorized", "",
      R"({"error": {"message": "Incorrect key provided: sk-hush-123456. Send it as Bearer."}})")}));
  endpoint = at(server);
  endpoint.headers = {{"Authorization", "Bearer sk-hush-123456"}, {"X-Team", "a b"}};
  const auto told = call(endpoint);
  ASSERT_FALSE(told.outcome);
  EXPECT_EQ(told.outcome.error().words, "Incorrect key provided: [key]. Send it as Bearer.");
}

TEST(ClientAnswers, AKeyIsTakenOutBeforeTheWordsAreCut) {
  const auto words_of = [](const std::string& answer) {
    const ScriptedServer server(Script({answer}));
    const auto told = call(at(server), {.gives_up = [](const Waiting&) { return true; }});
    EXPECT_FALSE(told.outcome);
    return told.outcome ? "" : told.outcome.error().words;
  };
  const std::string error_object =
      R"({"error": {"type": "invalid_request_error", "message": ")" + std::string(585, 'x');
  const std::string target = "Location: https://h/" + std::string(275, 'x');
  for (const std::string& answer :
       {plain("401 Unauthorized", "", error_object + "a-secret-key and more\"}}"),
        kHead + event(error_object + "a-secret-key and more\"}}") + "0\r\n\r\n",
        plain("302 Found", target + "a-secret-key-and-more\r\n", ""),
        plain("200 OK", "", std::string(110, 'x') + "a-secret-key and more"),
        kHead + event(std::string(110, 'x') + "a-secret-key and more") + "0\r\n\r\n"}) {
    const std::string words = words_of(answer);
    EXPECT_NE(words.find("xxxx"), std::string::npos) << words;
    EXPECT_EQ(words.find("a-sec"), std::string::npos) << words;
    EXPECT_LT(words.size(), 700U);
  }
}

// --- members of a request that a server does not know --------------------------------------------

/// Refuses with these words whatever holds `member`; else it answers. Keeps what came.
class Picky {
 public:
  Picky(std::string member, std::string refusal)
      : member_(std::move(member)), refusal_(std::move(refusal)) {}
  void operator()(int socket, const std::string& head) {
    std::string request = head;
    char buffer[4096];
    while (!request.ends_with("]}")) {
      const ssize_t got = ::recv(socket, buffer, sizeof buffer, 0);
      if (got <= 0) return;
      request.append(buffer, static_cast<size_t>(got));
    }
    asked_->push_back(request.substr(request.find("\r\n\r\n") + 4));
    say(socket, asked_->back().find(member_) == std::string::npos
                    ? kWhole
                    : plain("400 Bad Request", "Connection: close\r\n", refusal_));
  }
  std::shared_ptr<std::vector<std::string>> asked_ = std::make_shared<std::vector<std::string>>();

 private:
  std::string member_, refusal_;
};

TEST(ClientMends, AServerThatKnowsOnlyTheOlderNameOfTheLongestReplyIsAskedByThat) {
  const Picky picky(
      R"("max_completion_tokens")",
      R"({"detail": [{"type": "extra_forbidden", "loc": ["body", "max_completion_tokens"], "msg": "Extra inputs are not permitted"}]})");
  const ScriptedServer server(picky);
  Endpoint endpoint = at(server);
  endpoint.max_output = 500;
  Client client(endpoint, "", kQuick);
  const Wire& wire = client.wire();
  const std::string body =
      whole_body(wire, wire.prefix(endpoint, {}), wire.user(R"(Say "max_completion_tokens": 1)"));
  for (int i = 0; i < 2; ++i) {
    const auto outcome = client.call(body, {}, in(std::chrono::seconds(20)), {});
    ASSERT_TRUE(outcome) << outcome.error().words;
  }
  ASSERT_EQ(picky.asked_->size(), 3U) << "once it is known";
  EXPECT_EQ(get_int(parse_json(picky.asked_->back())->as_object(), "max_tokens"), 500);
  EXPECT_NE(picky.asked_->back().find(R"(\"max_completion_tokens\": 1)"), std::string::npos);
}

TEST(ClientMends, AnotherComplaintOfTheSameMemberIsToldAsItIs) {
  const Picky picky("max_completion_tokens",
                    R"({"error": {"message": "max_completion_tokens is too large: 500"}})");
  const ScriptedServer server(picky);
  Endpoint endpoint = at(server);
  endpoint.max_output = 500;
  Client client(endpoint, "", kQuick);
  const Wire& wire = client.wire();
  const auto outcome = client.call(whole_body(wire, wire.prefix(endpoint, {}), wire.user("Go.")),
                                   {}, in(std::chrono::seconds(20)), {});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, Failure::Kind::Rejected);
  EXPECT_EQ(picky.asked_->size(), 1U);
}

TEST(ClientMends, AModelWithoutEncryptedThoughtsIsAskedWithoutThem) {
  const Picky picky(
      "encrypted_content",
      R"({"error": {"type": "invalid_request_error", "param": "include", "message": "Encrypted content is not supported with this model."}})");
  const ScriptedServer server(picky);
  Endpoint endpoint = at(server, WireKind::Responses);
  Client client(endpoint, "", {Millis(1), Millis(4), Millis(1000)});
  const Wire& wire = client.wire();
  const auto outcome = client.call(whole_body(wire, wire.prefix(endpoint, {}), wire.user("Go.")),
                                   {.gives_up = [](const Waiting&) { return true; }},
                                   in(std::chrono::seconds(20)), {});
  ASSERT_EQ(picky.asked_->size(), 2U) << outcome.error().words;
  EXPECT_FALSE(parse_json(picky.asked_->back())->as_object().contains("include"));
}

}  // namespace
}  // namespace nightjar::model
