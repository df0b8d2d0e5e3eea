// The processes of the sandbox, as its first process sees them, and its own listening sockets.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <set>

#include "base/file.h"

namespace nightjar::helper {

/// Kills every process but this one, the residents and what stands below them. Returns how many it
/// found alive: whoever wants them all gone asks again until there is none.
int kill_all_but(const std::set<pid_t>& residents);

/// Listens on 127.0.0.1:port of this network namespace.
Fd listen_on_loopback(std::uint64_t port);

}  // namespace nightjar::helper
