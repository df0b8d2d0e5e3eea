// A server on real sockets over a store of its own, and the ways in which tests ask it.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <memory>
#include <string>

#include "base/file.h"
#include "net/http.h"
#include "server/testing_backend.h"

namespace nightjar::server {

inline constexpr Time kNow = Time(Millis(1'700'000'000'000));

class ServerTest : public testing::Test {
 protected:
  ServerTest() : store_(store::open_sqlite(folder_.path() / "db")), backend_(*store_) {
    options_.socket = folder_.path() / "api.sock";
    options_.listen = "127.0.0.1:0";
    options_.token = "secret";
  }
  void start() { server_ = serve(options_, backend_, *store_); }

  net::HttpRequest request(std::string method, const std::string& path,
                           std::string body = "") const {
    net::HttpRequest r;
    r.method = std::move(method);
    r.url = "http://localhost/api/v1" + path;
    r.unix_socket = options_.socket;
    r.headers = {{"Authorization", "Bearer secret"}};
    if (!body.empty()) r.headers.emplace_back("Content-Type", "application/json");
    r.body = std::move(body);
    r.deadline = in(std::chrono::seconds(20));
    return r;
  }
  net::HttpResponse ask(std::string method, const std::string& path, std::string body = "") const {
    return net::http(request(std::move(method), path, std::move(body)));
  }

  /// Connects to the loopback port.
  Fd connect() const {
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(server_->port()));
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  /// Sends the bytes; everything that comes back until the server closes.
  std::string raw(std::string_view bytes) const {
    const Fd fd = connect();
    write_all(fd.get(), bytes);
    return rest_of(fd.get());
  }
  /// The same, with the client's end of file after the bytes.
  std::string sent_and_closed(std::string_view bytes) const {
    const Fd fd = connect();
    EXPECT_EQ(::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    ::shutdown(fd.get(), SHUT_WR);
    return rest_of(fd.get());
  }
  static std::string rest_of(int fd) {
    std::string out;
    char buffer[4096];
    for (;;) {
      pollfd entry{fd, POLLIN, 0};
      if (::poll(&entry, 1, 20'000) <= 0) return out + "<nothing came for 20 s>";
      const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
      if (got <= 0) return out;
      out.append(buffer, static_cast<size_t>(got));
    }
  }

  void append(core::Event event) {
    const auto added = store_->append({std::move(event)});
    server_->announce(added.back().id);
  }
  static core::Event event(std::string task, std::string kind, json::object body = {}) {
    core::Event e{std::move(task), "", 0, kNow, std::move(kind), {}};
    e.body = std::move(body);
    return e;
  }
  void make_task(const std::string& id) {
    core::TaskSpec spec;
    spec.title = "title of " + id;
    store_->append({event(id, "task_created", core::to_json(spec))});
  }

  TempDir folder_{"server"};
  std::unique_ptr<store::Store> store_;
  TestingBackend backend_;
  Options options_;
  std::unique_ptr<Server> server_;
};

inline json::object object_of(const net::HttpResponse& response) {
  const auto value = parse_json(response.body);
  EXPECT_TRUE(value && value->is_object()) << response.body;
  return value && value->is_object() ? value->get_object() : json::object{};
}

inline void expect_problem(const net::HttpResponse& response, int status, std::string_view kind) {
  EXPECT_EQ(response.status, status) << response.body;
  EXPECT_EQ(response.header("content-type"), "application/problem+json");
  const auto problem = object_of(response);
  EXPECT_EQ(get_int(problem, "status"), status);
  EXPECT_EQ(get_string(problem, "kind"), kind);
  EXPECT_FALSE(get_string(problem, "title").empty());
  EXPECT_FALSE(get_string(problem, "detail").empty());
}

}  // namespace nightjar::server
