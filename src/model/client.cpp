#include "model/client.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>

#include "base/error.h"
#include "base/text.h"
#include "net/address.h"

namespace nightjar::model {

namespace {

using Kind = Failure::Kind;

constexpr Millis kToldFrom = std::chrono::seconds(2);
constexpr int kMostBrokenStreams = 5;
constexpr int kMostMalformed = 3;
constexpr size_t kLongestRefusal = size_t{1} << 20;
constexpr size_t kReadBeginning = size_t{64} << 10;
constexpr size_t kBytesOfAToken = 4;

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

bool is_told(const Usage& usage) { return usage.input != 0 || usage.output != 0; }

// Where a server tells no tokens a guess counts, so that limits hold.
Usage guessed(std::string_view body, size_t written) {
  return {static_cast<std::int64_t>(body.size() / kBytesOfAToken), 0, 0,
          static_cast<std::int64_t>(written / kBytesOfAToken), 0};
}

void count_where_nobody_did(Reply& reply, std::string_view body, const ReplyReader& reader) {
  if (is_told(reply.usage)) {
    reply.usage = without_placeholder(reply.usage, reader);
    return;
  }
  size_t written = reply.text.size() + reply.thoughts.size();
  for (const auto& call : reply.calls) written += call.name.size() + call.arguments.size();
  reply.usage = guessed(body, std::max(written, reader.written()));
}

// `failure` is null where the try was stopped.
Usage lost_by(const ReplyReader& reader, std::string_view body, const Failure* failure) {
  const Usage told = reader.usage();
  if (is_told(told)) return without_placeholder(told, reader);
  const bool vendor_failed =
      failure && failure->kind != Kind::Broken && failure->kind != Kind::Malformed;
  if (vendor_failed && reader.written() == 0) return {};
  return guessed(body, reader.written());
}

// Once: what a person or a model says of it has its quotes escaped, and stands behind it.
std::string mended(std::string_view body, const Mend& mend) {
  std::string out(body);
  if (const size_t at = out.find(mend.from); at != std::string::npos)
    out.replace(at, mend.from.size(), mend.to);
  return out;
}

bool passes_by_itself(Kind kind) {
  return kind == Kind::RateLimit || kind == Kind::Overloaded || kind == Kind::Broken ||
         kind == Kind::Malformed;
}

}  // namespace

Millis wait_before(const Failure& failure, int tries, double jitter, const Patience& patience) {
  const Millis doubled =
      std::min(patience.longest, patience.first * (std::int64_t{1} << std::min(tries - 1, 20)));
  // A server that says "at once" again and again is not asked again and again.
  Millis wait = doubled;
  if (failure.wait) wait = std::max(*failure.wait, tries > 1 ? doubled : Millis(1));
  return wait +
         Millis(static_cast<std::int64_t>(static_cast<double>(wait.count()) * 0.25 * jitter));
}

Client::Client(Endpoint endpoint, std::string key, Patience patience)
    : endpoint_(std::move(endpoint)),
      key_(std::move(key)),
      patience_(patience),
      wire_(wire_of(endpoint_.wire)) {}

Client::~Client() = default;

net::HttpRequest Client::request(std::string url, std::string_view body, Deadline deadline,
                                 std::stop_token stop) const {
  net::HttpRequest request;
  request.method = "POST";
  request.url = std::move(url);
  request.headers = with_headers(wire_.headers(endpoint_, key_), endpoint_.headers);
  request.lent_body = body;
  request.deadline = deadline;
  request.idle = patience_.silence;
  request.most_body = kLongestRefusal;
  request.ca_file = endpoint_.ca_file;
  request.proxy = endpoint_.proxy;
  request.direct = endpoint_.proxy.empty() && net::is_loopback(request.url);
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
    if (response.status < 200 || response.status >= 300) return std::unexpected(refusal(response));
    auto answer = parse_json(response.body);
    if (answer && answer->is_object()) return answer->get_object();
    return std::unexpected(
        Failure{Kind::Malformed, "the answer is no JSON object", std::nullopt, response.status});
  } catch (const Error& error) {
    return std::unexpected(fault(error));
  }
}

// Some vendors repeat a wrong key in their error.
Failure Client::refusal(const net::HttpResponse& response) const {
  net::Headers headers = response.headers;
  for (auto& [name, value] : headers) value = without_secrets(std::move(value), endpoint_, key_);
  Failure out = failure_of(response.status, headers, response.body);
  out.words = words_for_people(std::move(out.words), endpoint_, key_);
  return out;
}

// A name that is not found may be found later; a wrong address or certificate file never helps.
Failure Client::fault(const Error& error) const {
  const bool passes = error.kind() == ErrorKind::Unavailable || error.kind() == ErrorKind::Timeout;
  std::string words = words_for_people(inert(error.what()), endpoint_, key_);
  if (error.kind() == ErrorKind::Denied)
    words +=
        "; where it is the right server, ca_file in [models.NAME] of config.toml names the "
        "certificate to trust";
  return {passes ? Kind::Broken : Kind::Rejected, std::move(words), std::nullopt, 0};
}

// One try. What it used is counted, whatever came of it.
Outcome Client::ask(std::string_view body, const CallHooks& hooks, bool& streamed,
                    Deadline deadline, std::stop_token stop) {
  const auto reader = wire_.reader(hooks.on_text);
  const auto tell_lost = [&](const Failure* failure) {
    if (!streamed || !hooks.on_lost) return;
    if (const Usage lost = lost_by(*reader, body, failure); is_told(lost)) hooks.on_lost(lost);
  };
  try {
    Outcome outcome = read(body, *reader, streamed, deadline, std::move(stop));
    if (outcome) {
      count_where_nobody_did(*outcome, body, *reader);
    } else {
      outcome.error().words = words_for_people(std::move(outcome.error().words), endpoint_, key_);
      tell_lost(&outcome.error());
    }
    return outcome;
  } catch (const Cancelled&) {
    tell_lost(nullptr);
    throw;
  }
}

Outcome Client::read(std::string_view body, ReplyReader& reader, bool& streamed, Deadline deadline,
                     std::stop_token stop) {
  const net::HttpRequest request =
      this->request(wire_.url(endpoint_), body, deadline, std::move(stop));
  net::SseParser parser;
  std::string beginning;
  bool more = true;
  Deadline silent = in(patience_.silence);
  try {
    const auto response = http_.stream(request, [&](std::string_view bytes) {
      if (!streamed && beginning.size() < kReadBeginning)
        beginning += bytes.substr(0, kReadBeginning - beginning.size());
      parser.feed(bytes, [&](const net::SseEvent& event) {
        streamed = true;
        silent = in(patience_.silence);
        if (more) more = reader.on_event(event);
      });
      if (more && std::chrono::steady_clock::now() >= silent)
        throw Error(ErrorKind::Timeout,
                    "no event of the stream came for " + human(patience_.silence));
      return more;
    });
    if (response.status < 200 || response.status >= 300) return std::unexpected(refusal(response));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::Limit)
      return std::unexpected(Failure{Kind::Malformed, error.what(), std::nullopt, 200});
    // What was read so far may be a whole reply whose connection was not ended well.
    auto outcome = reader.finish();
    if (outcome || outcome.error().kind != Kind::Broken) return outcome;
    Failure broken = fault(error);
    if (streamed) broken.status = 200;
    return std::unexpected(std::move(broken));
  }
  if (!streamed && !trimmed(beginning).empty()) {
    if (auto failure = failure_instead_of_stream(beginning)) return std::unexpected(*failure);
    // Mostly a page of what stands before the server, which says so while it is away.
    return std::unexpected(
        Failure{Kind::Overloaded,
                "the answer is no stream of events, but begins: " +
                    shortened(without_secrets(inert(trimmed(beginning)), endpoint_, key_), 120),
                std::nullopt, 200});
  }
  return reader.finish();
}

Outcome Client::call(std::string_view body, const CallHooks& hooks, Deadline deadline,
                     std::stop_token stop) {
  int malformed = 0, broken_streams = 0;
  std::string as_wanted;
  const auto mend = [&] {
    as_wanted = mended(body, *mend_);
    body = as_wanted;
  };
  if (mend_) mend();
  for (int tries = 1;; ++tries) {
    bool streamed = false;
    Outcome outcome = ask(body, hooks, streamed, deadline, stop);
    if (outcome) return outcome;
    const Failure& failure = outcome.error();
    if (failure.kind == Kind::Rejected && !mend_) {
      mend_ = wire_.mend(failure.words);
      if (mend_ && body.contains(mend_->from)) {
        mend();
        continue;
      }
    }
    if (!passes_by_itself(failure.kind)) return outcome;
    if (failure.kind == Kind::Malformed && ++malformed >= kMostMalformed) return outcome;
    if (failure.kind == Kind::Broken && streamed && ++broken_streams >= kMostBrokenStreams)
      return outcome;
    const Millis wait = wait_before(failure, tries, random_part(), patience_);
    const Time begun = now(), until = begun + wait;
    if (hooks.gives_up && hooks.gives_up({failure, until, tries})) return outcome;
    // A person who was told of a wait does not count it as work; what went by before it was work.
    const bool told = wait >= kToldFrom && hooks.on_wait;
    if (std::chrono::steady_clock::now() + (told ? Millis(0) : wait) >= deadline) return outcome;
    if (told) hooks.on_wait({failure, until, tries});
    sleep_until(until, stop);
    if (!told) continue;
    const Millis waited = std::chrono::duration_cast<Millis>(now() - begun);
    if (deadline != kNoDeadline) deadline += waited;
    if (hooks.on_resume) hooks.on_resume(waited);
  }
}

}  // namespace nightjar::model
