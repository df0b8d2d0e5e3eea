// HTTP/1.1 on a socket: Beast's parser and serializer over plain blocking calls with deadlines.
#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/error.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <cerrno>
#include <utility>

#include "base/text.h"
#include "server/message.h"
#include "server/socket.h"

namespace nightjar::server {

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr size_t kSmallBody = size_t{1} << 20;
constexpr std::uint32_t kMostHeader = 16 * 1024;

error_code from_errno(int number) { return {number, boost::system::system_category()}; }

/// What Beast calls a SyncReadStream and SyncWriteStream. Reading ends at the deadline; writing
/// ends where the client takes nothing for the time it is given.
class SocketStream {
 public:
  SocketStream(int fd, Millis blocked) : fd_(fd), blocked_(blocked) {}

  void read_until(Deadline deadline) { deadline_ = deadline; }

  template <class Buffers>
  size_t read_some(const Buffers& buffers, error_code& error) {
    for (const auto buffer : beast::buffers_range_ref(buffers)) {
      if (buffer.size() == 0) continue;
      for (;;) {
        const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), 0);
        if (got > 0) return error = {}, static_cast<size_t>(got);
        if (got == 0) return error = boost::asio::error::eof, 0;
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return error = from_errno(errno), 0;
        if (!wait_for(fd_, POLLIN, deadline_)) return error = boost::asio::error::timed_out, 0;
      }
    }
    return error = {}, 0;
  }
  template <class Buffers>
  size_t read_some(const Buffers& buffers) {
    error_code error;
    const size_t got = read_some(buffers, error);
    if (error) throw boost::system::system_error(error);
    return got;
  }

  template <class Buffers>
  size_t write_some(const Buffers& buffers, error_code& error) {
    for (const auto buffer : beast::buffers_range_ref(buffers)) {
      if (buffer.size() == 0) continue;
      for (;;) {
        const ssize_t sent = ::send(fd_, buffer.data(), buffer.size(), MSG_NOSIGNAL);
        if (sent >= 0) return error = {}, static_cast<size_t>(sent);
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return error = from_errno(errno), 0;
        if (!wait_for(fd_, POLLOUT, in(blocked_))) return give_up(error), 0;
      }
    }
    return error = {}, 0;
  }
  template <class Buffers>
  size_t write_some(const Buffers& buffers) {
    error_code error;
    const size_t sent = write_some(buffers, error);
    if (error) throw boost::system::system_error(error);
    return sent;
  }

 private:
  // What the client did not take is dropped with the connection, instead of waiting in the kernel.
  void give_up(error_code& error) const {
    const linger at_once{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    error = boost::asio::error::timed_out;
  }

  int fd_;
  Millis blocked_;
  Deadline deadline_ = kNoDeadline;
};

std::optional<Reply> refusal_of(const error_code& error, size_t most_body) {
  if (error == http::error::body_limit) {
    return problem_reply(
        {ErrorKind::Limit, "a body may have " + human_size(most_body) + " at most", {}}, 413);
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return problem_reply(
        {ErrorKind::Limit, "a header may have " + human_size(kMostHeader) + " at most", {}}, 431);
  }
  if (error == boost::asio::error::timed_out) {
    return problem_reply({ErrorKind::Timeout, "the request did not arrive in time", {}}, 408);
  }
  if (error == http::error::end_of_stream || error == http::error::partial_message)
    return std::nullopt;
  if (error.category() == http::make_error_code(http::error::bad_method).category()) {
    return problem_reply({ErrorKind::Invalid, "this is not HTTP/1.1: " + error.message(), {}}, 400);
  }
  return std::nullopt;  // the connection broke
}

Request request_from(http::request<http::string_body>& message) {
  Request request;
  request.method = std::string(message.method_string());
  const std::string_view target(message.target().data(), message.target().size());
  const size_t mark = std::min(target.find('?'), target.size());
  request.path = target.substr(0, mark);
  request.query = parse_query(target.substr(std::min(mark + 1, target.size())));
  for (const auto& field : message) {
    std::string name =
        lower(std::string_view(field.name_string().data(), field.name_string().size()));
    const std::string value(field.value());
    const auto [place, is_new] = request.headers.emplace(std::move(name), value);
    if (!is_new) place->second += ", " + value;
  }
  request.keep_alive = message.keep_alive();
  request.body = std::move(message.body());
  return request;
}

}  // namespace

struct Wire::State {
  State(int fd, const Timeouts& given, size_t most, BodyRoom* shared)
      : socket(fd), timeouts(given), most_body(most), room(shared), stream(fd, given.blocked) {}
  ~State() { give_back(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  bool takes_room_for(size_t body) {
    const size_t wanted = room && body > kSmallBody ? body - kSmallBody : 0;
    if (wanted <= taken) return true;
    if (!room->take(wanted - taken)) return false;
    taken = wanted;
    return true;
  }
  void give_back() {
    if (room) room->give_back(std::exchange(taken, 0));
  }
  int socket;
  Timeouts timeouts;
  size_t most_body;
  BodyRoom* room;
  size_t taken = 0;
  SocketStream stream;
  beast::flat_buffer buffer{kMostHeader + 64 * 1024};
  bool is_first = true;
};

bool BodyRoom::take(size_t bytes) {
  size_t left = left_;
  while (bytes <= left)
    if (left_.compare_exchange_weak(left, left - bytes)) return true;
  return false;
}

Wire::Wire(int fd, const Timeouts& timeouts, size_t most_body, BodyRoom* room)
    : state_(std::make_unique<State>(fd, timeouts, most_body, room)) {}
Wire::~Wire() = default;

std::optional<Request> Wire::read(std::optional<Reply>& refusal) {
  auto& s = *state_;
  const Millis patience = s.is_first ? s.timeouts.header : s.timeouts.idle;
  if (s.buffer.size() == 0 && !wait_for(s.socket, POLLIN, in(patience))) return std::nullopt;
  s.is_first = false;
  s.give_back();

  http::request_parser<http::string_body> parser;
  parser.header_limit(kMostHeader);
  parser.body_limit(s.most_body);
  error_code error;
  s.stream.read_until(in(s.timeouts.header));
  http::read_header(s.stream, s.buffer, parser, error);
  if (!error && !parser.is_done()) {
    if (beast::iequals(parser.get()[http::field::expect], "100-continue") &&
        parser.content_length().value_or(0) <= s.most_body) {
      if (!write_raw("HTTP/1.1 100 Continue\r\n\r\n")) return std::nullopt;
    }
    s.stream.read_until(in(s.timeouts.body));
    parser.eager(true);
    while (!error && !parser.is_done()) {
      http::read_some(s.stream, s.buffer, parser, error);
      if (s.takes_room_for(parser.get().body().size())) continue;
      refusal = problem_reply({ErrorKind::Unavailable,
                               "the bodies under way hold too much together: try again later",
                               {}});
      return std::nullopt;
    }
  }
  if (error) {
    refusal = refusal_of(error, s.most_body);
    return std::nullopt;
  }
  return request_from(parser.get());
}

bool Wire::write(const Reply& reply, bool head_only, bool keep_alive) {
  const auto fill = [&](auto& message) {
    message.result(static_cast<unsigned>(reply.status));
    message.version(11);
    message.set(http::field::content_type, reply.type);
    message.set(http::field::cache_control, "no-store");
    message.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : reply.headers) message.set(name, value);
    message.content_length(reply.body.size());
    message.keep_alive(keep_alive);
  };
  error_code error;
  if (head_only) {
    http::response<http::empty_body> message;
    fill(message);
    http::write(state_->stream, message, error);
  } else {
    http::response<http::span_body<const char>> message;
    fill(message);
    message.body() = {reply.body.data(), reply.body.size()};
    http::write(state_->stream, message, error);
  }
  return !error;
}

bool Wire::start_stream(std::string_view type) {
  return write_raw("HTTP/1.1 200 OK\r\nContent-Type: " + std::string(type) +
                   "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
                   "Connection: close\r\n\r\n");
}

bool Wire::write_raw(std::string_view bytes) {
  error_code error;
  while (!bytes.empty() && !error) {
    bytes.remove_prefix(
        state_->stream.write_some(boost::asio::const_buffer(bytes.data(), bytes.size()), error));
  }
  return !error;
}

}  // namespace nightjar::server
