// Patterns of file names, as gitignore(5) and ripgrep's --glob read them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nightjar::tools {

/// A path whose components are taken apart once, where a pattern asks for them at all.
class SplitPath {
 public:
  explicit SplitPath(std::string_view path)
      : path_(path), name_(path.substr(path.rfind('/') + 1)) {}
  std::string_view path() const { return path_; }
  std::string_view name() const { return name_; }
  const std::vector<std::string_view>& parts() const;

 private:
  std::string_view path_, name_;
  mutable std::vector<std::string_view> parts_;
};

/// One pattern: `*` and `?` do not cross a slash, `**` does; at its end it stands for what lies
/// below, not for the folder. Without a slash it is for a name at any depth.
class Glob {
 public:
  explicit Glob(std::string_view pattern);
  /// The whole path.
  bool matches(const SplitPath& path) const;
  /// The path, or a folder above it.
  bool holds(const SplitPath& path) const;
  /// Whether its last component is a name.
  bool is_name() const;

 private:
  bool matches_name_of(std::string_view name) const;
  /// Most patterns are a name or an ending, wherever it lies: nothing is walked for these.
  enum class Kind { Name, Ending, NamePattern, Path } kind_ = Kind::Name;
  std::string text_;                ///< a name, an ending, a pattern of one component
  std::vector<std::string> parts_;  ///< a pattern's components
};

/// What a search is narrowed to: patterns between commas or blanks, with alternatives in braces;
/// `!` before one takes away. The last that matches decides; where all take away, the rest stays.
class Globs {
 public:
  explicit Globs(std::string_view text);
  bool empty() const { return globs_.empty(); }
  bool matches(const SplitPath& path) const;

 private:
  struct One {
    Glob glob;
    bool away = false;
  };
  std::vector<One> globs_;
  bool only_away_ = true;
};

bool glob_matches(std::string_view pattern, std::string_view path);

}  // namespace nightjar::tools
