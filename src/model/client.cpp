#include "model/client.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>

#include "base/error.h"
#include "base/text.h"

namespace nightjar::model {

namespace {

using Kind = Failure::Kind;

constexpr Millis kToldFrom = std::chrono::seconds(2);
constexpr Millis kLongestSilence = std::chrono::minutes(10);
constexpr int kMostBrokenStreams = 5;
constexpr int kMostMalformed = 3;
constexpr size_t kLongestRefusal = size_t{1} << 20;

// On the wall clock: a laptop that slept must not sleep on.
void sleep_until(Time until, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_until(lock, stop, until, [] { return false; });
  if (stop.stop_requested()) throw Cancelled{};
}

double random_part() {
  static thread_local std::minstd_rand engine{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(engine);
}

bool passes_by_itself(Kind kind) {
  return kind == Kind::RateLimit || kind == Kind::Overloaded || kind == Kind::Broken ||
         kind == Kind::Malformed;
}

}  // namespace

Millis wait_before(const Failure& failure, int tries, double jitter, const Patience& patience) {
  Millis wait =
      std::min(patience.longest, patience.first * (std::int64_t{1} << std::min(tries - 1, 20)));
  if (failure.wait) wait = std::max(*failure.wait, Millis(1));
  return wait +
         Millis(static_cast<std::int64_t>(static_cast<double>(wait.count()) * 0.25 * jitter));
}

Client::Client(Endpoint endpoint, std::string key, Patience patience)
    : endpoint_(std::move(endpoint)),
      key_(std::move(key)),
      patience_(patience),
      wire_(wire_of(endpoint_.wire)) {}

Client::~Client() = default;

net::HttpRequest Client::request(std::string url, const std::string& body, Deadline deadline,
                                 std::stop_token stop) const {
  net::HttpRequest request;
  request.method = "POST";
  request.url = std::move(url);
  request.headers = wire_.headers(endpoint_, key_);
  for (const auto& header : endpoint_.headers) request.headers.push_back(header);
  request.body = body;
  request.deadline = deadline;
  request.idle = kLongestSilence;
  request.most_body = kLongestRefusal;
  request.ca_file = endpoint_.ca_file;
  request.proxy = endpoint_.proxy;
  request.stop = std::move(stop);
  return request;
}

std::expected<json::object, Failure> Client::side_call(const SideCall& call, Deadline deadline,
                                                       std::stop_token stop) {
  net::HttpRequest asked = request(call.url, call.body, deadline, std::move(stop));
  for (auto& [name, value] : asked.headers)
    if (name == "Accept") value = "application/json";
  for (const auto& header : call.headers) asked.headers.push_back(header);
  asked.most_body = kLongestReply;
  try {
    const auto response = http_.send(asked);
    if (response.status < 200 || response.status >= 300)
      return std::unexpected(failure_of(response.status, response.headers, response.body));
    auto answer = parse_json(response.body);
    if (answer && answer->is_object()) return answer->get_object();
    return std::unexpected(
        Failure{Kind::Malformed, "the answer is no JSON object", std::nullopt, response.status});
  } catch (const Error& error) {
    return std::unexpected(
        Failure{Kind::Broken, shortened(inert(error.what()), 600), std::nullopt, 0});
  }
}

Outcome Client::ask(const std::string& body, const OnText& on_text, Deadline deadline,
                    std::stop_token stop) {
  const net::HttpRequest request =
      this->request(wire_.url(endpoint_), body, deadline, std::move(stop));
  const auto reader = wire_.reader(on_text);
  net::SseParser parser;
  bool more = true;
  try {
    const auto response = http_.stream(request, [&](std::string_view bytes) {
      parser.feed(bytes, [&](const net::SseEvent& event) {
        if (more) more = reader->on_event(event);
      });
      return more;
    });
    if (response.status < 200 || response.status >= 300)
      return std::unexpected(failure_of(response.status, response.headers, response.body));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::Limit)
      return std::unexpected(Failure{Kind::Malformed, error.what(), std::nullopt, 200});
    // What was read so far may be a whole reply whose connection was not ended well.
    auto outcome = reader->finish();
    if (outcome || outcome.error().kind != Kind::Broken) return outcome;
    return std::unexpected(
        Failure{Kind::Broken, shortened(inert(error.what()), 600), std::nullopt, 0});
  }
  return reader->finish();
}

Outcome Client::call(const std::string& body, const CallHooks& hooks, Deadline deadline,
                     std::stop_token stop) {
  int malformed = 0, broken_streams = 0;
  bool told = false;
  for (int tries = 1;; ++tries) {
    bool streamed = false;
    const OnText on_text = [&](std::string_view text) {
      streamed = true;
      if (hooks.on_text) hooks.on_text(text);
    };
    if (told && tries > 1 && hooks.on_resume) hooks.on_resume();
    told = false;
    Outcome outcome = ask(body, on_text, deadline, stop);
    if (outcome) return outcome;
    const Failure& failure = outcome.error();
    if (!passes_by_itself(failure.kind)) return outcome;
    if (failure.kind == Kind::Malformed && ++malformed >= kMostMalformed) return outcome;
    if (failure.kind == Kind::Broken && streamed && ++broken_streams >= kMostBrokenStreams)
      return outcome;
    const Millis wait = wait_before(failure, tries, random_part(), patience_);
    if (std::chrono::steady_clock::now() + wait >= deadline) return outcome;
    const Time until = now() + wait;
    if (hooks.gives_up && hooks.gives_up({failure, until, tries})) return outcome;
    if (wait >= kToldFrom && hooks.on_wait) {
      hooks.on_wait({failure, until, tries});
      told = true;
    }
    sleep_until(until, stop);
  }
}

}  // namespace nightjar::model
