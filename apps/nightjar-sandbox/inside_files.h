// Files inside, for the session: read and found as the run's user sees them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nightjar::helper {

/// nullopt where there is none, it is no regular file, or it is longer than `most`.
std::optional<std::string> inside_file(const std::string& path, std::uint64_t most);
/// Regular files below `folder` whose name matches the shell pattern, in the order of their paths
/// within a folder; links are not followed.
std::vector<std::string> files_below(const std::string& folder, const std::string& pattern,
                                     std::uint64_t most);

}  // namespace nightjar::helper
