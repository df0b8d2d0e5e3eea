// From a request to a task: everything that can be refused is refused here, before anything exists.
#pragma once

#include <future>
#include <string>

#include "agent/agent.h"
#include "core/task.h"
#include "daemon/config.h"
#include "server/server.h"

namespace nightjar::daemon {

struct Assignment {
  core::TaskSpec spec;
  std::string id;                       ///< as whoever asks wants it; empty: any
  std::shared_future<int> uncommitted;  ///< see git::Inspection
  std::string unable;                   ///< why no agent here can do it; empty: it can start
};

/// Refusals are of kind invalid, with the message for the person.
server::Answer<Assignment> read_assignment(const json::object& request, const Config& config);

/// Who does the next run of a task: the mechanic where it understands the brief and nobody else is
/// at it, else the native agent where a model can be had.
struct Choice {
  std::string agent;   ///< empty: nobody
  std::string model;   ///< as the person calls it
  std::string unable;  ///< why nobody
};
Choice choose_agent(const agent::Understanding& understood, std::string_view agent,
                    std::string_view model, const Config& config);

/// A brief as `assign` and `request-changes` take it: trimmed, not empty, at most 1 MB, no control
/// characters.
server::Answer<std::string> read_text(const json::object& request, std::string_view member,
                                      std::string_view what);

/// Why a run on this model cannot be begun or go on with a limit of so many dollars (0: without
/// one): prices that are not known, its own and those of the models that may be asked in its place
/// or beside it; or one of these is not there. Empty: it can.
std::string spending_trouble(const Config& config, std::string_view model, double dollars);

}  // namespace nightjar::daemon
