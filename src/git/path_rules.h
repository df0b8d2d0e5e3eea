// Which paths and links a change may bring into a repository. Names alone are looked at.
#pragma once

#include <string>
#include <string_view>

#include "core/change.h"

namespace nightjar::git {

/// Why the change is refused; empty: its name may go in. `.git` in every spelling that some file
/// system reads as .git (case, trailing dots and blanks, git~1, streams, code points that HFS+
/// ignores), `..`, empty components, over-long paths, devices.
std::string why_name_refused(const core::Change& change);

/// .gitmodules, in any folder and any such spelling.
bool is_modules_file(std::string_view path);

/// An absolute target, or one that climbs above the repository's root, or may (`..` after a name).
bool leaves_the_tree(std::string_view link, std::string_view target);

}  // namespace nightjar::git
