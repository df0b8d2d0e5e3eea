// The append-only log. Everything else (task state, views, notifications, metrics) is a fold over
// it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"

namespace nightjar::core {

/// One line of the log. `seq` counts from 1 within its stream; the stream is the run where `run` is
/// set, else the task's own stream (what persons did: assigned, cancelled, merged).
struct Event {
  std::string task;
  std::string run;  ///< "<task>.<n>"; empty in the task's own stream
  long seq = 0;
  Time time{};
  std::string kind;  ///< one of docs/events.md
  json::object body;
  bool operator==(const Event&) const = default;
};

/// Where the turns of the runs' conversations begin: the numbers that a rewind takes.
class Turns {
 public:
  /// The turn that this event is the first one of; nullopt: the same as before, or none.
  std::optional<int> begun_by(std::string_view run, std::string_view kind,
                              const json::object& body);

 private:
  std::map<std::string, int, std::less<>> newest_;
};

json::object to_json(const Event& event);
/// The error names the member that is missing or of the wrong type.
std::expected<Event, std::string> event_from(const json::value& value);

}  // namespace nightjar::core
