// The client against a server that says exactly what a test wants, on a Unix socket or loopback.
#include "net/http.h"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "net/testing_server.h"

namespace nightjar::net {
namespace {

HttpRequest to_socket(const fs::path& socket, std::string method = "GET") {
  HttpRequest request;
  request.method = std::move(method);
  request.url = "http://localhost/path?q=1";
  request.unix_socket = socket;
  request.deadline = in(std::chrono::seconds(20));
  return request;
}

ErrorKind kind_of_failure(const HttpRequest& request) {
  try {
    http(request);
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "it was answered";
  return ErrorKind::Internal;
}

class HttpTest : public testing::Test {
 protected:
  TempDir folder_{"http"};
  fs::path socket_ = folder_.path() / "s.sock";
};

TEST_F(HttpTest, SendsMethodHeadersAndBodyAndReadsTheAnswer) {
  std::string seen;
  ScriptedServer server(socket_, [&](int socket, const std::string& request) {
    seen = request;
    say(socket, answer("{\"x\": 1}", "201 Created"));
  });
  HttpRequest request = to_socket(socket_, "POST");
  request.headers = {
      {"Authorization", "Bearer t"}, {"X-Empty", ""}, {"Content-Type", "application/json"}};
  request.body = std::string("a\0b", 3);
  const HttpResponse response = http(request);
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, "{\"x\": 1}");
  EXPECT_EQ(response.header("x-NAME"), "some value");
  EXPECT_EQ(response.header("absent"), "");
  EXPECT_TRUE(seen.starts_with("POST /path?q=1 HTTP/1.1\r\nHost: localhost\r\n")) << seen;
  EXPECT_NE(seen.find("Authorization: Bearer t\r\n"), std::string::npos);
  EXPECT_NE(seen.find("X-Empty:\r\n"), std::string::npos);
  EXPECT_EQ(seen.find("Expect:"), std::string::npos);
  EXPECT_NE(seen.find("Content-Length: 3\r\n"), std::string::npos);
  EXPECT_TRUE(seen.ends_with(std::string("\r\n\r\na\0b", 7)));
}

TEST_F(HttpTest, ReachesSocketsWithLongPaths) {
  const fs::path folder = folder_.path() / std::string(150, 'a') / std::string(150, 'b');
  fs::create_directories(folder);
  ScriptedServer server(folder / "api.sock",
                        [](int socket, const std::string&) { say(socket, answer("hi")); });
  EXPECT_EQ(http(to_socket(folder / "api.sock")).body, "hi");
  EXPECT_EQ(kind_of_failure(to_socket(folder / "none.sock")), ErrorKind::Unavailable);
  EXPECT_EQ(kind_of_failure(to_socket(folder / "none" / "api.sock")), ErrorKind::Unavailable);
  EXPECT_EQ(kind_of_failure(to_socket(folder / std::string(200, 'n'))), ErrorKind::Invalid);
}

TEST_F(HttpTest, NobodyThereIsUnavailable) {
  EXPECT_EQ(kind_of_failure(to_socket(socket_)), ErrorKind::Unavailable);
  HttpRequest refused;
  refused.url = "http://127.0.0.1:1/";
  refused.direct = true;
  EXPECT_EQ(kind_of_failure(refused), ErrorKind::Unavailable);
  HttpRequest bad;
  bad.url = "file:///etc/passwd";
  EXPECT_EQ(kind_of_failure(bad), ErrorKind::Invalid);
}

TEST_F(HttpTest, AnAnswerThatBreaksOffIsUnavailable) {
  for (const auto* text : {"", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
                           "nonsense\r\n\r\n"}) {
    fs::remove(socket_);
    ScriptedServer server(socket_, [&](int socket, const std::string&) { say(socket, text); });
    EXPECT_EQ(kind_of_failure(to_socket(socket_)), ErrorKind::Unavailable) << text;
  }
}

TEST_F(HttpTest, HeaderInjectionIsRefused) {
  HttpRequest request = to_socket(socket_);
  request.headers = {{"X", "a\r\nEvil: 1"}};
  EXPECT_EQ(kind_of_failure(request), ErrorKind::Invalid);
}

TEST_F(HttpTest, TheBodyIsBounded) {
  ScriptedServer server(
      socket_, [](int socket, const std::string&) { say(socket, answer(std::string(2000, 'x'))); });
  HttpRequest request = to_socket(socket_);
  request.most_body = 1000;
  EXPECT_EQ(kind_of_failure(request), ErrorKind::Limit);
  request.most_body = 2000;
  EXPECT_EQ(http(request).body.size(), 2000);
}

TEST_F(HttpTest, HeadersAreBounded) {
  ScriptedServer server(socket_, [](int socket, const std::string&) {
    say(socket, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 10'000; ++i) say(socket, "X-Filler: " + std::string(90, 'x') + "\r\n");
    say(socket, "Content-Length: 0\r\n\r\n");
  });
  EXPECT_THROW(http(to_socket(socket_)), Error);
}

TEST_F(HttpTest, AConnectionIsUsedAgain) {
  ScriptedServer server(socket_, [](int socket, const std::string&) {
    for (int i = 0; i < 3; ++i) {
      say(socket, answer("hi"));
      if (i == 2) break;
      char buffer[4096];
      if (::recv(socket, buffer, sizeof buffer, 0) <= 0) break;
    }
  });
  HttpClient client;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.send(to_socket(socket_)).body, "hi");
  EXPECT_EQ(server.connections, 1);
}

TEST_F(HttpTest, HeadHasNoBodyAndDoesNotWaitForOne) {
  ScriptedServer server(socket_, [](int socket, const std::string& request) {
    EXPECT_TRUE(request.starts_with("HEAD "));
    say(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
  });
  const auto response = http(to_socket(socket_, "HEAD"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("content-length"), "100");
}

TEST_F(HttpTest, AStreamArrivesInPiecesAndEndsWhenTheReaderSaysSo) {
  std::latch first_read(1);
  ScriptedServer server(socket_, [&](int socket, const std::string&) {
    say(socket, "HTTP/1.1 200 OK\r\n\r\none");
    first_read.wait();
    say(socket, "two");
    wait_until_closed(socket);
  });
  std::vector<std::string> pieces;
  const auto response = HttpClient().stream(to_socket(socket_), [&](std::string_view bytes) {
    pieces.emplace_back(bytes);
    if (pieces.size() == 1) first_read.count_down();
    return pieces.size() < 2;
  });
  EXPECT_EQ(pieces, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(response.status, 200);
}

TEST_F(HttpTest, ARefusalOfAStreamIsAnAnswerWithABody) {
  ScriptedServer server(
      socket_, [](int socket, const std::string&) { say(socket, answer("no", "404 Not Found")); });
  const auto response = HttpClient().stream(to_socket(socket_), [](std::string_view) {
    ADD_FAILURE() << "a refusal is not the stream";
    return true;
  });
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, "no");
}

TEST_F(HttpTest, WhatTheReaderThrowsComesOut) {
  ScriptedServer server(socket_, [](int socket, const std::string&) { say(socket, answer("x")); });
  EXPECT_THROW(
      HttpClient().stream(to_socket(socket_),
                          [](std::string_view) -> bool { throw Error(ErrorKind::Denied, "x"); }),
      Error);
}

TEST_F(HttpTest, AStopEndsAStreamAtOnce) {
  std::stop_source stop;
  ScriptedServer server(socket_, [&](int socket, const std::string&) {
    say(socket, "HTTP/1.1 200 OK\r\n\r\nfirst");
    wait_until_closed(socket);
  });
  HttpRequest request = to_socket(socket_);
  request.deadline = kNoDeadline;  // only the stop can end it
  request.stop = stop.get_token();
  std::latch reading(1);
  std::jthread stopper([&] {
    reading.wait();
    stop.request_stop();
  });
  EXPECT_THROW(HttpClient().stream(request,
                                   [&](std::string_view) {
                                     reading.count_down();
                                     return true;
                                   }),
               Cancelled);
}

TEST_F(HttpTest, AStopBeforehandSendsNothing) {
  ScriptedServer server(socket_,
                        [](int, const std::string&) { ADD_FAILURE() << "a request was sent"; });
  std::stop_source stop;
  stop.request_stop();
  HttpRequest request = to_socket(socket_);
  request.stop = stop.get_token();
  EXPECT_THROW(http(request), Cancelled);
}

TEST_F(HttpTest, TheDeadlineEndsASilentExchange) {
  ScriptedServer server(socket_, [](int socket, const std::string&) { wait_until_closed(socket); });
  HttpRequest request = to_socket(socket_);
  request.deadline = in(std::chrono::milliseconds(30));
  EXPECT_EQ(kind_of_failure(request), ErrorKind::Timeout);
}

TEST_F(HttpTest, LoopbackIsReachedWithoutTheProxyOfTheEnvironment) {
  ScriptedServer server([](int socket, const std::string& request) {
    EXPECT_TRUE(request.starts_with("GET /x "));
    say(socket, answer("direct"));
  });
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  HttpRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(server.port) + "/x";
  request.direct = true;
  EXPECT_EQ(http(request).body, "direct");
  request.direct = false;
  EXPECT_EQ(kind_of_failure(request), ErrorKind::Unavailable)
      << "the proxy was asked, and is not there";
  ::unsetenv("http_proxy");
}

TEST_F(HttpTest, AProxyGetsTheWholeAddress) {
  std::string seen;
  ScriptedServer proxy([&](int socket, const std::string& request) {
    seen = request;
    say(socket, answer("by proxy"));
  });
  HttpRequest request;
  request.url = "http://far.example:81/x?y";
  request.proxy = "http://127.0.0.1:" + std::to_string(proxy.port);
  EXPECT_EQ(http(request).body, "by proxy");
  EXPECT_TRUE(
      seen.starts_with("GET http://far.example:81/x?y HTTP/1.1\r\nHost: far.example:81\r\n"))
      << seen;
}

TEST_F(HttpTest, InterimAnswersAreNotTheAnswerAndChunksAreJoined) {
  ScriptedServer server(socket_, [](int socket, const std::string&) {
    say(socket,
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n"
        "Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    say(socket, "4;a=b\r\ntwo!\r\n0\r\nTrailer: t\r\n\r\n");
    wait_until_closed(socket);
  });
  const HttpResponse response = http(to_socket(socket_));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "onetwo!");
  EXPECT_EQ(response.header("link"), "");
}

TEST_F(HttpTest, AKeptConnectionThatWasClosedIsMadeAnew) {
  // The first closes in silence after its answer, the second when the next request has arrived.
  for (const bool closes_late : {false, true}) {
    fs::remove(socket_);
    std::atomic<int> asked{0};
    ScriptedServer server(socket_, [&](int socket, const std::string&) {
      say(socket, answer("hi"));
      char buffer[4096];
      if (closes_late && ++asked == 1 && ::recv(socket, buffer, sizeof buffer, 0) > 0) return;
    });
    HttpClient client;
    EXPECT_EQ(client.send(to_socket(socket_)).body, "hi");
    EXPECT_EQ(client.send(to_socket(socket_)).body, "hi");
    EXPECT_EQ(server.connections, 2);
  }
}

TEST_F(HttpTest, AStreamWhoseReaderHasSeenEnoughKeepsItsConnectionIfItsEndComes) {
  for (const std::string_view end : {"0\r\n\r\n", "", "3\r\nmor\r\n", "no chunk"}) {
    fs::remove(socket_);
    ScriptedServer server(socket_, [end](int socket, const std::string&) {
      char buffer[4096];
      do {
        say(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nlast\r\n");
        say(socket, end);
      } while (::recv(socket, buffer, sizeof buffer, 0) > 0);
    });
    HttpClient client;
    for (int i = 0; i < 2; ++i) {
      std::string seen;
      client.stream(to_socket(socket_), [&seen](std::string_view piece) {
        seen += piece;
        return false;
      });
      EXPECT_EQ(seen, "last");
    }
    EXPECT_EQ(server.connections, end.starts_with('0') ? 1 : 2) << end;
  }
}

TEST_F(HttpTest, AStopAfterTheLastEventLosesNothing) {
  ScriptedServer server(socket_, [](int socket, const std::string&) {
    say(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nlast\r\n");
    wait_until_closed(socket);
  });
  std::stop_source stop;
  HttpRequest request = to_socket(socket_);
  request.stop = stop.get_token();
  const auto response = HttpClient().stream(request, [&stop](std::string_view) {
    stop.request_stop();
    return false;
  });
  EXPECT_EQ(response.status, 200);
}

// What comes for ever without an end of its line is not kept for ever.
TEST_F(HttpTest, AChunkOrATrailerWithoutAnEndIsBounded) {
  for (const std::string begun : {"5;a=", "0\r\nX: "}) {
    size_t sent = 0;
    ScriptedServer server([&](int socket, const std::string&) {
      say(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + begun);
      const std::string more(64 * 1024, 'a');
      for (sent = 0; sent < (size_t{64} << 20); sent += more.size())
        if (::send(socket, more.data(), more.size(), MSG_NOSIGNAL) <= 0) return;
    });
    HttpRequest request;
    request.direct = true;
    request.url = "http://127.0.0.1:" + std::to_string(server.port) + "/";
    request.deadline = in(std::chrono::seconds(20));
    EXPECT_EQ(kind_of_failure(request), ErrorKind::Limit) << begun;
  }
}

TEST_F(HttpTest, AnEarlyRefusalOfALongBodyIsTheAnswer) {
  ScriptedServer server(socket_, [](int socket, const std::string&) {
    say(socket, answer("too long", "413 Content Too Large"));
    wait_until_closed(socket);
  });
  std::latch answered(1);
  ScriptedServer deaf([&](int socket, const std::string&) {
    say(socket, answer("too long", "413 Content Too Large"));
    answered.wait();
  });
  HttpRequest request = to_socket(socket_, "POST");
  request.body = std::string(20'000'000, 'x');
  EXPECT_EQ(http(request).status, 413);
  request.unix_socket.clear();
  request.direct = true;
  request.url = "http://127.0.0.1:" + std::to_string(deaf.port) + "/";
  EXPECT_EQ(http(request).status, 413) << "it takes nothing more";
  answered.count_down();
}

TEST(UrlEncoded, KeepsWhatIsPlainAndEscapesTheRest) {
  EXPECT_EQ(url_encoded("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(url_encoded("a b/c?&\xc3\xa9"), "a%20b%2Fc%3F%26%C3%A9");
}

}  // namespace
}  // namespace nightjar::net
