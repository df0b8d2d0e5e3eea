// What makes the process that built the sandbox harmless, and all its children with it.
#pragma once

#include "sandbox/plan.h"

namespace nightjar::helper {

/// Own loopback up, own host name. REQUIRES: the capabilities of the first user namespace.
void set_up_network(const sandbox::Plan& plan);
/// Limits, the second user namespace as uid 1000, no capabilities, no new privileges, the filter.
void lock_down(const sandbox::Plan& plan);

}  // namespace nightjar::helper
