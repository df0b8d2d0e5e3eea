// Requests and answers, by a real client and by hand-written bytes.
#include "server/server.h"

#include <sys/stat.h>
#include <sys/un.h>

#include <latch>
#include <random>
#include <thread>

#include "server/testing_server.h"

namespace nightjar::server {
namespace {

TEST_F(ServerTest, AnswersOnTheUnixSocketAndOnLoopback) {
  start();
  EXPECT_EQ(get_string(object_of(ask("GET", "/health")), "version"), "test");
  net::HttpRequest over_tcp = request("GET", "/health");
  over_tcp.unix_socket.clear();
  over_tcp.direct = true;
  over_tcp.url = "http://127.0.0.1:" + std::to_string(server_->port()) + "/api/v1/health";
  EXPECT_EQ(net::http(over_tcp).status, 200);
}

TEST_F(ServerTest, OnlyTheOwnerReachesTheSocketAndItsPathMayBeLong) {
  options_.socket = folder_.path() / std::string(120, 'd') / std::string(120, 'e') / "api.sock";
  fs::create_directories(options_.socket.parent_path());
  start();
  EXPECT_EQ(ask("GET", "/health").status, 200);
  struct stat info{};
  ASSERT_EQ(::stat(options_.socket.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600);
  server_->stop();
  EXPECT_FALSE(fs::exists(options_.socket)) << "it leaves nothing behind";
}

TEST_F(ServerTest, AStaleSocketIsReplacedALivingOneIsNot) {
  start();
  try {
    const auto second = serve(options_, backend_, *store_);
    FAIL() << "two serve at one socket";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Conflict) << error.what();
  }
  EXPECT_EQ(ask("GET", "/health").status, 200) << "the first goes on";
  server_.reset();

  const Fd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(options_.socket.native().size(), sizeof address.sun_path);
  options_.socket.native().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  start();
  EXPECT_EQ(ask("GET", "/health").status, 200);
}

TEST_F(ServerTest, AFileInTheWayIsNotRemoved) {
  write_durably(options_.socket, "precious");
  EXPECT_THROW(start(), Error);
  EXPECT_EQ(read_file(options_.socket), "precious");
}

TEST_F(ServerTest, ListensOnLoopbackAlone) {
  for (const auto* address :
       {"0.0.0.0:0", "[::]:0", "192.168.0.1:80", "example.org:80", "*:80", ":80", "8080",
        "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:80x", "[::1:80", "128.0.0.1:0"}) {
    options_.listen = address;
    try {
      start();
      FAIL() << address;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::Invalid) << address;
      EXPECT_NE(std::string(error.what()).find("loopback"), std::string::npos) << error.what();
    }
  }
  for (const auto* address : {"localhost:0", "127.0.0.1:0", "127.1.2.3:0"}) {
    options_.listen = address;
    start();
    EXPECT_GT(server_->port(), 0);
    server_.reset();
  }
}

TEST_F(ServerTest, WithoutTheTokenNothingIsSaid) {
  start();
  const std::vector<std::string> wrong{"",
                                       "Bearer",
                                       "Bearer ",
                                       "Bearer secre",
                                       "Bearer secret2",
                                       "Bearer SECRET",
                                       "Basic secret",
                                       "secret",
                                       "Bearer secretsecret"};
  for (const auto& value : wrong) {
    net::HttpRequest r = request("GET", "/tasks");
    r.headers.clear();
    if (!value.empty()) r.headers.emplace_back("Authorization", value);
    const auto response = net::http(r);
    expect_problem(response, 401, "denied");
    EXPECT_TRUE(response.header("www-authenticate").starts_with("Bearer")) << value;
  }
  options_.token.clear();
  options_.socket = folder_.path() / "other.sock";
  EXPECT_THROW(serve(options_, backend_, *store_), Error)
      << "an empty token would let everybody in";
}

TEST_F(ServerTest, ForeignHostsAndPagesAreRefused) {
  start();
  const auto with = [&](std::string host, std::string origin) {
    net::HttpRequest r = request("GET", "/health");
    r.headers.emplace_back("Host", std::move(host));
    if (!origin.empty()) r.headers.emplace_back("Origin", std::move(origin));
    return net::http(r).status;
  };
  EXPECT_EQ(with("localhost:8737", ""), 200);
  EXPECT_EQ(with("127.0.0.1", ""), 200);
  EXPECT_EQ(with("[::1]:80", ""), 200);
  EXPECT_EQ(with("LOCALHOST:1", "http://localhost:1"), 200);
  EXPECT_EQ(with("evil.example", ""), 403);
  EXPECT_EQ(with("localhost.evil.example", ""), 403);
  EXPECT_EQ(with("[::1].evil.example", ""), 403);
  EXPECT_EQ(with("localhost", "http://evil.example"), 403);
  EXPECT_EQ(with("localhost:8737", "http://localhost:9999"), 403);
  EXPECT_EQ(with("localhost", "null"), 403);
  EXPECT_NE(raw("GET /api/v1/health HTTP/1.1\r\nAuthorization: Bearer secret\r\nConnection: "
                "close\r\n\r\n")
                .find("403"),
            std::string::npos)
      << "no Host at all";
  EXPECT_NE(raw("GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\nHost: "
                "evil.example\r\nConnection: close\r\n\r\n")
                .find("403"),
            std::string::npos)
      << "two hosts";
}

TEST_F(ServerTest, UnknownPathsAndMethodsAreProblems) {
  start();
  for (const auto* path : {"/nothing", "/tasks/", "/tasks/a/b", "/tasks//diff", "/tasks/a/diff/",
                           "/tasks/%zz", "/tasks/%00"}) {
    expect_problem(ask("GET", path), 404, "not_found");
  }
  const auto response = ask("DELETE", "/tasks");
  expect_problem(response, 405, "invalid");
  EXPECT_EQ(response.header("allow"), "GET, HEAD, POST");
  EXPECT_EQ(ask("GET", "/tasks/a/merge").header("allow"), "POST");
  EXPECT_EQ(ask("BREW", "/tasks").status, 405);
}

TEST_F(ServerTest, BodiesMustBeJsonObjects) {
  start();
  expect_problem(ask("POST", "/tasks", "{\"brief\": "), 400, "invalid");
  expect_problem(ask("POST", "/tasks", "[]"), 400, "invalid");
  expect_problem(ask("POST", "/tasks", std::string(100, '[')), 400, "invalid");
  expect_problem(ask("POST", "/tasks", "{\"brief\": \"\"}"), 400, "invalid");
  net::HttpRequest form = request("POST", "/tasks", "{}");
  form.headers.back().second = "application/x-www-form-urlencoded";
  expect_problem(net::http(form), 415, "invalid");
  net::HttpRequest charset = request("POST", "/tasks", "{\"brief\": \"x\"}");
  charset.headers.back().second = "Application/JSON; charset=utf-8";
  EXPECT_EQ(net::http(charset).status, 201);
}

TEST_F(ServerTest, AMemberOfAnotherTypeOrSizeIsRefusedByNameAndNotDropped) {
  start();
  const auto refused = [&](const std::string& path, const std::string& name,
                           const std::string& value) {
    const auto response =
        ask("POST", path, R"({"brief": "x", "text": "x", ")" + name + "\": " + value + "}");
    expect_problem(response, 400, "invalid");
    EXPECT_NE(response.body.find("'" + name + "' takes "), std::string::npos) << response.body;
  };
  for (const std::string path : {"/tasks", "/tasks/abc/resume"}) {
    for (const auto* value : {R"("2.00")", "true", "0", "-1", "1e7", "null"})
      refused(path, "limit_cost_usd", value);
    for (const auto* name : {"limit_turns", "limit_tokens", "limit_time_ms"})
      for (const auto* value : {R"("5")", "6.5", "0", "-1", "1e30", "18446744073709551616", "[5]"})
        refused(path, name, value);
    refused(path, "limit_turns", "4294967296");
    refused(path, "limit_turns", "4294967297");
  }
  for (const auto* flag : {"plan_first", "allow_network"})
    for (const auto* value : {R"("yes")", "1"}) refused("/tasks", flag, value);
  refused("/tasks", "attempts", R"("2")");
  refused("/tasks", "attempts", "17");
  refused("/tasks", "checks", R"("false")");
  refused("/tasks", "checks", "[true]");
  refused("/tasks", "base", "1");
  refused("/tasks/abc/resume", "rewind_turn", R"("3")");
  refused("/tasks/abc/retry", "allow_network", R"("true")");
  refused("/tasks/abc/request-changes", "author", "{}");
  refused("/tasks/abc/comments", "line", R"("3")");
  refused("/tasks/abc/merge", "into", "3");
  refused("/models/test", "name", "3");
  refused("/stop", "runs", R"("no")");
  EXPECT_TRUE(backend_.asked().empty());
  EXPECT_EQ(ask("POST", "/tasks",
                R"({"brief": "x", "limit_cost_usd": 2, "limit_turns": 5, "limit_tokens": 1e6,)"
                R"( "limit_time_ms": 60000, "attempts": 2, "plan_first": true, "checks": ["a"],)"
                R"( "a_member_of_later": 1})")
                .status,
            201);
}

TEST_F(ServerTest, AssigningAnswersCreatedWithThePlace) {
  start();
  const auto response = ask("POST", "/tasks", "{\"brief\": \"x\"}");
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.header("location"), "/api/v1/tasks/new1");
}

TEST_F(ServerTest, ActionsReachTheBackendWithTheirBody) {
  start();
  EXPECT_EQ(ask("POST", "/tasks/a%20b/request-changes", "{\"text\": \"call it Loader\"}").status,
            200);
  EXPECT_EQ(ask("POST", "/tasks/abc/cancel").status, 200) << "no body is an empty one";
  const auto asked = backend_.asked();
  ASSERT_EQ(asked.size(), 2);
  EXPECT_EQ(asked[0].first, "a b request-changes");
  EXPECT_EQ(get_string(asked[0].second, "text"), "call it Loader");
  EXPECT_EQ(asked[1].first, "abc cancel");
  const auto refused = ask("POST", "/tasks/abc/merge", "{}");
  expect_problem(refused, 409, "conflict");
  EXPECT_EQ(get_strings(object_of(refused), "conflicts"), std::vector<std::string>{"a.py"});
  EXPECT_EQ(ask("GET", "/tasks/abc/log?run=abc.1&name=unit+tests%2f1").body,
            "abc|abc.1|unit tests/1");
}

TEST_F(ServerTest, WhatTheBackendThrowsIsAProblem) {
  start();
  expect_problem(ask("GET", "/tasks/boom"), 500, "internal");
  expect_problem(ask("GET", "/tasks/full"), 507, "limit");
  expect_problem(ask("GET", "/tasks/none"), 404, "not_found");
}

TEST_F(ServerTest, HeadAnswersAsGetWithoutABody) {
  start();
  const auto get = ask("GET", "/health");
  const auto head = ask("HEAD", "/health");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(head.header("content-length"), std::to_string(get.body.size()));
  EXPECT_EQ(ask("HEAD", "/nothing").status, 404);
  EXPECT_EQ(ask("HEAD", "/events").status, 200);
}

TEST_F(ServerTest, LargeAnswersArriveWhole) {
  backend_.big_text.assign(20'000'000, 'x');
  backend_.big_text += "end";
  start();
  EXPECT_EQ(ask("GET", "/tasks/a/diff").body, backend_.big_text);
}

TEST_F(ServerTest, HeadersAndBodiesAreBounded) {
  start();
  net::HttpRequest long_header = request("GET", "/health");
  long_header.headers.emplace_back("X-Long", std::string(20'000, 'x'));
  expect_problem(net::http(long_header), 431, "limit");
  expect_problem(ask("POST", "/tasks", "{\"brief\": \"" + std::string(1'100'000, 'x') + "\"}"), 413,
                 "limit");
  EXPECT_EQ(ask("POST", "/tasks", "{\"brief\": \"" + std::string(900'000, 'x') + "\"}").status,
            201);
}

TEST_F(ServerTest, WhatIsNotHttpIsRefused) {
  start();
  const std::string post = "POST / HTTP/1.1\r\nHost: localhost\r\n";
  const std::string two_lengths = post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string& text :
       {std::string("hello\r\n\r\n"), std::string("GET /\r\n\r\n"),
        std::string("GET / HTTP/9.9\r\n\r\n"), post + "Content-Length: x\r\n\r\n", two_lengths}) {
    EXPECT_TRUE(raw(text).starts_with("HTTP/1.1 400 ")) << text;
  }
}

TEST_F(ServerTest, DamagedRequestsHurtNobody) {
  start();
  const std::string good =
      "POST /api/v1/tasks/a%20b/merge?x=%41&y HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
      "secret\r\n"
      "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
      "8\r\n{\"a\": 1}\r\n0\r\n\r\n";
  EXPECT_TRUE(sent_and_closed(good).starts_with("HTTP/1.1 409 "))
      << "undamaged, it reaches the backend";
  std::mt19937 random(5);
  for (int round = 0; round < 400; ++round) {
    std::string text = good;
    for (unsigned change = random() % 4; change < 4; ++change) {
      const size_t at = random() % text.size();
      switch (random() % 4) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, random() % 20);
          break;
        case 2:
          text.insert(at, random() % 50, static_cast<char>(random()));
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 100));
          break;
      }
      if (text.empty()) text = "\n";
    }
    const std::string answer = sent_and_closed(text);
    EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 ")) << text;
    EXPECT_EQ(answer.find("<nothing came"), std::string::npos) << text;
  }
  EXPECT_EQ(ask("GET", "/health").status, 200);
}

TEST_F(ServerTest, AConnectionServesManyRequests) {
  start();
  net::HttpClient client;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.send(request("GET", "/health")).status, 200);
  const std::string one =
      "GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\n";
  const std::string both = raw(one + "\r\n" + one + "Connection: close\r\n\r\n");
  size_t answers = 0;
  for (size_t at = both.find("200 OK"); at != std::string::npos; at = both.find("200 OK", at + 1))
    ++answers;
  EXPECT_EQ(answers, 2) << "two requests in one piece: " << both;
}

TEST_F(ServerTest, ExpectContinueIsAnswered) {
  start();
  const Fd fd = connect();
  write_all(fd.get(),
            "POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
            "secret\r\nContent-Type: "
            "application/json\r\nContent-Length: 13\r\nExpect: 100-continue\r\nConnection: "
            "close\r\n\r\n");
  char first[64] = "";
  ASSERT_GT(::recv(fd.get(), first, sizeof first - 1, 0), 0);
  EXPECT_TRUE(std::string_view(first).starts_with("HTTP/1.1 100 ")) << first;
  write_all(fd.get(), "{\"brief\":\"x\"}");
  EXPECT_TRUE(rest_of(fd.get()).starts_with("HTTP/1.1 201 "));
}

TEST_F(ServerTest, SlowClientsAreCutOff) {
  options_.timeouts.header = Millis(50);
  options_.timeouts.body = Millis(50);
  options_.timeouts.idle = Millis(50);
  start();
  EXPECT_TRUE(raw("GET /api/v1/health HTTP/1.1\r\nHost: loc").starts_with("HTTP/1.1 408 "))
      << "half a header";
  EXPECT_TRUE(raw("POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
                  .starts_with("HTTP/1.1 408 "))
      << "half a body";
  EXPECT_EQ(raw(""), "") << "nothing at all";
  EXPECT_TRUE(
      raw("GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n").starts_with("HTTP/1.1 401 "))
      << "and an idle connection ends";
}

TEST_F(ServerTest, TooManyConnectionsAreTurnedAway) {
  options_.most_connections = 3;
  start();
  std::vector<Fd> held;
  for (int i = 0; i < 3; ++i) {
    held.push_back(connect());
    // Answered, so it counts by now.
    write_all(held.back().get(), "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    char byte = 0;
    ASSERT_EQ(::recv(held.back().get(), &byte, 1, 0), 1);
  }
  const std::string answer = rest_of(connect().get());
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
  EXPECT_NE(answer.find("\"kind\":\"unavailable\""), std::string::npos);
  held.clear();
  int status = 503;
  for (int tries = 0; tries < 1000 && status == 503; ++tries) status = ask("GET", "/health").status;
  EXPECT_EQ(status, 200) << "there is room again";
}

TEST_F(ServerTest, AStopWaitsForTheAnswerUnderWay) {
  std::latch in_backend(1);
  std::latch go_on(1);
  backend_.during_act = [&] {
    in_backend.count_down();
    go_on.wait();
  };
  start();
  int status = 0;
  std::jthread client([&] { status = ask("POST", "/tasks/a/cancel").status; });
  in_backend.wait();
  const Fd idle = connect();
  std::jthread stopper([&] { server_->stop(); });
  EXPECT_EQ(rest_of(idle.get()), "") << "idle connections end at once";
  go_on.count_down();
  stopper.join();
  client.join();
  EXPECT_EQ(status, 200);
}

}  // namespace
}  // namespace nightjar::server
