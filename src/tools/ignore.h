// Which files git would not see, as gitignore(5) says.
#pragma once

#include <string_view>
#include <vector>

#include "tools/glob.h"

namespace nightjar::tools {

/// The rules of one .gitignore, or of a file of its kind.
class IgnoreFile {
 public:
  explicit IgnoreFile(std::string_view text);
  enum class Verdict { Unsaid, Ignored, Kept };
  bool empty() const { return rules_.empty(); }
  /// The path is relative to the folder of the file, without a leading slash.
  Verdict of(const SplitPath& path, bool folder) const;
  Verdict of(std::string_view path, bool folder) const { return of(SplitPath(path), folder); }

 private:
  struct Rule {
    Glob glob;
    bool kept = false, folders_only = false;
  };
  std::vector<Rule> rules_;
};

}  // namespace nightjar::tools
