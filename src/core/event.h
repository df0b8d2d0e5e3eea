// The append-only log. Everything else (task state, views, notifications, metrics) is a fold over
// it.
#pragma once

#include <string>

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

json::object to_json(const Event& event);
/// The error names the member that is missing or of the wrong type.
std::expected<Event, std::string> event_from(const json::value& value);

}  // namespace nightjar::core
