// The new root: the plan's steps, carried out in the sandbox's own mount namespace.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "sandbox/plan.h"

namespace nightjar::helper {

/// The work tree as it was made.
struct WorkTree {
  sandbox::TreeKind kind = sandbox::TreeKind::Overlay;
  Fd written;                ///< the folder that receives what is written
  std::vector<Fd> lowers;    ///< top first, in clone mode only
  struct timespec cloned{};  ///< when the clone was complete
};

/// Builds everything and makes it the root of this process. REQUIRES: enter_namespaces, then fork;
/// `sources` are what it gave.
WorkTree build_root(const sandbox::Plan& plan, std::vector<Fd> sources);

}  // namespace nightjar::helper
