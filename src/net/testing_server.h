// A server for tests that says exactly what a test wants, on a Unix socket or loopback.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "base/file.h"

namespace nightjar::net {

/// Accepts connections on loopback or a Unix socket, one after the other; `serve` gets each.
class RawServer {
 public:
  using Serve = std::function<void(int socket)>;

  RawServer(const fs::path& socket, Serve serve)
      : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), serve_(std::move(serve)) {
    // Bound by a short name in its folder: a test may give a long path.
    const Fd folder(::open(socket.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    const std::string path =
        "/proc/self/fd/" + std::to_string(folder.get()) + "/" + socket.filename().string();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    start(reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  explicit RawServer(Serve serve)
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), serve_(std::move(serve)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    start(reinterpret_cast<const sockaddr*>(&address), sizeof address);
    socklen_t length = sizeof address;
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length);
    port = ntohs(address.sin_port);
  }
  ~RawServer() { ::shutdown(listener_.get(), SHUT_RDWR); }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  int port = 0;
  std::atomic<int> connections{0};

 private:
  void start(const sockaddr* address, socklen_t length) {
    EXPECT_EQ(::bind(listener_.get(), address, length), 0);
    EXPECT_EQ(::listen(listener_.get(), 16), 0);
    thread_ = std::jthread([this] {
      for (;;) {
        const Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!socket) return;
        ++connections;
        serve_(socket.get());
      }
    });
  }

  Fd listener_;
  Serve serve_;
  std::jthread thread_;
};

/// `serve` gets each connection with the request's header (and what came with it).
class ScriptedServer : public RawServer {
 public:
  using Serve = std::function<void(int socket, const std::string& request)>;
  ScriptedServer(const fs::path& socket, Serve serve)
      : RawServer(socket, with_request(std::move(serve))) {}
  explicit ScriptedServer(Serve serve) : RawServer(with_request(std::move(serve))) {}

 private:
  static RawServer::Serve with_request(Serve serve) {
    return [serve = std::move(serve)](int socket) {
      std::string request;
      char buffer[4096];
      while (request.find("\r\n\r\n") == std::string::npos) {
        const ssize_t got = ::recv(socket, buffer, sizeof buffer, 0);
        if (got <= 0) break;
        request.append(buffer, static_cast<size_t>(got));
      }
      if (!request.empty()) serve(socket, request);
    };
  }
};

inline void say(int socket, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<size_t>(sent));
  }
}

/// Returns when the client has closed.
inline void wait_until_closed(int socket) {
  char byte = 0;
  while (::recv(socket, &byte, 1, 0) > 0) {
  }
}

inline std::string answer(std::string_view body, std::string_view status = "200 OK") {
  return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nX-Name:  some value \r\n\r\n" + std::string(body);
}

}  // namespace nightjar::net
