#include "gateway/gateway.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "base/text.h"
#include "gateway/exchange.h"
#include "server/message.h"

namespace nightjar::gateway {

namespace {

using model::WireKind;

constexpr size_t kLargestBody = size_t{64} << 20;
constexpr size_t kMostConnections = 64;
constexpr size_t kMostRecorded = size_t{4} << 20;
constexpr Millis kLongestSilence = std::chrono::minutes(10);

// What a client may learn of an answer's headers: how long to wait, what to tell support.
constexpr std::array<std::string_view, 4> kPassedOn{"retry-after", "retry-after-ms",
                                                    "x-should-retry", "request-id"};

}  // namespace

struct Gateway::State {
  State(Fd socket, Settings given, Meter& counts)
      : listener(std::move(socket)),
        settings(std::move(given)),
        meter(counts),
        wake(::eventfd(0, EFD_CLOEXEC)) {
    if (!wake) throw_errno("eventfd");
    if (!settings.record.empty()) fs::create_directories(settings.record);
  }

  struct Connection {
    Fd socket;
    std::jthread thread;
    bool done = false;
  };

  void accept_all();
  void serve(Connection& connection);
  bool answer(server::Wire& wire, const server::Request& request);
  bool forward(server::Wire& wire, const server::Request& request, const Asked& asked,
               const Upstream& upstream);
  const Upstream* upstream_of(WireKind wire) const;
  void record(long number, std::string_view what, std::string_view text) const;
  std::string without_keys(std::string text) const;

  Fd listener;
  Settings settings;
  Meter& meter;
  Fd wake;
  std::stop_source stop;
  std::mutex mutex;
  std::condition_variable_any room;
  std::list<Connection> connections;
  size_t under_way = 0;
  long requests = 0;
  std::jthread acceptor;
};

Gateway::Gateway(Fd listener, Settings settings, Meter& meter)
    : state_(std::make_unique<State>(std::move(listener), std::move(settings), meter)) {
  state_->acceptor = std::jthread([state = state_.get()] { state->accept_all(); });
}

Gateway::~Gateway() {
  state_->stop.request_stop();
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(state_->wake.get(), &one, sizeof one);
  state_->acceptor.join();
  {
    const std::lock_guard hold(state_->mutex);
    for (const auto& connection : state_->connections)
      ::shutdown(connection.socket.get(), SHUT_RDWR);
  }
  for (auto& connection : state_->connections) connection.thread.join();
}

void Gateway::State::accept_all() {
  for (;;) {
    std::array<pollfd, 2> waits{{{listener.get(), POLLIN, 0}, {wake.get(), POLLIN, 0}}};
    if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) return;
    if (waits[1].revents) return;
    if (!waits[0].revents) continue;
    Fd socket(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) continue;
    const std::lock_guard hold(mutex);
    std::erase_if(connections, [](Connection& one) {
      if (one.done) one.thread.join();
      return one.done;
    });
    if (connections.size() >= kMostConnections) continue;  // closed at once
    Connection& connection = connections.emplace_back();
    connection.socket = std::move(socket);
    connection.thread = std::jthread([this, &connection] { serve(connection); });
  }
}

void Gateway::State::serve(Connection& connection) {
  try {
    server::Timeouts timeouts;
    timeouts.idle = std::chrono::minutes(5);
    timeouts.body = std::chrono::minutes(2);
    timeouts.blocked = std::chrono::minutes(2);
    server::Wire wire(connection.socket.get(), timeouts, kLargestBody);
    for (bool more = true; more && !stop.stop_requested();) {
      std::optional<server::Reply> refusal;
      const auto request = wire.read(refusal);
      if (refusal) wire.write(*refusal, false, false);
      more = request && answer(wire, *request);
    }
  } catch (const Cancelled&) {       // the run is stopping
  } catch (const std::exception&) {  // of this connection alone
  }
  ::shutdown(connection.socket.get(), SHUT_RDWR);
  const std::lock_guard hold(mutex);
  connection.done = true;
}

const Upstream* Gateway::State::upstream_of(WireKind wire) const {
  const auto found = std::ranges::find_if(
      settings.upstreams, [wire](const Upstream& one) { return one.endpoint.wire == wire; });
  return found == settings.upstreams.end() ? nullptr : &*found;
}

bool Gateway::State::answer(server::Wire& wire, const server::Request& request) {
  const auto refuse = [&](WireKind kind, int status, std::string_view code,
                          std::string_view message) {
    server::Reply reply{status, "application/json", error_body(kind, code, message), {}};
    return wire.write(reply, false, request.keep_alive) && request.keep_alive;
  };
  if (asks_for_models(request.method, request.path)) {
    json::array data;
    for (const auto& upstream : settings.upstreams)
      data.push_back(json::object{{"id", upstream.endpoint.model}, {"object", "model"}});
    const server::Reply reply =
        server::json_reply(json::object{{"object", "list"}, {"data", data}});
    return wire.write(reply, false, request.keep_alive) && request.keep_alive;
  }
  const auto asked = asked_by(request.method, request.path);
  if (!asked)
    return refuse(WireKind::Chat, 404, "not_found",
                  "this is a way to models alone: there is nothing at " +
                      shortened(inert(request.path), 200));
  const Upstream* upstream = upstream_of(asked->wire);
  if (!upstream) {
    std::string has;
    for (const auto& one : settings.upstreams)
      has += (has.empty() ? "" : ", ") + std::string(to_string(one.endpoint.wire));
    return refuse(asked->wire, 404, "not_found",
                  "the model of this run is not reached by the wire '" +
                      std::string(to_string(asked->wire)) + "'; it is by: " + has);
  }
  if (const auto spent = meter.refusal(); spent && !asked->counts)
    return refuse(asked->wire, 402, "insufficient_quota", "the budget is used up: " + *spent);
  {
    std::unique_lock hold(mutex);
    if (!room.wait(hold, stop.get_token(), [this] { return under_way < settings.most_at_once; }))
      return false;
    ++under_way;
  }
  bool more = false;
  try {
    more = forward(wire, request, *asked, *upstream);
  } catch (...) {
    const std::lock_guard hold(mutex);
    --under_way;
    room.notify_one();
    throw;
  }
  const std::lock_guard hold(mutex);
  --under_way;
  room.notify_one();
  return more;
}

bool Gateway::State::forward(server::Wire& wire, const server::Request& request, const Asked& asked,
                             const Upstream& upstream) {
  const auto body = outgoing(asked, request.body, upstream.endpoint);
  if (!body) {
    const server::Reply reply{
        400,
        "application/json",
        error_body(asked.wire, "invalid_request_error", "the body is no JSON object"),
        {}};
    return wire.write(reply, false, request.keep_alive) && request.keep_alive;
  }
  long number = 0;
  {
    const std::lock_guard hold(mutex);
    number = ++requests;
  }
  const bool streams = wants_stream(asked, *body);
  const auto& vendor = model::wire_of(asked.wire);
  net::HttpRequest out;
  out.method = "POST";
  out.url = url_for(asked, request.path, upstream.endpoint);
  out.headers = vendor.headers(upstream.endpoint, upstream.key);
  for (const auto& header : upstream.endpoint.headers) out.headers.push_back(header);
  if (const std::string beta = request.header("anthropic-beta"); !beta.empty())
    out.headers.emplace_back("anthropic-beta", beta);
  out.body = to_line(*body);
  out.idle = kLongestSilence;
  out.ca_file = upstream.endpoint.ca_file;
  out.proxy = upstream.endpoint.proxy;
  out.stop = stop.get_token();
  record(number, "request", out.body);

  // A stream is passed on as it comes, and read by the way for what it used.
  const auto reader = vendor.reader({});
  net::SseParser parser;
  bool begun = false, open = true, readable = true;
  std::string recorded;
  net::HttpClient client;
  net::HttpResponse answer;
  try {
    if (streams) {
      answer = client.stream(out, [&](std::string_view bytes) {
        if (!begun) open = wire.start_stream("text/event-stream");
        begun = true;
        open = open && wire.write_raw(bytes);
        if (recorded.size() < kMostRecorded) recorded += bytes;
        try {
          parser.feed(bytes, [&](const net::SseEvent& event) {
            if (readable) readable = reader->on_event(event);
          });
        } catch (const Error&) {
          readable = false;
        }
        return open;
      });
    } else {
      answer = client.send(out);
      recorded = answer.body.substr(0, kMostRecorded);
    }
  } catch (const Error& error) {
    if (!begun) {
      const server::Reply reply{
          502,
          "application/json",
          error_body(asked.wire, "api_error", shortened(inert(error.what()), 300)),
          {}};
      return wire.write(reply, false, request.keep_alive) && request.keep_alive;
    }
  }
  if (!recorded.empty()) record(number, "reply", recorded);
  if (begun) {
    // What was begun was paid for, also where somebody hung up.
    const auto outcome = reader->finish();
    meter.add(outcome ? outcome->usage : model::Usage{}, upstream.endpoint.prices);
    return false;  // its end is the end of the connection
  }
  if (answer.status >= 200 && answer.status < 300 && !asked.counts) {
    const auto parsed = parse_json(answer.body);
    meter.add(
        parsed && parsed->is_object() ? usage_in(asked.wire, parsed->get_object()) : model::Usage{},
        upstream.endpoint.prices);
  }
  server::Reply reply{answer.status, "application/json", without_keys(answer.body), {}};
  if (const std::string type = answer.header("content-type"); !type.empty()) reply.type = type;
  for (const auto name : kPassedOn) {
    if (const std::string value = answer.header(name); !value.empty())
      reply.headers.emplace_back(name, value);
  }
  return wire.write(reply, false, request.keep_alive) && request.keep_alive;
}

// Some vendors repeat a wrong key in their error.
std::string Gateway::State::without_keys(std::string text) const {
  for (const auto& upstream : settings.upstreams) {
    if (upstream.key.size() < 6) continue;
    for (size_t at = text.find(upstream.key); at != std::string::npos;
         at = text.find(upstream.key, at))
      text.replace(at, upstream.key.size(), "[key]");
  }
  return text;
}

void Gateway::State::record(long number, std::string_view what, std::string_view text) const {
  if (settings.record.empty()) return;
  std::string name = std::to_string(number);
  name.insert(0, name.size() < 5 ? 5 - name.size() : 0, '0');
  try {
    write_durably(settings.record / (name + "-" + std::string(what)),
                  without_keys(std::string(text)), 0600);
  } catch (const Error&) {  // a full disk must not cost the reply
  }
}

std::map<std::string, std::string> gateway_variables(int port) {
  const std::string root = "http://127.0.0.1:" + std::to_string(port);
  return {{"OPENAI_BASE_URL", root + "/v1"}, {"OPENAI_API_KEY", "nightjar"},
          {"ANTHROPIC_BASE_URL", root},      {"ANTHROPIC_API_KEY", "nightjar"},
          {"GEMINI_BASE_URL", root},         {"GEMINI_API_KEY", "nightjar"},
          {"GOOGLE_GEMINI_BASE_URL", root}};
}

}  // namespace nightjar::gateway
