// The runner's process: one run, from its job file to its last event.
#pragma once

#include <filesystem>

namespace nightjar::run {

/// Holds the run's lock, replays its journal, goes on from its last step and journals its end.
/// SIGTERM ends the process at once and leaves the run to be resumed. Returns the exit status: 0
/// also where another process already holds the run or it has ended.
int runner_main(const std::filesystem::path& folder);

}  // namespace nightjar::run
