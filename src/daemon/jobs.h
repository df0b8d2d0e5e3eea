// What a runner is told to do: made from the task, its history and the settings each time that a
// runner starts, so that a run goes on with the settings of the day.
#pragma once

#include <map>
#include <string>

#include "core/task.h"
#include "daemon/config.h"
#include "daemon/history.h"
#include "daemon/places.h"
#include "run/job.h"

namespace nightjar::daemon {

/// `network_allowed`: the person allowed it for this repository once and for all.
run::Job job_for(const core::Task& task, const core::Run& run, const History& history,
                 const Config& config, const Places& places, bool network_allowed);

/// Keys that stand in the settings themselves, headers and proxies, taken out of the job: variables
/// for the runner's environment, written nowhere else.
std::map<std::string, std::string> take_keys(run::Job& job);

}  // namespace nightjar::daemon
