// Which files git would not see, as gitignore(5) says, and a walk over those that it would.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace nightjar::tools {

/// The rules of one .gitignore.
class IgnoreFile {
 public:
  explicit IgnoreFile(std::string_view text);
  enum class Verdict { Unsaid, Ignored, Kept };
  /// `path` is relative to the folder of the file, without a leading slash.
  Verdict of(std::string_view path, bool folder) const;

 private:
  struct Rule {
    std::string pattern;
    bool kept = false, folders_only = false;
  };
  std::vector<Rule> rules_;
};

/// A glob as in gitignore: `*` and `?` do not cross a slash, `**` does.
bool glob_matches(std::string_view pattern, std::string_view path);

/// Calls `visit` for each file that git would see at or below `inside` (relative to `root`, "" for
/// all of it), with its path relative to `root`, in order of names. Links are not followed; `.git`
/// is left out. False from `visit` ends the walk. What cannot be read is passed over.
void walk_files(const std::filesystem::path& root, const std::string& inside,
                const std::function<bool(const std::string&)>& visit);

}  // namespace nightjar::tools
