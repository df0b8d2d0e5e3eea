// What holds where things do not go well: streams that break off, many at once, large bodies.
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "base/error.h"
#include "gateway_fixture.h"

namespace nightjar::gateway {
namespace {

using GatewayBounds = GatewayTest;

std::string long_text() {
  std::string out;
  for (int i = 0; out.size() < 400'000; ++i) out += std::to_string(i) + " ";
  return out;
}

TEST_F(GatewayBounds, AStreamThatRepeatsTheKeyIsPassedOnAndRecordedWithoutIt) {
  open(WireKind::Chat, R"({"plain": true, "replies": [{"say": "your key is test-key, keep it",
       "chunk": 100, "split": 3}]})");
  for (const char* body :
       {R"({"stream": true})", R"({"stream": true, "stream_options": {"include_usage": true}})"}) {
    std::string streamed;
    post("/v1/chat/completions", body, &streamed);
    EXPECT_NE(streamed.find("your key is [key], keep it"), std::string::npos) << streamed;
  }
  gateway_.reset();
  for (const auto& entry : fs::directory_iterator(dir_.path() / "record"))
    EXPECT_EQ(read_file(entry.path()).find(ModelServer::kKey), std::string::npos);
}

TEST_F(GatewayBounds, WhatItsEndBreaksOffIsCountedAndRecorded) {
  open(WireKind::Anthropic, R"({"plain": true, "replies": [{"say": "slow", "delay_ms": 600000,
       "usage": {"input": 1000, "output": 50}}]})");
  std::promise<void> begun;
  std::jthread client([&] {
    net::HttpRequest request;
    request.method = "POST";
    request.url = "http://127.0.0.1:" + std::to_string(port_) + "/v1/messages";
    request.body = R"({"stream": true})";
    request.direct = true;
    bool first = true;
    try {
      net::HttpClient().stream(request, [&](std::string_view) {
        if (std::exchange(first, false)) begun.set_value();
        return true;
      });
    } catch (const Error&) {  // the gateway has gone
    }
  });
  begun.get_future().wait();
  gateway_.reset();
  EXPECT_EQ(meter_->sum().requests, 1);
  EXPECT_EQ(meter_->sum().usage, (model::Usage{1000, 0, 0, 1, 0}));
  EXPECT_NE(read_file(dir_.path() / "record" / "00001-reply").find("message_start"),
            std::string::npos);
}

TEST_F(GatewayBounds, AStreamThatIsCutCountsWhatItHadWritten) {
  for (const auto& [wire, path] :
       {std::pair{WireKind::Anthropic, "/v1/messages"}, {WireKind::Chat, "/v1/chat/completions"}}) {
    fs::remove(dir_.path() / "usage.jsonl");
    const std::string text = long_text();
    open(wire, R"({"plain": true, "replies": [{"say": ")" + text +
                   R"(", "chunk": 4000, "usage": {"input": 1000, "output": 50},
           "faults": [{"cut_after": 60}]}]})");
    std::string streamed;
    post(path, R"({"stream": true})", &streamed);
    gateway_.reset();
    const auto output = static_cast<size_t>(meter_->sum().usage.output);
    EXPECT_GE(output, 57U * 4000 / 4);
    EXPECT_LE(output, 60U * 4000 / 4);
  }
}

TEST_F(GatewayBounds, WhatIsUnderWayCountsAgainstTheBudget) {
  const std::string body =
      R"({"max_tokens": 10000, "messages": [")" + std::string(400'000, 'x') + R"("]})";
  open(WireKind::Chat, R"({"plain": true, "replies": [{"say": "x",
       "usage": {"input": 100000, "output": 50}}]})",
       {.tokens = 300'000});
  std::vector<std::jthread> clients;
  for (int i = 0; i < 8; ++i) clients.emplace_back([&] { post("/v1/chat/completions", body); });
  clients.clear();
  EXPECT_EQ(server_->requests().size(), 3U);
}

TEST_F(GatewayBounds, WhatFitsWhenOthersHaveEndedWaitsForThemAndIsNotRefused) {
  open(WireKind::Chat, R"({"plain": true, "replies": [{"say": "x", "delay_ms": 5,
       "usage": {"input": 1000, "output": 50}}]})",
       {.tokens = 300'000});
  std::vector<std::jthread> clients;
  for (int i = 0; i < 8; ++i)
    clients.emplace_back([this, i] {
      const std::string most = i % 2 ? "1000000" : "200000";
      EXPECT_EQ(post("/v1/chat/completions", R"({"max_tokens": )" + most + "}").status, 200);
    });
  clients.clear();
  EXPECT_EQ(meter_->sum().requests, 8);
}

TEST_F(GatewayBounds, ABodyOfManySmallValuesIsRefusedBeforeItFillsTheMemory) {
  open(WireKind::Chat);
  std::string body = R"({"messages": [], "metadata": [)";
  while (body.size() < size_t{30} << 20) body += "0,0,0,0,";
  const auto refused = post("/v1/chat/completions", body + "0]}");
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("more values"), std::string::npos) << refused.body;
  // As much text is one value.
  body = R"({"messages": [], "metadata": ")" + std::string(size_t{30} << 20, 'x') + "\"}";
  EXPECT_EQ(post("/v1/chat/completions", body).status, 200);
}

/// A connection whose body never ends.
Fd hold_a_body(int port, size_t size) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  write_all(socket.get(), "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                              std::to_string(size + 1) + "\r\n\r\n" + std::string(size, ' '));
  return socket;
}

TEST_F(GatewayBounds, TheBodiesOfAllConnectionsTogetherAreBounded) {
  constexpr size_t kLarge = size_t{30} << 20;
  open(WireKind::Chat);
  const std::string body = R"({"messages": [], "metadata": ")" + std::string(kLarge, 'x') + "\"}";
  const auto is_taken = [&] {
    try {
      return post("/v1/chat/completions", body).status == 200;
    } catch (const Error&) {  // closed before it was whole
      return false;
    }
  };
  Fd first = hold_a_body(port_, kLarge);
  const Fd second = hold_a_body(port_, kLarge);
  EXPECT_FALSE(is_taken());
  EXPECT_EQ(post("/v1/chat/completions", "{}").status, 200) << "a small one has its own room";
  first.reset();
  const Deadline deadline = in(std::chrono::seconds(20));
  bool taken = false;
  while (!taken && std::chrono::steady_clock::now() < deadline) taken = is_taken();
  EXPECT_TRUE(taken);
}

}  // namespace
}  // namespace nightjar::gateway
