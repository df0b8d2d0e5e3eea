// Ending processes with all that they start, and finding who holds a pipe: inside the sandbox.
#pragma once

#include <sys/types.h>

#include <functional>
#include <vector>

#include "sandbox/process_table.h"

namespace nightjar::tools {

using ProcessTable = std::map<pid_t, sandbox::ProcessEntry>;

/// In the unit of `ProcessEntry::start`.
unsigned long long ticks_since_boot();

/// Kills every process that `chosen` names, and those that they start meanwhile.
void kill_all(const std::function<bool(const ProcessTable&, pid_t)>& chosen);

/// Those that hold the pipe of this descriptor open, this process left out.
std::vector<pid_t> holders_of(int pipe);

}  // namespace nightjar::tools
