// From a request to a task: everything that can be refused is refused here, before anything exists.
#pragma once

#include <string>

#include "agent/agent.h"
#include "core/task.h"
#include "server/server.h"

namespace nightjar::daemon {

struct Assignment {
  core::TaskSpec spec;
  std::string unable;  ///< why no agent here can do it; empty: it can start
};

/// Refusals are of kind invalid, with the message for the person.
server::Answer<Assignment> read_assignment(const json::object& request);

/// A brief as `assign` and `request-changes` take it: trimmed, not empty, at most 1 MB, no control
/// characters.
server::Answer<std::string> read_text(const json::object& request, std::string_view member,
                                      std::string_view what);

}  // namespace nightjar::daemon
