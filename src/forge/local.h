// Pull requests for any git repository without a hosting service: Nightjar keeps the pull request
// (its task's events), the user's repository holds the branch. This is the part that touches the
// repository.
#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "core/task.h"
#include "git/repository.h"

namespace nightjar::forge {

enum class MergeMethod {
  FastForward,
  MergeCommit,
  Squash,
  Auto
};  ///< Auto: fast-forward where possible

struct MergeRequest {
  std::string branch;       ///< of the pull request
  std::string head_commit;  ///< what was proved: the branch must still be there
  std::string into;         ///< branch
  MergeMethod method = MergeMethod::Auto;
  std::string title;  ///< for a merge or squash commit
  std::string message;
  git::Author author;  ///< committer of a merge commit
};

struct Merged {
  std::string commit;     ///< what `into` is at now
  bool already = false;   ///< it was merged before (after a crash, or by hand)
  std::string work_tree;  ///< the work tree that followed; empty where none has `into` checked out
};

/// Why a merge did not happen, for the person, with the way out: conflicts (the files), a moved
/// branch, a work tree with changes (its folder; untracked files count only where they would be
/// overwritten).
struct MergeRefused {
  std::string reason;
  std::vector<std::string> conflicts;
};

/// Merges inside the mirror, then moves the ref of the user's repository, then lets the work tree
/// that has it checked out follow. No hook, filter driver or signing runs. Nothing is half done:
/// where a step fails, everything before it is taken back.
std::expected<Merged, MergeRefused> merge(const git::Mirror& mirror,
                                          const std::filesystem::path& repository,
                                          const MergeRequest& request);

/// Markdown with the proof: what, checks before and after, obligations, findings, how it was made.
/// Everything that came from the repository or an agent is escaped.
std::string describe(const core::Task& task, const core::Run& run);

}  // namespace nightjar::forge
