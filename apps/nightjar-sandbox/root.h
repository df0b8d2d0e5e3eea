// Builds the view that commands see, and leaves this process inside it: root file system, user, mount, pid,
// net, ipc, uts and cgroup namespaces. Follows the plan; decides nothing.
#pragma once

#include <functional>
#include <string>

#include "base/file.h"
#include "sandbox/plan.h"

namespace nightjar::helper {

/// What PID 1 keeps of the outside.
struct Inside {
  Fd upper;               ///< the work tree's upper layer; invalid where the tree is a clone
  std::string tree_kind;  ///< "overlay", "overlay on tmpfs", "clone"
};

/// Called in the first process. Forks: `pid_one` runs in the child, which is PID 1 inside, with all mounts
/// made and all capabilities still held; this process waits for it. Throws Error with the reason where any
/// step fails: the caller reports it and ends, nothing runs.
void enter(const sandbox::Plan& plan, const std::function<void(Inside)>& pid_one);

}  // namespace nightjar::helper
