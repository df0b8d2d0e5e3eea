// Which paths and links a change may bring into a repository.
#pragma once

#include <string>
#include <string_view>

#include "core/change.h"

namespace nightjar::git {

/// Why the change is refused; empty: it may go in. Looks at names alone: `.git` in every spelling that some
/// file system reads as .git (case, trailing dots and blanks, git~1, code points that HFS ignores), `..`,
/// empty components, links that leave the tree, .gitmodules, devices.
std::string why_refused(const core::Change& change);

}  // namespace nightjar::git
