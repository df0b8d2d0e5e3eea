// From the fresh process to the namespaces of the sandbox.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "sandbox/plan.h"
#include "staging.h"

namespace nightjar::helper {

/// What no plan changes, before there is one: namespaces, of which the mounts' is private, with a
/// loopback and a host name of their own; a mount for each of the ground's sources; and the maps of
/// its owners.
struct Prepared {
  std::vector<Fd> sources;
  OwnerMaps maps;
};
Prepared prepare(const sandbox::Ground& ground);

/// As root where the plan says so: takes the sources and becomes the run's uid; then makes what is
/// left of the namespaces. `prepared` is what `prepare` gave. The caller's next child is PID 1 in
/// them. Gives what stage_sources gave.
std::vector<Fd> enter_namespaces(sandbox::Plan& plan, const sandbox::Ground& ground,
                                 Prepared prepared);

/// A uid and gid map of one line for the calling process, which has just made a user namespace.
void map_ids(std::uint32_t inside_uid, std::uint32_t outside_uid, std::uint32_t inside_gid,
             std::uint32_t outside_gid);

/// After a failed clone or unshare.
[[noreturn]] void throw_no_namespace(const std::string& what);

}  // namespace nightjar::helper
