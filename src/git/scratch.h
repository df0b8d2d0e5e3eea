// Short-lived folders beside a mirror: what a killed process left there is swept by a later one.
#pragma once

#include <filesystem>

#include "base/file.h"

namespace nightjar::git {

class Scratch {
 public:
  /// In `<git_dir>/scratch`, a git directory of ours.
  explicit Scratch(const std::filesystem::path& git_dir);
  ~Scratch() { remove_tree(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace nightjar::git
