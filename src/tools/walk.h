// A walk over the files of a tree that git, and the person, let be seen.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/file.h"

namespace nightjar::tools {

struct WalkedFolder {
  Fd fd;
  std::string path;  ///< relative to the root, "" or with a slash at its end
};

struct WalkedFile {
  std::shared_ptr<const WalkedFolder> folder;
  std::string name;
  bool link = false;
  std::string path() const { return folder->path + name; }
};

/// Calls `visit` for each file at or below `inside` (relative to `root`, "" for all of it) in order
/// of names, but for what .gitignore, .git/info/exclude, .ignore and the ignore files of other
/// agents at the root leave out. Links are not followed; `.git` is left out. False from `visit`
/// ends the walk. What cannot be read is passed over.
void walk(const fs::path& root, const std::string& inside,
          const std::function<bool(WalkedFile&&)>& visit);

/// The same with paths relative to `root`.
void walk_files(const fs::path& root, const std::string& inside,
                const std::function<bool(const std::string&)>& visit);

}  // namespace nightjar::tools
