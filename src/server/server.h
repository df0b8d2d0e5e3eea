// The HTTP API on a Unix socket and, where configured, on loopback: docs/api.md and the OpenAPI
// document. A thread per connection with blocking calls under deadlines; bounded number, header,
// body and SSE buffers.
#pragma once

#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/time.h"
#include "store/store.h"

namespace nightjar::server {

/// RFC 9457. The HTTP status follows the kind: invalid 400, not_found 404, conflict 409, denied
/// 403, unavailable 503, timeout 504, limit 507, internal 500.
struct Problem {
  ErrorKind kind = ErrorKind::Internal;
  std::string detail;  ///< for the person: the cause and the way out
  json::object more;   ///< further members, such as `conflicts`
};
template <class T>
using Answer = std::expected<T, Problem>;

/// What the service can do; the daemon implements it. Called from many threads at once. `id` is a
/// task's id or an unambiguous prefix of one. Everything that returns a value returns the
/// documented object.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual json::object health() = 0;
  virtual json::array tasks() = 0;
  virtual Answer<json::object> task(std::string_view id) = 0;
  virtual Answer<json::object> assign(const json::object& request) = 0;
  virtual Answer<json::array> events(std::string_view id) = 0;
  virtual Answer<std::string> diff(std::string_view id) = 0;
  virtual Answer<json::object> proof(std::string_view id) = 0;
  /// The log of a run (empty: the newest): what happened line by line, or one command's whole
  /// output.
  virtual Answer<std::string> log(std::string_view id, std::string_view run,
                                  std::string_view name) = 0;
  /// cancel, retry, request-changes, merge, close, approve, comments, tell, answer, pause, resume:
  /// the task afterwards.
  virtual Answer<json::object> act(std::string_view id, std::string_view action,
                                   const json::object& body) = 0;
  /// The models that can be named; no key is in it.
  virtual json::array models() = 0;
  /// How the native agent goes about each kind of ticket.
  virtual json::array recipes() = 0;
  /// One real request.
  virtual Answer<json::object> test_model(std::string_view name) = 0;
  virtual Answer<json::object> clean(bool dry_run) = 0;
  virtual Answer<json::object> stop(bool runs_too) = 0;
};

/// How long a client may take.
struct Timeouts {
  Millis header{10'000};     ///< from the first byte of a request to the end of its header
  Millis body{30'000};       ///< for the rest of the request
  Millis idle{60'000};       ///< between two requests of a connection
  Millis blocked{10'000};    ///< a client that takes nothing
  Millis heartbeat{15'000};  ///< between two signs of life in an event stream
};

struct Options {
  std::filesystem::path
      socket;          ///< may be longer than sun_path: bound through its folder's descriptor
  std::string listen;  ///< "127.0.0.1:8737"; empty: the Unix socket alone. Port 0: any
  std::string token;
  size_t most_connections = 512;
  Timeouts timeouts;
};

class Server {
 public:
  virtual ~Server() = default;
  /// Wakes the SSE clients: events up to this id can be read from the store.
  virtual void announce(long last_event_id) = 0;
  /// The port that `listen` got.
  virtual int port() const = 0;
  /// Ends all connections; returns when the last thread is gone.
  virtual void stop() = 0;
};

/// Serves from now on. Throws Error(Invalid) where `listen` is not loopback or the token is empty,
/// and Error(Conflict) where somebody else serves at the socket or port. `store` is read for SSE
/// only. Both must outlive the server.
std::unique_ptr<Server> serve(const Options& options, Backend& backend, const store::Store& store);

/// The OpenAPI 3.1 document, and the routes it must agree with (method and path template).
std::string_view openapi();
std::vector<std::pair<std::string, std::string>> routes();

}  // namespace nightjar::server
