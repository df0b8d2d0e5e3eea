// Asks one model, with the patience of a program that works in the background: what passes by
// itself is waited out, what a person must mend is told at once.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/error.h"
#include "base/time.h"
#include "model/wire.h"

namespace nightjar::model {

/// A wait that a person may want to know of.
struct Waiting {
  Failure failure;
  Time until{};
  int tries = 0;  ///< requests that failed in a row
};

struct CallHooks {
  OnText on_text;                               ///< also of tries that break off later
  std::function<void(const Waiting&)> on_wait;  ///< before each wait of two seconds or more
  /// A wait that was told of is over; it moved the deadline of the call.
  std::function<void(Millis waited)> on_resume;
  /// True: this wait is not worth it, the failure comes back at once.
  std::function<bool(const Waiting&)> gives_up;
  /// What a try used that gave no reply, also where the call is stopped or runs out of time: as the
  /// server told, else a guess by the bytes of the request and of what came so far. For each try of
  /// whose stream at least one event came; but a vendor that says itself that it failed, before the
  /// first word and without telling tokens, is not taken to be paid for that. On the thread of the
  /// call, before the failure is acted upon.
  std::function<void(const Usage&)> on_lost;
};

/// Waits double from `first` to `longest`.
struct Patience {
  Millis first{500}, longest{300'000};
  Millis silence{600'000};  ///< without an event a stream is broken; its comments are none
};

/// One thread at a time; keeps its connection.
class Client {
 public:
  Client(Endpoint endpoint, std::string key, Patience patience = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  const Endpoint& endpoint() const { return endpoint_; }
  const Wire& wire() const { return wire_; }

  /// The whole reply to one request body. Rate limits, overload and broken connections are waited
  /// out and asked again, as long as it takes where `on_wait` tells a person, else until
  /// `deadline`, which makes them the failure; a stream that breaks off again and again, malformed
  /// replies, or anything that no wait mends is a failure sooner. No wait begins behind the
  /// deadline. A member of the request that a server is known not to know is left out or named as
  /// it wants, also the next times. Throws Cancelled at a stop.
  Outcome call(std::string_view body, const CallHooks& hooks, Deadline deadline,
               std::stop_token stop);

  /// One try of a question beside the conversation; what goes wrong is a failure. Throws Cancelled
  /// at a stop.
  std::expected<json::object, Failure> side_call(const SideCall& call, Deadline deadline,
                                                 std::stop_token stop);

 private:
  net::HttpRequest request(std::string url, std::string_view body, Deadline deadline,
                           std::stop_token stop) const;
  /// `streamed`: whether any event of the reply came.
  Outcome ask(std::string_view body, const CallHooks& hooks, bool& streamed, Deadline deadline,
              std::stop_token stop);
  Outcome read(std::string_view body, ReplyReader& reader, bool& streamed, Deadline deadline,
               std::stop_token stop);
  Failure refusal(const net::HttpResponse& response) const;
  Failure fault(const Error& error) const;

  Endpoint endpoint_;
  std::string key_;
  Patience patience_;
  const Wire& wire_;
  std::optional<Mend> mend_;  ///< of every request, once a server wanted it
  net::HttpClient http_;
};

/// How long to wait before try number `tries` + 1: as the server asked, else doubling; with up to a
/// quarter more (`jitter` from 0 to 1), so that many runs do not come at once.
Millis wait_before(const Failure& failure, int tries, double jitter, const Patience& patience = {});

}  // namespace nightjar::model
