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
#include <set>
#include <thread>

#include "base/error.h"
#include "base/text.h"
#include "gateway/exchange.h"
#include "gateway/passing.h"
#include "gateway/record.h"
#include "model/wire.h"
#include "net/address.h"
#include "server/message.h"

namespace nightjar::gateway {

namespace {

using model::WireKind;

constexpr size_t kLargestBody = size_t{32} << 20;  // Anthropic's own limit, the largest
constexpr size_t kMostConnections = 32;
constexpr size_t kMostInBodies = size_t{64} << 20;  // of all connections, beside a small one each
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
        record(settings.record),
        wake(::eventfd(0, EFD_CLOEXEC)) {
    if (!wake) throw_errno("eventfd");
    mirror(WireKind::Responses, WireKind::Chat);
    mirror(WireKind::Chat, WireKind::Responses);
  }

  // OpenAI and the servers like it have both of its wires at one address.
  void mirror(WireKind there, WireKind missing) {
    const Upstream* upstream = upstream_of(there);
    if (!upstream || upstream_of(missing)) return;
    Upstream other = *upstream;
    other.endpoint.wire = missing;
    settings.upstreams.push_back(std::move(other));
  }

  /// One request on its way to the vendor.
  struct Exchange {
    const Asked& asked;
    const net::HttpRequest& out;
    bool keep_alive, drops_usage;
    long number;          ///< in the record
    Meter::Place* place;  ///< null where nothing is spent
  };

  struct Connection {
    Fd socket;
    std::jthread thread;
    bool done = false;
  };

  void accept_all();
  void serve(Connection& connection);
  bool answer(server::Wire& wire, server::Request request);
  bool forward(server::Wire& wire, server::Request& request, const Asked& asked,
               const Upstream& upstream);
  bool stream(server::Wire& wire, const Exchange& exchange);
  bool send(server::Wire& wire, const Exchange& exchange);
  bool tell_fault(server::Wire& wire, const Exchange& exchange, const Error& error);
  bool hand_over(server::Wire& wire, const Exchange& exchange, net::HttpResponse answer);
  const Upstream* upstream_of(WireKind wire) const;
  net::HttpRequest request_to(const Upstream& upstream, const server::Request& request,
                              const Asked& asked) const;
  std::string without_keys(std::string text) const;

  Fd listener;
  Settings settings;
  Meter& meter;
  Record record;
  Fd wake;
  std::stop_source stop;
  std::mutex mutex;
  std::condition_variable_any room;
  std::mutex reading;  ///< a body as JSON takes memory: one at a time
  server::BodyRoom body_room{kMostInBodies};
  std::list<Connection> connections;
  size_t under_way = 0;
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
    server::Wire wire(connection.socket.get(), timeouts, kLargestBody, &body_room);
    for (bool more = true; more && !stop.stop_requested();) {
      std::optional<server::Reply> refusal;
      auto request = wire.read(refusal);
      if (refusal) wire.write(*refusal, false, false);
      more = request && answer(wire, std::move(*request));
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

bool Gateway::State::answer(server::Wire& wire, server::Request request) {
  const auto refuse = [&](WireKind kind, int status, std::string_view code,
                          std::string_view message) {
    server::Reply reply{status, "application/json", error_body(kind, code, message), {}};
    return wire.write(reply, false, request.keep_alive) && request.keep_alive;
  };
  if (asks_for_models(request.method, request.path)) {
    json::array data;
    std::set<std::string> named;  // on both of OpenAI's wires a model is one
    for (const auto& upstream : settings.upstreams) {
      if (named.insert(upstream.endpoint.model).second)
        data.push_back(json::object{{"id", upstream.endpoint.model}, {"object", "model"}});
    }
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
  {
    std::unique_lock hold(mutex);
    if (!room.wait(hold, stop.get_token(), [this] { return under_way < settings.most_at_once; }))
      return false;
    ++under_way;
  }
  struct Leave {
    State& state;
    ~Leave() {
      const std::lock_guard hold(state.mutex);
      --state.under_way;
      state.room.notify_one();
    }
  } const leave{*this};
  return forward(wire, request, *asked, *upstream);
}

net::HttpRequest Gateway::State::request_to(const Upstream& upstream,
                                            const server::Request& request,
                                            const Asked& asked) const {
  net::HttpRequest out;
  out.method = "POST";
  out.url = url_for(asked, request.path, upstream.endpoint);
  out.headers =
      model::with_headers(model::wire_of(asked.wire).headers(upstream.endpoint, upstream.key),
                          upstream.endpoint.headers);
  if (const std::string beta = request.header("anthropic-beta"); !beta.empty())
    out.headers.emplace_back("anthropic-beta", beta);
  out.idle = kLongestSilence;
  out.ca_file = upstream.endpoint.ca_file;
  out.proxy = upstream.endpoint.proxy;
  out.direct = out.proxy.empty() && net::is_loopback(out.url);
  out.stop = stop.get_token();
  return out;
}

bool Gateway::State::forward(server::Wire& wire, server::Request& request, const Asked& asked,
                             const Upstream& upstream) {
  const auto refuse = [&](int status, std::string_view code, const std::string& message) {
    const server::Reply reply{
        status, "application/json", error_body(asked.wire, code, message), {}};
    return wire.write(reply, false, request.keep_alive) && request.keep_alive;
  };
  std::expected<Outgoing, std::string> made;
  {
    const std::lock_guard hold(reading);
    made = outgoing(asked, request.body, upstream.endpoint);
  }
  request.body = std::string();
  if (!made) return refuse(400, "invalid_request_error", made.error());
  std::optional<Meter::Place> place;
  if (!asked.counts) {
    auto admitted = meter.admit(made->most, upstream.endpoint.prices, stop.get_token());
    if (!admitted)
      return refuse(402, "insufficient_quota", "the budget is used up: " + admitted.error());
    place.emplace(std::move(*admitted));
  }
  net::HttpRequest out = request_to(upstream, request, asked);
  out.body = std::move(made->body);
  const Exchange exchange{
      asked, out, request.keep_alive, made->drops_usage, record.next(), place ? &*place : nullptr};
  if (!asked.counts) record.keep(exchange.number, "request", without_keys(out.body));
  return made->streams ? stream(wire, exchange) : send(wire, exchange);
}

bool Gateway::State::tell_fault(server::Wire& wire, const Exchange& exchange, const Error& error) {
  const std::string words = shortened(inert(without_keys(error.what())), 300);
  const server::Reply reply{
      502, "application/json", error_body(exchange.asked.wire, "api_error", words), {}};
  return wire.write(reply, false, exchange.keep_alive) && exchange.keep_alive;
}

// Its end is the end of the connection.
bool Gateway::State::stream(server::Wire& wire, const Exchange& exchange) {
  Passing passing(wire, settings.upstreams, model::wire_of(exchange.asked.wire).reader({}),
                  exchange.drops_usage);
  const auto account = [&] {
    passing.end();
    if (!exchange.place) return;
    if (!passing.recorded().empty()) record.keep(exchange.number, "reply", passing.recorded());
    exchange.place->end(passing.used(exchange.out.body.size()));
  };
  net::HttpResponse answer;
  try {
    answer = net::HttpClient().stream(
        exchange.out, [&passing](std::string_view bytes) { return passing.take(bytes); });
  } catch (const Error& error) {
    if (!passing.has_begun()) return tell_fault(wire, exchange, error);
  } catch (const Cancelled&) {
    account();
    throw;
  }
  if (!passing.has_begun()) return hand_over(wire, exchange, std::move(answer));
  account();
  return false;
}

bool Gateway::State::send(server::Wire& wire, const Exchange& exchange) {
  net::HttpResponse answer;
  try {
    answer = net::HttpClient().send(exchange.out);
  } catch (const Error& error) {
    return tell_fault(wire, exchange, error);
  } catch (const Cancelled&) {  // what went in is paid for
    if (exchange.place) exchange.place->end({guessed_tokens(exchange.out.body.size()), 0, 0, 0, 0});
    throw;
  }
  return hand_over(wire, exchange, std::move(answer));
}

bool Gateway::State::hand_over(server::Wire& wire, const Exchange& exchange,
                               net::HttpResponse answer) {
  if (exchange.place && answer.status >= 200 && answer.status < 300) {
    const auto parsed = parse_json(answer.body);
    model::Usage usage = parsed && parsed->is_object()
                             ? model::wire_of(exchange.asked.wire).usage_in(parsed->get_object())
                             : model::Usage{};
    if (usage == model::Usage{})
      usage = {guessed_tokens(exchange.out.body.size()), 0, 0, guessed_tokens(answer.body.size()),
               0};
    exchange.place->end(usage);
  }
  server::Reply reply{answer.status, "application/json", without_keys(std::move(answer.body)), {}};
  if (exchange.place && !reply.body.empty()) record.keep(exchange.number, "reply", reply.body);
  if (const std::string type = answer.header("content-type"); !type.empty()) reply.type = type;
  for (const auto name : kPassedOn) {
    if (const std::string value = answer.header(name); !value.empty())
      reply.headers.emplace_back(name, value);
  }
  return wire.write(reply, false, exchange.keep_alive) && exchange.keep_alive;
}

// Some vendors repeat a wrong key in their error.
std::string Gateway::State::without_keys(std::string text) const {
  return without_secrets(std::move(text), settings.upstreams);
}

std::map<std::string, std::string> gateway_variables(int port) {
  const std::string root = "http://127.0.0.1:" + std::to_string(port);
  return {{"OPENAI_BASE_URL", root + "/v1"}, {"OPENAI_API_KEY", "nightjar"},
          {"ANTHROPIC_BASE_URL", root},      {"ANTHROPIC_API_KEY", "nightjar"},
          {"GEMINI_BASE_URL", root},         {"GEMINI_API_KEY", "nightjar"},
          {"GOOGLE_GEMINI_BASE_URL", root}};
}

}  // namespace nightjar::gateway
