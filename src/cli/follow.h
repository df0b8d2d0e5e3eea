// Following one task, or everything, as lines.
#pragma once

#include <functional>
#include <string>

#include "base/json.h"
#include "cli/client.h"

namespace nightjar::cli {

/// Calls `on_event` for each event of the task, from its first one (or, where it waits for nothing
/// any more, for those that were), until it needs a person or has ended; the task then. `on_tick`,
/// where set, is called every second with the task as it was fetched last.
json::object follow_task(const Client& client, const std::string& id,
                         const std::function<void(const json::object& event)>& on_event,
                         const std::function<void(const json::object& task)>& on_tick = nullptr);

/// Calls `on_event` for everything from now on. `on_open` is called once, when nothing can be
/// missed any more. Returns never: ends by a signal, or throws Error(Unavailable) where the service
/// has stopped.
[[noreturn]] void follow_all(const Client& client, const std::function<void()>& on_open,
                             const std::function<void(const json::object& event)>& on_event);

}  // namespace nightjar::cli
