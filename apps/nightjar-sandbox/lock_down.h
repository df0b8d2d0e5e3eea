// What makes the process that built the sandbox harmless, and all its children with it.
#pragma once

#include "sandbox/plan.h"

namespace nightjar::helper {

/// Limits, the second user namespace as uid 1000, no capabilities, no new privileges, the filter.
void lock_down(const sandbox::Plan& plan);

}  // namespace nightjar::helper
