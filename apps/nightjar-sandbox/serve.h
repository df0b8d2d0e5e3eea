// PID 1 of the sandbox: runs commands one at a time and serves files, until the session has gone.
#pragma once

#include "mounts.h"
#include "sandbox/plan.h"

namespace nightjar::helper {

[[noreturn]] void serve(int socket, const sandbox::Plan& plan, WorkTree tree);

}  // namespace nightjar::helper
