#include "net/http.h"

#include <sys/eventfd.h>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/beast/http/basic_parser.hpp>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/base64.h"
#include "base/error.h"
#include "base/text.h"
#include "net/channel.h"

namespace nightjar::net {

namespace {

namespace beast = boost::beast;
using boost::system::error_code;

constexpr std::uint32_t kMostHeaderBytes = 256 * 1024;
constexpr size_t kPiece = 16 * 1024;
// Where a reader has seen enough, the answer's end is mostly there or on its way, and a connection
// that saw it serves the next request as well.
constexpr Millis kForTheEnd{20};

std::string_view view(boost::core::string_view text) { return {text.data(), text.size()}; }

/// Beast's parser of an answer, which hands the body on as it comes.
class AnswerParser : public beast::http::basic_parser<false> {
 public:
  AnswerParser(const HttpRequest& request, const OnData* on_data)
      : request_(request), on_data_(on_data) {
    header_limit(kMostHeaderBytes);
    body_limit(boost::none);
    eager(true);
    skip(request.method == "HEAD");
  }

  HttpResponse response;
  bool ended_by_reader = false;

 private:
  void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int,
                       error_code&) override {}
  void on_response_impl(int code, beast::string_view, int, error_code&) override {
    response.status = code;
  }
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                     error_code&) override {
    response.headers.emplace_back(view(name), trimmed(view(value)));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  size_t on_body_impl(beast::string_view body, error_code&) override {
    take(view(body));
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
  size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, error_code&) override {
    take(view(body));
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

  void take(std::string_view piece) {
    if (piece.empty() || ended_by_reader) return;
    if (on_data_ && response.status >= 200 && response.status < 300) {
      ended_by_reader = !(*on_data_)(piece);
      return;
    }
    if (response.body.size() + piece.size() > request_.most_body) {
      throw Error(ErrorKind::Limit,
                  fmt::format("the answer is longer than {}", human_size(request_.most_body)));
    }
    response.body += piece;
  }

  const HttpRequest& request_;
  const OnData* on_data_;
};

std::string head_of(const HttpRequest& request, const Route& route) {
  const bool is_proxied = route.proxy && route.proxy->kind == Proxy::Kind::Http &&
                          !route.address.tls && route.unix_socket.empty();
  const std::string authority = route.address.authority();
  std::string out = fmt::format("{} {}{} HTTP/1.1\r\n", request.method,
                                is_proxied ? "http://" + authority : "", route.address.target);
  const auto is_given = [&](std::string_view name) {
    return std::ranges::any_of(request.headers,
                               [&](const auto& entry) { return lower(entry.first) == name; });
  };
  const auto add = [&](std::string_view name, std::string_view value) {
    constexpr std::string_view kBreaks("\r\n\0", 3);
    if (name.find_first_of(kBreaks) != std::string_view::npos ||
        value.find_first_of(kBreaks) != std::string_view::npos)
      throw Error(ErrorKind::Invalid, "a header holds a line break");
    out += fmt::format("{}:{}{}\r\n", name, value.empty() ? "" : " ", value);
  };
  if (!is_given("host")) add("Host", authority);
  if (is_proxied && !route.proxy->credentials.empty())
    add("Proxy-Authorization", "Basic " + base64(route.proxy->credentials));
  if (!route.address.credentials.empty() && !is_given("authorization"))
    add("Authorization", "Basic " + base64(route.address.credentials));
  for (const auto& [name, value] : request.headers) add(name, value);
  if (!is_given("accept")) add("Accept", "*/*");
  const size_t size = request.body.size() + request.lent_body.size();
  if (size > 0 || request.method == "POST" || request.method == "PUT")
    add("Content-Length", std::to_string(size));
  return out + "\r\n";
}

Route route_of(const HttpRequest& request) {
  Route route;
  route.address = parse_address(request.url);
  route.unix_socket = request.unix_socket;
  route.ca_file = request.ca_file;
  if (!route.unix_socket.empty()) {
    route.address.tls = false;
  } else if (!request.direct || !request.proxy.empty()) {
    route.proxy =
        proxy_for(route.address, request.proxy, [](const char* name) { return std::getenv(name); });
  }
  return route;
}

/// Equal where one connection serves both.
bool leads_to_the_same(const Route& a, const Route& b) {
  return a.address.tls == b.address.tls && a.address.host == b.address.host &&
         a.address.port == b.address.port && a.unix_socket == b.unix_socket && a.proxy == b.proxy &&
         a.ca_file == b.ca_file;
}

}  // namespace

std::string HttpResponse::header(std::string_view name) const {
  const auto found =
      std::ranges::find(headers, lower(name), [](const auto& entry) { return lower(entry.first); });
  return found == headers.end() ? "" : found->second;
}

struct HttpClient::State {
  std::unique_ptr<Channel> channel;  ///< kept for the next request along the same route
  Fd wake{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  Route route;

  HttpResponse exchange(const HttpRequest& request, const OnData* on_data);
  /// Nothing where a kept connection had been closed before the request came.
  std::optional<HttpResponse> attempt(const HttpRequest& request, const OnData* on_data,
                                      Patience& patience);
  std::optional<HttpResponse> read_answer(const HttpRequest& request, const OnData* on_data,
                                          Patience& patience, bool is_reused, bool is_sent);
};

// The silence that `idle` bounds begins anew with each piece.
std::optional<HttpResponse> HttpClient::State::read_answer(const HttpRequest& request,
                                                           const OnData* on_data,
                                                           Patience& patience, bool is_reused,
                                                           bool is_sent) {
  std::string received;
  std::array<char, kPiece> piece;
  std::optional<AnswerParser> parser(std::in_place, request, on_data);
  bool is_ended = false;
  bool is_first = true;
  std::optional<Deadline> end_due;
  const auto is_over = [](const error_code& error) {
    return error && error != beast::http::error::need_more;
  };
  for (;;) {
    error_code error;
    while (!received.empty() && !parser->is_done()) {
      const size_t used = parser->put(boost::asio::buffer(received), error);
      received.erase(0, used);
      if (is_over(error) || used == 0) break;
    }
    // A body goes on at once: only a line that has no end waits for the rest of it.
    if (received.size() > kMostHeaderBytes && !is_over(error) && !parser->is_done())
      throw Error(ErrorKind::Limit, fmt::format("a line of the answer is longer than {}",
                                                human_size(kMostHeaderBytes)));
    if (parser->ended_by_reader && !parser->is_done()) {
      if (is_ended || is_over(error) || !parser->keep_alive()) break;
      if (!end_due) end_due = in(kForTheEnd);
    }
    if (!parser->is_done() && is_ended && !is_over(error)) parser->put_eof(error);
    if (is_over(error))
      throw Error(ErrorKind::Unavailable,
                  "the answer is no HTTP, or is cut off: " + error.message());
    if (parser->is_done()) {
      if (parser->response.status / 100 != 1) break;
      parser.emplace(request, on_data);  // an interim answer: the final one follows
      continue;
    }
    patience.until(request.idle.count() > 0 ? std::min(request.deadline, in(request.idle))
                                            : request.deadline);
    if (end_due) patience.until(*end_due);
    size_t got = 0;
    try {
      got = channel->read_some(piece, patience);
    } catch (const Error& failure) {
      if (end_due) break;
      if (!is_first || !is_reused || failure.kind() != ErrorKind::Unavailable) throw;
    } catch (const Cancelled&) {
      if (end_due) break;  // what was asked for is there
      throw;
    }
    if (got == 0 && is_first && is_reused) return std::nullopt;
    if (got == 0 && is_first) throw Error(ErrorKind::Unavailable, "it closed without an answer");
    is_ended = got == 0;
    is_first = false;
    received.append(piece.data(), got);
  }
  const bool is_kept = is_sent && parser->is_done() && parser->keep_alive() && received.empty();
  HttpResponse response = std::move(parser->response);
  if (!is_kept) channel.reset();
  return response;
}

std::optional<HttpResponse> HttpClient::State::attempt(const HttpRequest& request,
                                                       const OnData* on_data, Patience& patience) {
  const bool is_reused = channel != nullptr;
  const std::string head = head_of(request, route);
  patience.until(request.deadline);
  if (!channel) channel = std::make_unique<Channel>(route, request.connect_timeout, patience);
  patience.until(request.idle.count() > 0 ? std::min(request.deadline, in(request.idle))
                                          : request.deadline);
  const bool is_sent = channel->write({head, request.body, request.lent_body}, patience);
  return read_answer(request, on_data, patience, is_reused, is_sent);
}

HttpResponse HttpClient::State::exchange(const HttpRequest& request, const OnData* on_data) {
  if (request.stop.stop_requested()) throw Cancelled{};
  if (!wake) throw Error(ErrorKind::Limit, "no more files can be opened: eventfd");
  Patience patience(request.stop, wake);
  Route wanted = route_of(request);
  if (channel && !(leads_to_the_same(wanted, route) && channel->is_quiet())) channel.reset();
  route = std::move(wanted);
  try {
    if (auto response = attempt(request, on_data, patience)) return *std::move(response);
    channel.reset();
    if (auto response = attempt(request, on_data, patience)) return *std::move(response);
    throw Error(ErrorKind::Unavailable, "it closed without an answer");
  } catch (const Error& error) {
    channel.reset();
    if (error.kind() != ErrorKind::Unavailable && error.kind() != ErrorKind::Timeout) throw;
    const std::string where =
        request.unix_socket.empty() ? route.address.authority() : request.unix_socket.string();
    throw Error(error.kind(), fmt::format("{}: {}", where, error.what()));
  } catch (...) {
    channel.reset();
    throw;
  }
}

HttpClient::HttpClient() : state_(std::make_unique<State>()) {}

HttpClient::~HttpClient() = default;

HttpResponse HttpClient::send(const HttpRequest& request) {
  return state_->exchange(request, nullptr);
}

HttpResponse HttpClient::stream(const HttpRequest& request, const OnData& on_data) {
  return state_->exchange(request, &on_data);
}

HttpResponse http(const HttpRequest& request) { return HttpClient().send(request); }

std::string url_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

}  // namespace nightjar::net
