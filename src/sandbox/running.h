// One command from its start to its end, seen from outside: output, limits, stop.
#pragma once

#include "sandbox/helper_process.h"
#include "sandbox/limits.h"
#include "sandbox/protocol.h"
#include "sandbox/session.h"

namespace nightjar::sandbox {

/// As the helper hears it.
CommandRequest request_of(const Command& command);

/// Blocks until the command and everything it started are dead and all output was read.
CommandResult run_command(HelperProcess& helper, const Command& command, Watcher& watcher);

}  // namespace nightjar::sandbox
