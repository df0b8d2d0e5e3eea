// Any client, any key, one model: what goes out, what comes back, what is counted and kept.
#include <gtest/gtest.h>

#include <thread>

#include "base/error.h"
#include "gateway_fixture.h"

namespace nightjar::gateway {
namespace {

using GatewayWires = GatewayTest;
INSTANTIATE_TEST_SUITE_P(Each, GatewayWires,
                         testing::Values(WireKind::Responses, WireKind::Chat, WireKind::Anthropic,
                                         WireKind::Gemini),
                         [](const auto& each) { return std::string(to_string(each.param)); });

TEST_P(GatewayWires, PassesStreamsAndWholeAnswersOnWithTheRealKeyAndTheRunsModel) {
  open(GetParam());
  std::string streamed;
  const auto stream =
      post(path(GetParam(), true), R"({"model": "made-up", "stream": true})", &streamed);
  EXPECT_EQ(stream.status, 200);
  EXPECT_NE(streamed.find("é"), std::string::npos) << streamed;
  const auto whole = post(path(GetParam(), false), R"({"model": "made-up"})");
  EXPECT_EQ(whole.status, 200) << whole.body;
  EXPECT_NE(whole.body.find("Hello "), std::string::npos);
  if (GetParam() != WireKind::Gemini) {  // whose path says it
    EXPECT_NE(server_->last_body().find("\"the-runs-model\""), std::string::npos);
    EXPECT_EQ(server_->last_body().find("made-up"), std::string::npos);
  }
  gateway_.reset();
  const auto sum = meter_->sum();
  EXPECT_EQ(sum.requests, 2);
  EXPECT_EQ(sum.usage, (model::Usage{2000, 800, 0, 100, 0}));
  EXPECT_NEAR(sum.cost_usd, 2 * (600 * 1 + 400 * 0.1 + 50 * 10) / 1e6, 1e-12);
  // Taken up again it goes on counting.
  EXPECT_EQ(Meter(dir_.path() / "usage.jsonl", {}).sum().requests, 2);
  // Requests and replies are kept; the key is not.
  const std::string record = read_file(dir_.path() / "record" / "00001-reply");
  EXPECT_NE(record.find("é"), std::string::npos);
  for (const auto& entry : fs::directory_iterator(dir_.path() / "record"))
    EXPECT_EQ(read_file(entry.path()).find(ModelServer::kKey), std::string::npos);
}

TEST_F(GatewayTest, NothingElseIsReachable) {
  open(WireKind::Chat);
  EXPECT_EQ(post("/v1/files", "{}").status, 404);
  EXPECT_EQ(post("/etc/passwd", "{}").status, 404);
  EXPECT_EQ(post("/v1/messages", "{}").status, 404);  // no model speaks that wire here
  EXPECT_NE(post("/v1/messages", "{}").body.find("it is by: chat, openai"), std::string::npos);
  EXPECT_EQ(post("/v1/chat/completions", "[1]").status, 400);
  net::HttpRequest models;
  models.url = "http://127.0.0.1:" + std::to_string(port_) + "/v1/models";
  models.direct = true;
  const std::string listed = net::http(models).body;
  EXPECT_NE(listed.find("the-runs-model"), std::string::npos);
  EXPECT_EQ(listed.find("the-runs-model"), listed.rfind("the-runs-model")) << "it is one";
  EXPECT_EQ(server_->requests().size(), 0U);
}

TEST_F(GatewayTest, TheBudgetIsEnforcedOnEveryRequest) {
  open(WireKind::Anthropic, kReply, {.tokens = 1500});
  EXPECT_EQ(post("/v1/messages", "{}").status, 200);
  EXPECT_EQ(post("/v1/messages", "{}").status, 200);  // 1050 of 1500 were used before it
  const auto refused = post("/v1/messages", "{}");
  EXPECT_EQ(refused.status, 402);
  EXPECT_NE(refused.body.find("insufficient_quota"), std::string::npos);
  EXPECT_NE(refused.body.find("2100 of 1500 tokens"), std::string::npos) << refused.body;
  EXPECT_EQ(server_->requests().size(), 2U);
  meter_ = nullptr;
}

TEST_F(GatewayTest, TheBudgetHoldsForManyAtOnce) {
  open(WireKind::Chat, R"({"plain": true, "replies": [{"say": "x", "delay_ms": 5,
       "usage": {"input": 1000, "output": 50}}]})",
       {.tokens = 3000});
  std::vector<std::jthread> clients;
  clients.reserve(20);
  for (int i = 0; i < 20; ++i) clients.emplace_back([this] { post("/v1/chat/completions", "{}"); });
  clients.clear();
  EXPECT_LE(server_->requests().size(), 4U);  // two at once: one more may be under way
}

TEST_F(GatewayTest, WhoHangsUpPaysAsWell) {
  open(WireKind::Anthropic, R"({"plain": true, "replies": [{"say": "a long answer, piece by piece",
       "chunk": 2, "delay_ms": 10, "usage": {"input": 1000, "output": 50}}]})");
  net::HttpRequest request;
  request.method = "POST";
  request.url = "http://127.0.0.1:" + std::to_string(port_) + "/v1/messages";
  request.body = R"({"stream": true})";
  request.direct = true;
  net::HttpClient().stream(request, [](std::string_view) { return false; });
  test::await("what it cost", [this] { return meter_->sum().requests > 0; });
  EXPECT_EQ(meter_->sum().usage, (model::Usage{1000, 0, 0, 50, 0}));
}

TEST_F(GatewayTest, AReplyThatRepeatsItselfIsPaidForAsWell) {
  open(WireKind::Chat, R"({"plain": true, "replies": [{"say": "again and again ", "repeat": 4000,
       "chunk": 4000, "usage": {"input": 1000, "output": 50}}]})");
  std::string streamed;
  post("/v1/chat/completions", R"({"stream": true})", &streamed);
  gateway_.reset();
  EXPECT_EQ(meter_->sum().usage, (model::Usage{1000, 0, 0, 50, 0}));
}

TEST_F(GatewayTest, AClientThatDidNotAskGetsNoEventWithoutChoices) {
  open(WireKind::Chat);
  std::string streamed, asked;
  post("/v1/chat/completions", R"({"stream": true})", &streamed);
  EXPECT_EQ(streamed.find("\"choices\":[]"), std::string::npos) << streamed;
  EXPECT_NE(streamed.find("[DONE]"), std::string::npos);
  post("/v1/chat/completions", R"({"stream": true, "stream_options": {"include_usage": true}})",
       &asked);
  EXPECT_NE(asked.find("\"choices\":[]"), std::string::npos) << asked;
  gateway_.reset();
  EXPECT_EQ(meter_->sum().usage.input, 2000);
}

TEST_F(GatewayTest, TheVendorReachesNothingForThoseInside) {
  open(WireKind::Anthropic);
  for (
      const char* body :
      {R"({"mcp_servers": [{"type": "url", "url": "https://evil.example"}]})",
       R"({"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "url", "url": "https://evil.example/?data=1"}}]}]})",
       R"({"messages": [{"role": "user", "content": [{"type": "document", "source": {"type": "file", "file_id": "f1"}}]}]})"}) {
    const auto refused = post("/v1/messages", body);
    EXPECT_EQ(refused.status, 400) << body;
    EXPECT_NE(refused.body.find("leads to something outside"), std::string::npos) << refused.body;
  }
  EXPECT_EQ(server_->requests().size(), 0U);
  // The vendor's own tools are left out; the client's stay, whatever their arguments are called.
  EXPECT_EQ(
      post(
          "/v1/messages",
          R"({"service_tier": "priority", "tools": [{"type": "web_search_20250305", "name": "web_search"},
       {"name": "open", "input_schema": {"type": "object", "properties": {"file_id": {"type": "string"}}}}],
       "messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "open", "input": {"file_id": "x"}}]}]})")
          .status,
      200);
  const std::string sent = server_->last_body();
  EXPECT_EQ(sent.find("web_search"), std::string::npos);
  EXPECT_EQ(sent.find("priority"), std::string::npos);
  EXPECT_NE(sent.find("\"input\":{\"file_id\":\"x\"}"), std::string::npos) << sent;
  open(WireKind::Responses);
  EXPECT_EQ(post("/v1/responses", R"({"previous_response_id": "resp_1"})").status, 400);
  EXPECT_EQ(
      post("/v1/responses",
           R"({"store": true, "tools": [{"type": "mcp", "server_url": "https://evil.example"}]})")
          .status,
      200);
  EXPECT_EQ(server_->last_body().find("evil"), std::string::npos);
  EXPECT_NE(server_->last_body().find("\"store\":false"), std::string::npos);
}

TEST_F(GatewayTest, RecordsOfASecondRoundStandBesideTheFirst) {
  open(WireKind::Chat);
  post("/v1/chat/completions", R"({"user": "first"})");
  open(WireKind::Chat);
  post("/v1/chat/completions", R"({"user": "second"})");
  EXPECT_NE(read_file(dir_.path() / "record" / "00001-request").find("first"), std::string::npos);
  EXPECT_NE(read_file(dir_.path() / "record" / "00002-request").find("second"), std::string::npos);
}

TEST_F(GatewayTest, AVendorsRefusalIsPassedOnWithoutTheKey) {
  open(WireKind::Chat, kReply, {}, "secret-wrong-key");
  const auto denied = post("/v1/chat/completions", "{}");
  EXPECT_EQ(denied.status, 401);
  EXPECT_EQ(denied.body.find("secret-wrong-key"), std::string::npos);
  open(WireKind::Chat, R"({"plain": true, "replies": [{"faults": [{"status": 429,
       "headers": {"retry-after": "7"}, "body": {"error": {"message": "slow down"}}}]}]})");
  const auto limited = post("/v1/chat/completions", "{}");
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(limited.header("retry-after"), "7");
  EXPECT_EQ(meter_->sum().requests, 0);
}

TEST_F(GatewayTest, ItsEndEndsWhatIsUnderWay) {
  open(WireKind::Chat,
       R"({"plain": true, "replies": [{"say": "slow", "until_file": "/nonexistent/x"}]})");
  std::jthread client([this] {
    std::string streamed;
    EXPECT_ANY_THROW(post("/v1/chat/completions", R"({"stream": true})", &streamed));
  });
  test::await("the request", [this] { return !server_->requests().empty(); });
  gateway_.reset();
}

}  // namespace
}  // namespace nightjar::gateway
