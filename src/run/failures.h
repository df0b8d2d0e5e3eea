// What goes back to an agent whose claim was refuted, and what is remembered of its work meanwhile.
#pragma once

#include <filesystem>
#include <vector>

#include "agent/agent.h"
#include "base/json.h"
#include "core/check.h"

namespace nightjar::run {

/// The finding for what a tool made in the work tree; of one selection, not of the agent's work.
inline constexpr std::string_view kLeftOut = "left_out";

/// Tests that fail or vanished against the baseline, with the end of the failing checks' logs; and
/// what became of those that failed before.
/// `folder`: the run's, which holds the logs.
agent::Failures failures_between(const std::vector<core::CheckReport>& baseline,
                                 const std::vector<core::CheckReport>& reports,
                                 const std::filesystem::path& folder);

/// The same of a `proof` event's body.
agent::Failures failures_of(const json::object& proof, const std::filesystem::path& folder);

/// Without paths: the commit holds them.
json::object to_json(const agent::WorkResult& result);
agent::WorkResult work_result_from(const json::object& object);

}  // namespace nightjar::run
