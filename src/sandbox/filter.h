// The system calls a run may make, as a program for the kernel.
#pragma once

#include <string>

#include "sandbox/session.h"

namespace nightjar::sandbox {

/// The seccomp program (an array of sock_filter) of a profile: everything is allowed but what is
/// named. `host_sockets` is true where the run shares the host's network: no Unix socket then,
/// whose abstract names would reach services of the host. Made once a process. Threads: any.
const std::string& seccomp_program(Profile profile, bool host_sockets);

}  // namespace nightjar::sandbox
