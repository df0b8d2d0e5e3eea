// The person's work trees that show a branch, and how they follow when the branch moves: files
// first, then the ref, so that nothing is half done. A note beside the mirror says what is under
// way; after a crash the same move starts from where it was left.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "git/command.h"
#include "git/objects.h"
#include "git/repository.h"

namespace nightjar::git {

/// One move of a branch in the person's repository.
struct Move {
  std::string branch;
  std::string from;  ///< full id; empty: the branch is new
  std::string to;
  std::string why;  ///< for the reflog
  Author author;    ///< for the reflog
};

/// A move that a crash may have interrupted.
struct Interrupted {
  std::string from, to, merged;
};
std::optional<Interrupted> interrupted_move(const Mirror& mirror, std::string_view branch);

class Follow {
 public:
  /// `merged`: what the move brings in, to recognise it after a crash.
  Follow(const Mirror& mirror, std::filesystem::path repository, Move move, std::string merged);

  /// Why the branch cannot be moved, with the way out; empty: it can. Finishes or takes back what a
  /// crash left half done, touches nothing otherwise.
  std::string why_not();
  /// Moves files and the branch. `Elsewhere`: somebody moved the branch. Throws Error(Conflict)
  /// where a work tree or a lock is in the way. In both cases everything is as it was.
  enum class Ended { Moved, Elsewhere };
  Ended run();

  /// No work tree has it checked out.
  bool none() const { return trees_.empty(); }
  /// Folders of the work trees.
  std::string folders() const;
  /// After the end of a move that a crash kept from saying so.
  void forget_note();

 private:
  struct Tree {
    std::filesystem::path folder;
    Git git;
    bool followed = false;  ///< its index and files are at `to`
  };

  void find_trees();
  std::string why_busy(const std::filesystem::path& git_dir) const;
  std::string why_not(Tree& tree);
  std::string why_not_overwritten(const Tree& tree) const;
  std::string why_not_converted(const Tree& tree) const;
  void take_back_half(Tree& tree);
  void take_back();
  void bring_objects() const;
  std::string move_files(Tree& tree);
  void note();

  const Mirror& mirror_;
  std::filesystem::path repository_;
  std::filesystem::path git_dir_;  ///< the common one
  Move move_;
  std::string merged_;
  std::filesystem::path note_;
  bool resumed_ = false;
  std::filesystem::file_time_type began_;
  std::vector<Tree> trees_;
  std::string unreachable_;
  std::vector<TreeChange> changes_;
};

}  // namespace nightjar::git
