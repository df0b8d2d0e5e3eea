#include "server/api.h"

#include <fmt/core.h>

#include <array>
#include <charconv>

#include "base/text.h"
#include "server/members.h"

namespace nightjar::server {

namespace {

constexpr std::string_view kPrefix = "/api/v1";

/// What a handler gets: the request, `{id}` of its path, and the body as an object.
struct Call {
  const Request& request;
  Backend& backend;
  std::string id;
  json::object body;
};
using Handler = Outcome (*)(const Call&);

Outcome reply_of(Answer<json::object> answer, int status = 200) {
  return answer ? json_reply(*answer, status) : problem_reply(answer.error());
}
Outcome reply_of(Answer<json::array> answer) {
  return answer ? json_reply(*answer) : problem_reply(answer.error());
}
Outcome reply_of(Answer<std::string> answer) {
  return answer ? text_reply(std::move(*answer)) : problem_reply(answer.error());
}

Outcome assign(const Call& call) {
  auto task = call.backend.assign(call.body);
  if (!task) return problem_reply(task.error());
  Reply reply = json_reply(*task, 201);
  reply.headers.emplace_back("Location",
                             fmt::format("{}/tasks/{}", kPrefix, get_string(*task, "id")));
  return reply;
}

/// The position a client has: the header of a browser that comes back, else `?after=`.
std::optional<Reply> read_position(const Request& request, std::optional<long>& after) {
  const std::string by_header = request.header("last-event-id");
  const std::string text = by_header.empty() ? request.parameter("after") : by_header;
  if (text.empty()) return std::nullopt;
  long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) {
    return problem_reply(
        {ErrorKind::Invalid, "the position is not a number: " + inert(shortened(text, 40)), {}});
  }
  after = value;
  return std::nullopt;
}

Outcome stream(const Call& call) {
  StreamOrder order;
  if (auto refusal = read_position(call.request, order.after)) return std::move(*refusal);
  if (const std::string id = call.request.parameter("task"); !id.empty()) {
    const auto task = call.backend.task(id);
    if (!task) return problem_reply(task.error());
    order.task = get_string(*task, "id");
  }
  if (call.request.method == "HEAD") return Reply{200, "text/event-stream", "", {}};
  return order;
}

template <const char* kAction>
Outcome act(const Call& call) {
  return reply_of(call.backend.act(call.id, kAction, call.body));
}
constexpr char kCancel[] = "cancel";
constexpr char kRetry[] = "retry";
constexpr char kRequestChanges[] = "request-changes";
constexpr char kComments[] = "comments";
constexpr char kApprove[] = "approve";
constexpr char kMerge[] = "merge";
constexpr char kClose[] = "close";
constexpr char kTell[] = "tell";
constexpr char kAnswer[] = "answer";
constexpr char kPause[] = "pause";
constexpr char kResume[] = "resume";

struct Route {
  std::string_view method;
  std::string_view path;  ///< below /api/v1; `{id}` is one segment
  Handler handler;
};

constexpr std::array<Route, 27> kRoutes{{
    {"GET", "/health", [](const Call& c) -> Outcome { return json_reply(c.backend.health()); }},
    {"GET", "/openapi.json",
     [](const Call&) -> Outcome {
       return Reply{200, "application/json", std::string(openapi()), {}};
     }},
    {"GET", "/tasks", [](const Call& c) -> Outcome { return json_reply(c.backend.tasks()); }},
    {"POST", "/tasks", assign},
    {"GET", "/tasks/{id}", [](const Call& c) { return reply_of(c.backend.task(c.id)); }},
    {"GET", "/tasks/{id}/events", [](const Call& c) { return reply_of(c.backend.events(c.id)); }},
    {"GET", "/tasks/{id}/diff", [](const Call& c) { return reply_of(c.backend.diff(c.id)); }},
    {"GET", "/tasks/{id}/proof", [](const Call& c) { return reply_of(c.backend.proof(c.id)); }},
    {"GET", "/tasks/{id}/log",
     [](const Call& c) {
       return reply_of(
           c.backend.log(c.id, c.request.parameter("run"), c.request.parameter("name")));
     }},
    {"POST", "/tasks/{id}/cancel", act<kCancel>},
    {"POST", "/tasks/{id}/retry", act<kRetry>},
    {"POST", "/tasks/{id}/request-changes", act<kRequestChanges>},
    {"POST", "/tasks/{id}/comments", act<kComments>},
    {"POST", "/tasks/{id}/approve", act<kApprove>},
    {"POST", "/tasks/{id}/merge", act<kMerge>},
    {"POST", "/tasks/{id}/close", act<kClose>},
    {"POST", "/tasks/{id}/tell", act<kTell>},
    {"POST", "/tasks/{id}/answer", act<kAnswer>},
    {"POST", "/tasks/{id}/pause", act<kPause>},
    {"POST", "/tasks/{id}/resume", act<kResume>},
    {"GET", "/models", [](const Call& c) -> Outcome { return json_reply(c.backend.models()); }},
    {"GET", "/recipes", [](const Call& c) -> Outcome { return json_reply(c.backend.recipes()); }},
    {"POST", "/models/test",
     [](const Call& c) { return reply_of(c.backend.test_model(get_string(c.body, "name"))); }},
    {"GET", "/events", stream},
    {"GET", "/clean", [](const Call& c) { return reply_of(c.backend.clean(true)); }},
    {"POST", "/clean", [](const Call& c) { return reply_of(c.backend.clean(false)); }},
    {"POST", "/stop",
     [](const Call& c) { return reply_of(c.backend.stop(get_bool(c.body, "runs"))); }},
}};

/// True where the path (below the prefix) is of that template; `id` is then what stands for `{id}`.
bool matches(std::string_view path_template, std::string_view path, std::string& id) {
  constexpr std::string_view kId = "{id}";
  const size_t place = path_template.find(kId);
  if (place == std::string_view::npos) return path == path_template;
  const std::string_view before = path_template.substr(0, place);
  const std::string_view after = path_template.substr(place + kId.size());
  if (!path.starts_with(before)) return false;
  path.remove_prefix(before.size());
  const std::string_view segment = path.substr(0, path.find('/'));
  if (segment.empty() || path.substr(segment.size()) != after) return false;
  const auto decoded = percent_decoded(segment, false);
  if (!decoded) return false;
  id = *decoded;
  return true;
}

Reply not_found(std::string_view path) {
  return problem_reply({ErrorKind::NotFound, "nothing is at " + inert(shortened(path, 200)), {}});
}

/// An empty body is an empty object; anything else must say that it is JSON, and be it.
std::optional<Reply> read_body(const Request& request, json::object& body) {
  if (request.body.empty()) return std::nullopt;
  const std::string type = lower(
      trimmed(request.header("content-type").substr(0, request.header("content-type").find(';'))));
  if (type != "application/json") {
    return problem_reply({ErrorKind::Invalid, "send the body as application/json", {}}, 415);
  }
  auto value = parse_json(request.body);
  if (!value) return problem_reply({ErrorKind::Invalid, value.error(), {}});
  if (!value->is_object())
    return problem_reply({ErrorKind::Invalid, "the body must be a JSON object", {}});
  if (std::string why = members_trouble(value->get_object()); !why.empty())
    return problem_reply({ErrorKind::Invalid, std::move(why), {}});
  body = std::move(value->get_object());
  return std::nullopt;
}

Outcome run(const Route& route, Call& call) {
  if (auto refusal = read_body(call.request, call.body)) return std::move(*refusal);
  try {
    return route.handler(call);
  } catch (const Error& error) {
    return problem_reply({error.kind(), error.what(), {}});
  } catch (const std::exception& error) {
    return problem_reply({ErrorKind::Internal, error.what(), {}});
  }
}

/// Whether two secrets are the same, in a time that tells nothing about where they differ.
bool same_secret(std::string_view given, std::string_view expected) {
  unsigned difference = given.size() == expected.size() ? 0 : 1;
  for (size_t i = 0; i < given.size(); ++i) {
    difference |= static_cast<unsigned char>(given[i]) ^
                  static_cast<unsigned char>(expected[i % expected.size()]);
  }
  return *const_cast<volatile unsigned*>(&difference) == 0;
}

std::string_view without_port(std::string_view host) {
  const size_t bracket = host.find(']');
  if (bracket != std::string_view::npos) {
    const std::string_view rest = host.substr(bracket + 1);
    return rest.empty() || rest.starts_with(':') ? host.substr(0, bracket + 1) : host;
  }
  return host.substr(0, host.find(':'));
}

Reply denied(std::string detail) {
  return problem_reply({ErrorKind::Denied, std::move(detail), {}});
}

}  // namespace

std::optional<Reply> refuse_stranger(const Request& request, std::string_view token) {
  // A browser that was led here by a foreign name, or by a foreign page, must not get through.
  const std::string host = lower(request.header("host"));
  const std::string_view name = without_port(host);
  if (name != "localhost" && name != "127.0.0.1" && name != "[::1]") {
    return denied("Host must be localhost, 127.0.0.1 or [::1], not '" +
                  inert(shortened(host, 100)) + "'");
  }
  if (const std::string origin = lower(request.header("origin")); !origin.empty()) {
    if (origin != "http://" + host && origin != "https://" + host) {
      return denied("requests from the page of another host are refused: " +
                    inert(shortened(origin, 100)));
    }
  }
  const std::string authorization = request.header("authorization");
  constexpr std::string_view kScheme = "bearer ";
  const bool bearer = lower(authorization.substr(0, kScheme.size())) == kScheme;
  if (bearer && same_secret(trimmed(authorization.substr(kScheme.size())), token))
    return std::nullopt;
  Reply reply = problem_reply(
      {ErrorKind::Denied,
       "send the token of the service's state folder as Authorization: Bearer <token>",
       {}},
      401);
  reply.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"nightjar\"");
  return reply;
}

Outcome answer(const Request& request, Backend& backend) {
  std::string_view path = request.path;
  if (!path.starts_with(kPrefix)) return not_found(path);
  path.remove_prefix(kPrefix.size());
  const std::string_view method =
      request.method == "HEAD" ? "GET" : std::string_view(request.method);
  std::string allowed;
  for (const auto& route : kRoutes) {
    Call call{request, backend, "", {}};
    if (!matches(route.path, path, call.id)) continue;
    if (route.method == method) return run(route, call);
    if (!allowed.empty()) allowed += ", ";
    allowed += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  if (allowed.empty()) return not_found(request.path);
  Reply reply =
      problem_reply({ErrorKind::Invalid,
                     fmt::format("{} takes {}", inert(shortened(request.path, 200)), allowed),
                     {}},
                    405);
  reply.headers.emplace_back("Allow", allowed);
  return reply;
}

std::vector<std::pair<std::string, std::string>> routes() {
  std::vector<std::pair<std::string, std::string>> all;
  all.reserve(kRoutes.size());
  for (const auto& route : kRoutes)
    all.emplace_back(route.method, std::string(kPrefix) + std::string(route.path));
  return all;
}

}  // namespace nightjar::server
