#include "git/follow.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/digest.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/text.h"
#include "git/lock.h"
#include "git/person.h"
#include "git/work_tree.h"

namespace nightjar::git {

namespace {

fs::path note_of(const Mirror& mirror, std::string_view branch) {
  return mirror.path() / ("moving-" + sha256(branch).substr(0, 16));
}

}  // namespace

std::optional<Interrupted> interrupted_move(const Mirror& mirror, std::string_view branch) {
  const auto text = try_read_file(note_of(mirror, branch), 4096);
  if (!text) return std::nullopt;
  const auto words = split(trimmed(*text), ' ');
  if (words.size() != 3) return std::nullopt;
  return Interrupted{words[0], words[1], words[2]};
}

Follow::Follow(const Mirror& mirror, fs::path repository, Move move, std::string merged)
    : mirror_(mirror),
      repository_(std::move(repository)),
      git_dir_(common_git_dir(repository_)),
      move_(std::move(move)),
      merged_(std::move(merged)),
      note_(note_of(mirror, move_.branch)) {
  if (move_.from.empty()) return;
  const auto before = interrupted_move(mirror_, move_.branch);
  resumed_ = before && before->from == move_.from && before->to == move_.to;
  std::error_code failed;
  if (resumed_) began_ = fs::last_write_time(note_, failed);
  if (!resumed_ || failed) began_ = fs::file_time_type::max();
  find_trees();
  if (!trees_.empty()) changes_ = tree_changes({.git_dir = mirror_.path()}, move_.from, move_.to);
}

void Follow::find_trees() {
  for (const auto& tree : work_trees(repository_)) {
    if (tree.branch != move_.branch) continue;
    if (!tree.missing) {
      trees_.push_back({tree.folder, in_work_tree(tree.folder)});
    } else if (tree.locked) {
      unreachable_ = tree.folder.string();
    }
  }
}

std::string Follow::folders() const {
  std::vector<std::string> names;
  for (const auto& tree : trees_) names.push_back(tree.folder.string());
  return join(names, ", ");
}

// Something of the person's is under way with this branch, in whatever work tree.
std::string Follow::why_busy(const fs::path& git_dir) const {
  for (const char* name : {"rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START"}) {
    const std::string text = trimmed(try_read_file(git_dir / name, 4096).value_or(""));
    if (text == "refs/heads/" + move_.branch || text == move_.branch) {
      return "a rebase or bisect of " + inert(move_.branch) + " is under way (" +
             inert((git_dir / name).string()) + "): finish or abort it first";
    }
  }
  return "";
}

std::string Follow::why_not() {
  if (!unreachable_.empty()) {
    return "the work tree " + inert(unreachable_) + " has " + inert(move_.branch) +
           " checked out, and cannot be reached now";
  }
  std::vector<fs::path> git_dirs{git_dir_};
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(git_dir_ / "worktrees", ignored)) {
    git_dirs.push_back(entry.path());
  }
  for (const auto& git_dir : git_dirs) {
    if (std::string reason = why_busy(git_dir); !reason.empty()) return reason;
  }
  for (auto& tree : trees_) {
    if (const std::string reason = why_not(tree); !reason.empty()) {
      return "the work tree " + inert(tree.folder.string()) + " has " + inert(move_.branch) +
             " checked out, and " + reason;
    }
  }
  return "";
}

std::string Follow::why_not(Tree& tree) {
  const fs::path git_dir = trimmed(output(tree.git, {"rev-parse", "--absolute-git-dir"}));
  std::error_code ignored;
  for (const char* sign : {"rebase-merge", "rebase-apply", "MERGE_HEAD", "CHERRY_PICK_HEAD",
                           "REVERT_HEAD", "BISECT_LOG"}) {
    if (fs::exists(git_dir / sign, ignored)) {
      return "a merge, rebase, cherry-pick or bisect is under way there: finish or abort it first";
    }
  }
  const fs::path lock = git_dir / "index.lock";
  if (!outwait_git_lock(lock, began_)) {
    return "another git is at work there; if none is, a killed one left its lock behind: rm " +
           shell_quoted(lock.string());
  }
  if (resumed_) take_back_half(tree);
  if (tree.followed) return "";
  git::run(tree.git, {"update-index", "-q", "--refresh"});
  const std::string status =
      output(tree.git, {"status", "--porcelain=v1", "-z", "--ignore-submodules=all",
                        "--untracked-files=no", "--no-renames"});
  if (const auto count = std::ranges::count(status, '\0'); count > 0) {
    return "it holds " + count_of(static_cast<size_t>(count), "change") +
           " of yours that are not committed: commit or stash them first (git -C " +
           shell_quoted(tree.folder.string()) + " stash)";
  }
  if (std::string reason = why_not_converted(tree); !reason.empty()) return reason;
  return why_not_overwritten(tree);
}

std::string Follow::why_not_overwritten(const Tree& tree) const {
  const Flags flags = flags_of(tree.git);
  std::vector<std::string> found;
  for (const auto& entry : changes_) {
    if (flags.assumed.contains(entry.path)) {
      return "'" + inert(entry.path) + "' is marked there as unchanged whatever it holds: " +
             "git update-index --no-assume-unchanged " + shell_quoted(inert(entry.path));
    }
  }
  for (const auto& path : in_the_way(tree.folder, changes_)) found.push_back(inert(path));
  if (found.empty()) return "";
  constexpr size_t kMostShown = 10;
  const size_t all = found.size();
  if (all > kMostShown) found.resize(kMostShown);
  return count_of(all, "untracked file") + " there would be overwritten: " + join(found, ", ") +
         (all > kMostShown ? ", …" : "") + ". Move them away first";
}

// A filter (LFS, git-crypt) would be a program: where the move touches its files, the person's own
// git does it.
std::string Follow::why_not_converted(const Tree& tree) const {
  std::set<std::string> drivers;
  for (const auto& [key, value] : tree.git.settings) {  // filter.NAME.clean
    if (key.starts_with("filter.")) drivers.insert(key.substr(7, key.rfind('.') - 7));
  }
  if (drivers.empty()) return "";
  std::string input;
  for (const auto& entry : changes_) {
    input += entry.path;
    input += '\0';
  }
  if (input.empty()) return "";
  const auto said = fields(output(tree.git, {"check-attr", "-z", "--stdin", "filter"}, input));
  for (size_t i = 0; i + 2 < said.size(); i += 3) {
    if (!drivers.contains(said[i + 2])) continue;
    return "'" + inert(said[i]) + "' goes through the filter '" + inert(said[i + 2]) +
           "' there, a program that Nightjar does not run. Merge with your own git: git -C " +
           shell_quoted(tree.folder.string()) + " merge " + shell_quoted(merged_);
  }
  return "";
}

// After a crash, or a failure in the middle: the index says `from` still, and some of the files are
// written.
void Follow::take_back_half(Tree& tree) {
  if (git::run(tree.git, {"diff-index", "--cached", "--quiet", "--ignore-submodules=all", move_.to})
          .exit_status == 0) {
    tree.followed = true;
    return;
  }
  restore(mirror_.path(), tree.git, tree.folder, changes_, move_.to);
}

void Follow::note() {
  write_durably(note_, move_.from + " " + move_.to + " " + merged_ + "\n", 0600);
}

void Follow::forget_note() {
  std::error_code ignored;
  fs::remove(note_, ignored);
}

// By git's own protocol, which finds out what is missing there; no ref is made, so no lock can be
// left behind.
void Follow::bring_objects() const {
  const Git theirs = in_repository(repository_);
  const auto result =
      git::run(theirs, {"fetch-pack", "-q",
                        "--upload-pack=" + hardened_command("upload-pack", theirs.settings),
                        mirror_.path().string(), move_.to});
  if (result.exit_status != 0) {
    throw_failed("fetch-pack into " + inert(repository_.string()), result);
  }
}

// read-tree looks at everything before it touches anything; what can still fail in the middle is
// the disk.
std::string Follow::move_files(Tree& tree) {
  const auto result = git::run(tree.git, {"read-tree", "-m", "-u", move_.from, move_.to});
  if (result.exit_status == 0) {
    tree.followed = true;
    return "";
  }
  take_back_half(tree);
  return inert(trimmed(result.err), true);
}

void Follow::take_back() {
  for (auto& tree : trees_) {
    if (!tree.followed) continue;
    output(tree.git, {"read-tree", "-m", "-u", move_.to, move_.from});
    tree.followed = false;
  }
  forget_note();
}

Follow::Ended Follow::run() {
  bring_objects();
  if (!trees_.empty()) note();
  fault_point("merge_noted");
  for (auto& tree : trees_) {
    if (tree.followed) continue;
    if (const std::string reason = move_files(tree); !reason.empty()) {
      take_back();
      throw Error(ErrorKind::Conflict, "the work tree " + inert(tree.folder.string()) +
                                           " could not follow, and is as it was: " + reason);
    }
  }
  fault_point("merge_files_moved");
  Git theirs = in_repository(repository_);
  theirs.env["GIT_COMMITTER_NAME"] = move_.author.name;
  theirs.env["GIT_COMMITTER_EMAIL"] = move_.author.mail;
  const std::string ref = "refs/heads/" + move_.branch;
  proc::Result moved;
  for (int tries = 0; tries < 2; ++tries) {
    moved = git::run(theirs, {"update-ref", "-m", move_.why, ref, move_.to, move_.from});
    if (moved.exit_status == 0) {
      fault_point("merge_ref_moved");
      forget_note();
      return Ended::Moved;
    }
    if (branch_head(repository_, move_.branch) != move_.from) break;
    if (!outwait_git_lock(git_dir_ / (ref + ".lock"), began_)) break;
  }
  take_back();
  if (branch_head(repository_, move_.branch) != move_.from) return Ended::Elsewhere;
  throw Error(ErrorKind::Conflict, "the branch " + inert(move_.branch) +
                                       " could not be moved: " + inert(trimmed(moved.err), true));
}

}  // namespace nightjar::git
