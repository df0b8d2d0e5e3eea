// Built-in conversions between a blob and a work tree's file (eol, ident, working-tree-encoding). External
// filters never run: no driver is configured where this looks.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "git/command.h"

namespace nightjar::git {

class Attributes {
 public:
  /// Those of one commit. Costs one `ls-tree` where it has none.
  Attributes(const std::filesystem::path& git_dir, std::string_view commit, const std::vector<std::string>& all_paths);

  /// Which of these paths are converted.
  std::set<std::string> converted(const std::vector<std::string>& paths) const;
  /// Work tree bytes to a blob in the object store; its id.
  std::string clean(const std::string& path, std::string content) const;
  /// A blob to work tree bytes.
  std::string smudge(const std::string& path, const std::string& blob) const;

 private:
  Git git_;
  TempDir scratch_;
  bool any_ = false;
};

}  // namespace nightjar::git
