#include "cli/client.h"

#include <fmt/core.h>

#include <charconv>

#include "base/file.h"
#include "base/paths.h"
#include "base/text.h"
#include "net/http.h"
#include "net/sse.h"

namespace nightjar::cli {

using namespace std::chrono_literals;

namespace {

constexpr auto kHealthPatience = 5s;
constexpr size_t kMostAnswer = size_t{1} << 30;
constexpr std::string_view kRoot = "http://localhost/api/v1";

ErrorKind kind_named(std::string_view name, int status) {
  for (int i = 0; i <= static_cast<int>(ErrorKind::Internal); ++i) {
    if (to_string(static_cast<ErrorKind>(i)) == name) return static_cast<ErrorKind>(i);
  }
  switch (status) {
    case 400:
      return ErrorKind::Invalid;
    case 401:
    case 403:
      return ErrorKind::Denied;
    case 404:
      return ErrorKind::NotFound;
    case 409:
      return ErrorKind::Conflict;
    case 503:
      return ErrorKind::Unavailable;
    case 504:
      return ErrorKind::Timeout;
    case 507:
      return ErrorKind::Limit;
    default:
      return ErrorKind::Internal;
  }
}

[[noreturn]] void refuse(const fs::path& state, const net::HttpResponse& response) {
  if (response.status == 401) {
    throw Error(ErrorKind::Unavailable,
                fmt::format("the service does not accept the token in {}; stop the process that "
                            "serves there and try again",
                            token_file(state).string()));
  }
  const auto problem = parse_json(response.body);
  json::object more = problem && problem->is_object() ? problem->get_object() : json::object{};
  const ErrorKind kind = kind_named(get_string(more, "kind"), response.status);
  std::string detail = get_string(more, "detail");
  if (detail.empty()) detail = get_string(more, "title");
  if (detail.empty()) detail = fmt::format("the service answered with status {}", response.status);
  for (const auto* known : {"kind", "detail", "title", "status", "type", "instance"})
    more.erase(known);
  throw Refused(kind, detail, std::move(more));
}

std::string token_of(const fs::path& state) {
  return trimmed(try_read_file(token_file(state)).value_or(""));
}

net::HttpRequest prepared(const fs::path& state, std::string_view method, std::string_view path) {
  net::HttpRequest request;
  request.method = method;
  request.url = fmt::format("{}{}", kRoot, path);
  request.unix_socket = api_socket(state);
  request.headers = {{"Authorization", "Bearer " + token_of(state)}};
  request.direct = true;
  request.most_body = kMostAnswer;
  return request;
}

// A connection that broke is the same to a person as one that could not be made.
[[noreturn]] void unreachable(const Error& error) {
  if (error.kind() == ErrorKind::Unavailable) {
    throw Error(ErrorKind::Unavailable, fmt::format("cannot reach the service: {}", error.what()));
  }
  if (error.kind() == ErrorKind::Timeout)
    throw Error(ErrorKind::Unavailable, "the service does not answer");
  throw error;
}

}  // namespace

std::string encoded(std::string_view text) { return net::url_encoded(text); }

std::optional<json::object> Client::health() const {
  try {
    const std::string token = token_of(state_);
    net::HttpRequest request = prepared(state_, "GET", "/health");
    request.deadline = in(kHealthPatience);
    const net::HttpResponse response = net::http(request);
    // A service that has just started wrote its token after this asked for it.
    if (response.status == 401 && token_of(state_) != token) return std::nullopt;
    if (response.status != 200) refuse(state_, response);
    const auto answer = parse_json(response.body);
    if (!answer || !answer->is_object()) return std::nullopt;
    return answer->get_object();
  } catch (const Refused&) {
    throw;
  } catch (const Error& error) {
    const bool nobody =
        error.kind() == ErrorKind::Unavailable || error.kind() == ErrorKind::Timeout;
    if (!nobody || std::string_view(error.what()).find("token") != std::string_view::npos) throw;
    return std::nullopt;
  }
}

std::string Client::request(std::string_view method, std::string_view path, const std::string& body,
                            Millis patience) const {
  net::HttpRequest request = prepared(state_, method, path);
  request.deadline = in(patience);
  if (!body.empty()) {
    request.body = body;
    request.headers.emplace_back("Content-Type", "application/json");
  }
  try {
    net::HttpResponse response = net::http(request);
    if (response.status < 200 || response.status > 299) refuse(state_, response);
    return std::move(response.body);
  } catch (const Refused&) {
    throw;
  } catch (const Error& error) {
    unreachable(error);
  }
}

namespace {

json::value parsed(const std::string& text) {
  auto value = parse_json(text);
  if (!value)
    throw Error(ErrorKind::Internal,
                "the service answered something that is no JSON: " + value.error());
  return std::move(*value);
}

}  // namespace

json::value Client::get(std::string_view path) const {
  return parsed(request("GET", path, "", Millis{60'000}));
}

json::value Client::post(std::string_view path, const json::object& body, Millis patience) const {
  const std::string answer = request("POST", path, to_line(body), patience);
  return answer.empty() ? json::value(json::object{}) : parsed(answer);
}

void Client::get_text(std::string_view path,
                      const std::function<bool(std::string_view)>& on_text) const {
  net::HttpRequest request = prepared(state_, "GET", path);
  try {
    const net::HttpResponse response = net::HttpClient().stream(request, on_text);
    if (response.status < 200 || response.status > 299) refuse(state_, response);
  } catch (const Refused&) {
    throw;
  } catch (const Error& error) {
    unreachable(error);
  }
}

std::string Client::get_text(std::string_view path) const {
  std::string out;
  get_text(path, [&](std::string_view piece) {
    if (out.size() + piece.size() > kMostAnswer)
      throw Error(ErrorKind::Limit, "the answer is longer than 1 GB");
    out += piece;
    return true;
  });
  return out;
}

void Client::events(std::string_view task, std::optional<long> after,
                    const std::function<void()>& on_open,
                    const std::function<void(long id, json::object event)>& on_event,
                    std::stop_token stop) const {
  net::HttpRequest request = prepared(
      state_, "GET", task.empty() ? "/events" : fmt::format("/events?task={}", encoded(task)));
  request.headers.emplace_back("Accept", "text/event-stream");
  if (after) request.headers.emplace_back("Last-Event-ID", std::to_string(*after));
  request.stop = stop;
  net::SseParser parser;
  bool opened = false;
  const auto arrived = [&](const net::SseEvent& event) {
    auto value = parse_json(event.data);
    if (!value || !value->is_object()) return;
    long id = 0;
    std::from_chars(event.id.data(), event.id.data() + event.id.size(), id);
    on_event(id, std::move(value->get_object()));
  };
  const net::HttpResponse response = net::HttpClient().stream(request, [&](std::string_view bytes) {
    if (!std::exchange(opened, true)) on_open();
    parser.feed(bytes, arrived);
    return true;
  });
  if (response.status < 200 || response.status > 299) refuse(state_, response);
}

}  // namespace nightjar::cli
