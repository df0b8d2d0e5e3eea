// The service as the command line sees it: JSON requests and the stream of events over its socket.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "base/time.h"

namespace nightjar::cli {

/// The service understood and said no; `more` holds further members of its problem document.
class Refused : public Error {
 public:
  Refused(ErrorKind kind, const std::string& detail, json::object more)
      : Error(kind, detail), more_(std::move(more)) {}
  const json::object& more() const { return more_; }

 private:
  json::object more_;
};

/// Safe from any thread: each call is a connection of its own. Errors: Refused; Error(Unavailable)
/// where nobody answers.
class Client {
 public:
  explicit Client(std::filesystem::path state) : state_(std::move(state)) {}

  const std::filesystem::path& state() const { return state_; }

  /// The documented health object; nullopt where nobody answers.
  std::optional<json::object> health() const;
  json::value get(std::string_view path) const;
  json::value post(std::string_view path, const json::object& body,
                   Millis patience = Millis{60'000}) const;
  std::string get_text(std::string_view path) const;
  /// The same in pieces; false ends it.
  void get_text(std::string_view path, const std::function<bool(std::string_view)>& on_text) const;

  /// Server-sent events of one task (empty: of all) after position `after`; nullopt: as the service
  /// begins by itself. `on_open` is called when the stream stands. Returns when the stream ended;
  /// throws Cancelled at `stop`.
  void events(std::string_view task, std::optional<long> after,
              const std::function<void()>& on_open,
              const std::function<void(long id, json::object event)>& on_event,
              std::stop_token stop) const;

 private:
  std::string request(std::string_view method, std::string_view path, const std::string& body,
                      Millis patience) const;

  std::filesystem::path state_;
};

/// One segment of a path, or a value of a query, percent-encoded.
std::string encoded(std::string_view text);

/// Makes sure that a service answers: finds it, waits for one that is starting, or starts it (not
/// with NIGHTJAR_NO_START=1). Throws Error(Unavailable) with the way out. `say` tells the person
/// what takes time.
void reach_service(const Client& client, const std::function<void(std::string_view)>& say);

/// Starts it again where it was killed; a service that was stopped took its socket away and stays
/// down. False: nothing was done, or it failed.
bool revive_service(const Client& client);

/// What the health of a service means for this program: an Error(Unavailable) where they do not
/// speak the same API; else a remark for the person (an older service), or "".
std::string check_version(const json::object& health);

/// Whether `version` ("1.2.3") came before this program's.
bool is_older(std::string_view version);

}  // namespace nightjar::cli
