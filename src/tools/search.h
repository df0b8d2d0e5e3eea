// Looking through the files of the work tree, with the manners of ripgrep.
#pragma once

#include <filesystem>
#include <string>

#include "tools/answer.h"

namespace nightjar::tools {

struct Search {
  std::string pattern;
  std::string path;   ///< a file or folder below the root; empty: all of it
  std::string glob;   ///< only files that match, such as "*.py" or "src/**/*.{ts,tsx}"; empty: all
  std::string shown;  ///< before each path that is shown
  bool ignore_case = false;
  bool literal = false;
  bool files_only = false;  ///< the names of files, without the lines
  int context = 0;          ///< lines before and after
};

/// Matching lines by file, at most 300 and short ones; binary and ignored files are passed over.
Answer search(const std::filesystem::path& root, const Search& what);

}  // namespace nightjar::tools
