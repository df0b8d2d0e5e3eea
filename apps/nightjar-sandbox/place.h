// Making places in a tree that may hold a stranger's links: none is ever followed.
#pragma once

#include <string>
#include <string_view>

#include "base/file.h"

namespace nightjar::helper {

/// Opens (O_PATH) the folder at `path` below `root`, making what is missing.
Fd place_folder(const Fd& root, const std::string& path, unsigned mode);
/// The same for a file; `text` is written where it is made.
Fd place_file(const Fd& root, const std::string& path, std::string_view text, unsigned mode);
void place_link(const Fd& root, const std::string& path, const std::string& to);

}  // namespace nightjar::helper
