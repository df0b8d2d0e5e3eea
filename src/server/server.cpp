#include "server/server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <thread>

#include "base/file.h"
#include "server/api.h"
#include "server/feed.h"
#include "server/message.h"
#include "server/socket.h"

namespace nightjar::server {

/// Made by cmake/embed.cmake from openapi.json.
std::vector<std::pair<std::string_view, std::string_view>> embedded_documents();

namespace {

/// How long an answer may still be on its way when the service stops.
constexpr std::chrono::seconds kPatienceAtStop{2};

class HttpServer final : public Server {
 public:
  HttpServer(const Options& options, Backend& backend, const store::Store& store);
  ~HttpServer() override { stop(); }

  void announce(long) override { feed_.announce(); }
  int port() const override { return port_; }
  void stop() override;

 private:
  struct Connection {
    Fd socket;
    std::thread thread;
    std::atomic<bool> busy{false};  ///< the backend works on its request
    bool done = false;
  };

  void accept_all();
  void accept_one(int listener);
  void turn_away(Fd socket) const;
  void join_finished();
  void shut_down(int how, bool also_busy);
  void serve_connection(Connection& connection);
  bool serve_request(Wire& wire, Connection& connection, const Request& request);

  const Options options_;
  Backend& backend_;
  Feed feed_;
  std::optional<UnixListener> unix_;
  Fd tcp_;
  int port_ = 0;
  Fd stop_event_;
  std::mutex mutex_;
  std::condition_variable finished_;
  std::list<Connection> connections_;
  bool stopping_ = false;
  std::once_flag stopped_;
  std::thread acceptor_;
};

HttpServer::HttpServer(const Options& options, Backend& backend, const store::Store& store)
    : options_(options), backend_(backend), feed_(store) {
  if (options_.token.empty()) throw Error(ErrorKind::Invalid, "the service needs a token");
  if (!options_.listen.empty()) {
    tcp_ = listen_on_loopback(options_.listen);
    port_ = port_of(tcp_.get());
  }
  if (!options_.socket.empty()) unix_.emplace(options_.socket);
  stop_event_ = Fd(::eventfd(0, EFD_CLOEXEC));
  if (!stop_event_) throw_errno("eventfd");
  acceptor_ = std::thread([this] { accept_all(); });
}

void HttpServer::stop() {
  std::call_once(stopped_, [this] {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(stop_event_.get(), &one, sizeof one);
    acceptor_.join();
    unix_.reset();  // whoever waits in the queue learns it now
    tcp_.reset();
    feed_.stop();
    // No further request is read; an answer under way still goes out, if its client takes it soon.
    shut_down(SHUT_RD, true);
    {
      std::unique_lock lock(mutex_);
      const auto all_done = [this] { return std::ranges::all_of(connections_, &Connection::done); };
      finished_.wait_for(lock, kPatienceAtStop, all_done);
    }
    shut_down(SHUT_RDWR, false);
    for (auto& connection : connections_) connection.thread.join();
    connections_.clear();
  });
}

void HttpServer::shut_down(int how, bool also_busy) {
  const std::lock_guard lock(mutex_);
  for (const auto& connection : connections_) {
    if (connection.socket && (also_busy || !connection.busy))
      ::shutdown(connection.socket.get(), how);
  }
}

void HttpServer::accept_all() {
  for (;;) {
    pollfd entries[3] = {{stop_event_.get(), POLLIN, 0},
                         {unix_ ? unix_->fd() : -1, POLLIN, 0},
                         {tcp_.get(), POLLIN, 0}};
    if (::poll(entries, 3, -1) < 0 && errno != EINTR) return;
    if (entries[0].revents) return;
    for (const auto& entry : {entries[1], entries[2]}) {
      if (entry.revents) accept_one(entry.fd);
    }
  }
}

void HttpServer::accept_one(int listener) {
  Fd socket(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket) {
    // Out of descriptors or memory: the client stays in the queue, and we do not spin meanwhile.
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      wait_for(stop_event_.get(), POLLIN, in(std::chrono::milliseconds(100)));
    }
    return;
  }
  join_finished();
  std::unique_lock lock(mutex_);
  if (connections_.size() >= options_.most_connections) {
    lock.unlock();
    return turn_away(std::move(socket));
  }
  connections_.emplace_back().socket = std::move(socket);
  Connection& connection = connections_.back();
  try {
    connection.thread = std::thread([this, &connection] {
      serve_connection(connection);
      const std::lock_guard done(mutex_);
      connection.socket.reset();
      connection.done = true;
      finished_.notify_all();
    });
  } catch (const std::system_error&) {  // no further thread can be had
    socket = std::move(connection.socket);
    connections_.pop_back();
    lock.unlock();
    turn_away(std::move(socket));
  }
}

// One write without waiting: whoever is turned away must not hold up the others.
void HttpServer::turn_away(Fd socket) const {
  const Reply reply =
      problem_reply({ErrorKind::Unavailable, "too many connections; close some, or try again", {}});
  const std::string text = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: " + reply.type +
                           "\r\nContent-Length: " + std::to_string(reply.body.size()) +
                           "\r\nRetry-After: 1\r\nConnection: close\r\n\r\n" + reply.body;
  [[maybe_unused]] const auto sent =
      ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::shutdown(socket.get(), SHUT_WR);
  char request[4096];  // what arrived is read, or closing would reset the answer away
  // NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection): it does not wait
  while (::recv(socket.get(), request, sizeof request, MSG_DONTWAIT) > 0) {
  }
}

void HttpServer::join_finished() {
  std::list<Connection> finished;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = connections_.begin(); at != connections_.end();) {
      const auto next = std::next(at);
      if (at->done) finished.splice(finished.end(), connections_, at);
      at = next;
    }
  }
  for (auto& connection : finished) connection.thread.join();
}

void HttpServer::serve_connection(Connection& connection) {
  try {
    Wire wire(connection.socket.get(), options_.timeouts);
    for (;;) {
      std::optional<Reply> refusal;
      const auto request = wire.read(refusal);
      if (!request) {
        if (refusal) wire.write(*refusal, false, false);
        return;
      }
      if (!serve_request(wire, connection, *request)) return;
    }
  } catch (const std::exception&) {
    // The connection broke, or the store did while events were read: the client comes back and
    // asks.
  }
}

bool HttpServer::serve_request(Wire& wire, Connection& connection, const Request& request) {
  bool stopping = false;
  {
    const std::lock_guard lock(mutex_);
    stopping = stopping_;
  }
  const bool keep_alive = request.keep_alive && !stopping;
  const bool head_only = request.method == "HEAD";
  if (auto refusal = refuse_stranger(request, options_.token)) {
    return wire.write(*refusal, head_only, keep_alive) && keep_alive;
  }
  connection.busy = true;
  const Outcome outcome = answer(request, backend_);
  connection.busy = false;
  if (const auto* order = std::get_if<StreamOrder>(&outcome)) {
    feed_.serve(wire, connection.socket.get(), *order, options_.timeouts.heartbeat);
    return false;
  }
  return wire.write(std::get<Reply>(outcome), head_only, keep_alive) && keep_alive;
}

}  // namespace

std::unique_ptr<Server> serve(const Options& options, Backend& backend, const store::Store& store) {
  return std::make_unique<HttpServer>(options, backend, store);
}

std::string_view openapi() { return embedded_documents().at(0).second; }

}  // namespace nightjar::server
