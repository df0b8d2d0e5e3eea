// The repository around the current folder, as `init` and `doctor` look at it.
#pragma once

#include "base/file.h"
#include "project/project.h"

namespace nightjar::cli {

/// The root of the work tree around `folder`. Throws Error(Invalid) with git's own reason.
fs::path work_tree_around(const fs::path& folder);
/// What is committed or would be (not ignored), as detection reads it.
project::Tree tree_of(const fs::path& root);

}  // namespace nightjar::cli
