// A gateway on loopback before the scripted model server.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>
#include <string>

#include "gateway/gateway.h"
#include "net/http.h"
#include "support/model_server.h"
#include "support/wait.h"

namespace nightjar::gateway {

using model::WireKind;
using test::ModelServer;

inline constexpr const char* kReply = R"({"plain": true, "replies": [{"say": "Hello é", "chunk": 3,
    "usage": {"input": 1000, "cached": 400, "output": 50}}]})";

inline Fd listen_anywhere(int& port) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::listen(socket.get(), 16), 0);
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return socket;
}

class GatewayTest : public testing::TestWithParam<WireKind> {
 protected:
  void open(WireKind wire, const std::string& scenario = kReply, Budget budget = {},
            const std::string& key = ModelServer::kKey) {
    gateway_.reset();
    server_ = std::make_unique<ModelServer>("play", scenario);
    meter_ = std::make_unique<Meter>(dir_.path() / "usage.jsonl", budget);
    Settings settings;
    settings.record = dir_.path() / "record";
    settings.most_at_once = 2;
    model::Endpoint endpoint;
    endpoint.wire = wire;
    endpoint.model = "the-runs-model";
    endpoint.base_url = server_->base_url("play", "c", std::string(to_string(wire)));
    endpoint.prices = {1, 0.1, 0, 10, true};
    settings.upstreams.push_back({endpoint, key});
    gateway_ = std::make_unique<Gateway>(listen_anywhere(port_), std::move(settings), *meter_);
  }
  net::HttpResponse post(const std::string& path, const std::string& body,
                         std::string* streamed = nullptr) const {
    net::HttpRequest request;
    request.method = "POST";
    request.url = "http://127.0.0.1:" + std::to_string(port_) + path;
    request.headers = {{"Authorization", "Bearer dummy"},
                       {"x-api-key", "dummy"},
                       {"Content-Type", "application/json"}};
    request.body = body;
    request.direct = true;
    request.deadline = in(std::chrono::seconds(20));
    if (!streamed) return net::http(request);
    return net::HttpClient().stream(request, [&](std::string_view bytes) {
      *streamed += bytes;
      return true;
    });
  }
  static std::string path(WireKind wire, bool stream) {
    switch (wire) {
      case WireKind::Responses:
        return "/v1/responses";
      case WireKind::Chat:
        return "/v1/chat/completions";
      case WireKind::Anthropic:
        return "/v1/messages";
      case WireKind::Gemini:
        return std::string("/v1beta/models/whatever:") +
               (stream ? "streamGenerateContent?alt=sse" : "generateContent");
    }
    return "";
  }
  TempDir dir_{"nightjar-gateway"};
  int port_ = 0;
  std::unique_ptr<ModelServer> server_;
  std::unique_ptr<Meter> meter_;
  std::unique_ptr<Gateway> gateway_;
};

}  // namespace nightjar::gateway
