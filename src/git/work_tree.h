// The person's work trees: which there are, what in them a move would overwrite, and taking half of
// one back.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "git/command.h"
#include "git/objects.h"

namespace nightjar::git {

struct WorkTree {
  std::filesystem::path folder;
  std::string branch;  ///< empty where its head is detached
  bool missing = false;
  bool locked = false;  ///< against pruning: it may come back
};
std::vector<WorkTree> work_trees(const std::filesystem::path& repository);

struct Flags {
  std::set<std::string, std::less<>> assumed;  ///< assume-unchanged
  std::set<std::string, std::less<>> skipped;  ///< outside of a sparse checkout
};
Flags flags_of(const Git& work_tree);

/// Untracked (also ignored) files at the places of added ones. REQUIRES: the index is where the
/// changes start.
std::vector<std::string> in_the_way(const std::filesystem::path& folder,
                                    const std::vector<TreeChange>& changes);

/// Puts back from the index those files that hold what `to` has there, or a beginning of it, or are
/// missing: an update to `to` was interrupted. Others are left alone: somebody edited them since.
void restore(const std::filesystem::path& mirror, const Git& work_tree,
             const std::filesystem::path& folder, const std::vector<TreeChange>& changes,
             const std::string& to);

}  // namespace nightjar::git
