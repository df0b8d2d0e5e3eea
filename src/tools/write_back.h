// Writing files so that each holds the old content or the new, and several all or none.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace nightjar::tools {

struct FileWrite {
  fs::path path;                            ///< a link is written through to its target
  std::optional<std::string_view> content;  ///< nullopt: the file goes
  std::optional<unsigned> mode;             ///< permissions; absent: those that it has
};

/// Throws Error, with everything as it was, where one of them cannot be made.
void write_back(const std::vector<FileWrite>& files);

}  // namespace nightjar::tools
