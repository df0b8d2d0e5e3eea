// From the fresh process to the namespaces of the sandbox.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "sandbox/plan.h"

namespace nightjar::helper {

/// As root where the plan says so: takes the sources in a private mount namespace and becomes the
/// run's uid; then makes all namespaces of the sandbox. The caller's next child is PID 1 in them.
/// Gives what stage_sources gave.
std::vector<Fd> enter_namespaces(sandbox::Plan& plan);

/// A uid and gid map of one line for the calling process, which has just made a user namespace.
void map_ids(std::uint32_t inside_uid, std::uint32_t outside_uid, std::uint32_t inside_gid,
             std::uint32_t outside_gid);

/// After a failed clone or unshare.
[[noreturn]] void throw_no_namespace(const std::string& what);

}  // namespace nightjar::helper
