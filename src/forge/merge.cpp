#include <algorithm>

#include "base/error.h"
#include "base/fault.h"
#include "base/text.h"
#include "base/time.h"
#include "forge/local.h"
#include "git/command.h"

namespace nightjar::forge {

namespace {

using git::Git;

struct WorkTree {
  fs::path folder;
  std::string branch;
};

std::vector<WorkTree> work_trees(const fs::path& repository) {
  std::vector<WorkTree> out;
  const std::string text = git::output({}, {"-C", repository.string(), "worktree", "list", "--porcelain", "-z"});
  for (const auto& field : split(text, '\0')) {
    if (field.starts_with("worktree ")) out.push_back({field.substr(9), ""});
    if (field.starts_with("branch refs/heads/") && !out.empty()) out.back().branch = field.substr(18);
    if (field == "bare" && !out.empty()) out.pop_back();
  }
  return out;
}

fs::path git_dir_of(const fs::path& folder) {
  return trimmed(git::output({}, {"-C", folder.string(), "rev-parse", "--absolute-git-dir"}));
}

// Why the work tree cannot follow; empty: it can. Looks through git at the person's own tree, with his
// filters and monitors off.
std::string why_not(const fs::path& folder) {
  const fs::path git_dir = git_dir_of(folder);
  std::error_code ignored;
  for (const char* sign : {"rebase-merge", "rebase-apply", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG"}) {
    if (fs::exists(git_dir / sign, ignored)) return "a merge, rebase or bisect is under way there; finish or abort it first";
  }
  const std::string status = git::output({}, {"-C", folder.string(), "status", "--porcelain=v1", "-z", "--ignore-submodules=all", "--untracked-files=no", "--no-renames"});
  const auto changed = std::ranges::count(status, '\0');
  if (changed > 0) return count_of(static_cast<size_t>(changed), "change") + " there would be lost; commit or stash them first";
  return "";
}

class Merge {
 public:
  Merge(const git::Mirror& mirror, fs::path repository, const MergeRequest& request)
      : mirror_(mirror), repository_(std::move(repository)), request_(request) {}

  std::expected<Merged, MergeRefused> run() {
    const auto into = git::branch_head(repository_, request_.into);
    if (!into) return refuse("there is no branch '" + inert(request_.into) + "' to merge into; name one with --into BRANCH");
    base_ = *into;
    mirror_.fetch(base_);
    if (is_ancestor(request_.head_commit, base_)) return Merged{base_, true, ""};
    const auto head = git::branch_head(repository_, request_.branch);
    if (head != request_.head_commit) {
      return refuse("the branch " + inert(request_.branch) + " is not at the commit that was proved (" + request_.head_commit.substr(0, 12) +
                    "): somebody moved or removed it. Put it back with: git branch -f " + shell_quoted(request_.branch) + " " + request_.head_commit);
    }
    auto made = make_commit();
    if (!made) return std::unexpected(made.error());
    return put(*made);
  }

 private:
  std::unexpected<MergeRefused> refuse(std::string reason, std::vector<std::string> conflicts = {}) const {
    return std::unexpected(MergeRefused{std::move(reason), std::move(conflicts)});
  }

  bool is_ancestor(const std::string& one, const std::string& of) const {
    return git::run({mirror_.path()}, {"merge-base", "--is-ancestor", one, of}).exit_status == 0;
  }

  std::expected<std::string, MergeRefused> make_commit() {
    const bool straight = is_ancestor(base_, request_.head_commit);
    if (straight && (request_.method == MergeMethod::FastForward || request_.method == MergeMethod::Auto)) return request_.head_commit;
    if (request_.method == MergeMethod::FastForward) {
      return refuse(inert(request_.into) + " has moved on, so it cannot be fast-forwarded; merge with --method merge or --method squash");
    }
    const auto merged = git::run({mirror_.path()}, {"merge-tree", "--write-tree", "--name-only", "-z", "--no-messages", "--allow-unrelated-histories", base_, request_.head_commit});
    if (merged.exit_status > 1) throw Error(ErrorKind::Internal, "git merge-tree failed: " + inert(trimmed(merged.err), true));
    auto parts = split(merged.out, '\0');
    if (merged.exit_status == 1) {
      std::vector<std::string> conflicts;
      for (size_t i = 1; i < parts.size() && !parts[i].empty(); ++i) conflicts.push_back(parts[i]);
      std::vector<std::string> shown;
      for (const auto& path : conflicts) shown.push_back(inert(path));
      return refuse("it conflicts with " + inert(request_.into) + " in: " + join(shown, ", ") +
                        ". Try again on today's base: nightjar cancel this task and assign it anew, or merge " + inert(request_.branch) + " by hand",
                    std::move(conflicts));
    }
    std::vector<std::string> args{"commit-tree", parts.at(0), "-p", base_};
    if (request_.method != MergeMethod::Squash) args.insert(args.end(), {"-p", request_.head_commit});
    Git git{mirror_.path()};
    for (const char* role : {"AUTHOR", "COMMITTER"}) {
      git.env["GIT_" + std::string(role) + "_NAME"] = request_.author.name;
      git.env["GIT_" + std::string(role) + "_EMAIL"] = request_.author.mail;
    }
    const std::string title = request_.method == MergeMethod::Squash ? request_.title : "Merge: " + request_.title;
    return trimmed(git::output(git, args, inert(title) + "\n\n" + inert(request_.message, true)));
  }

  std::expected<Merged, MergeRefused> put(const std::string& commit) {
    bring_objects(commit);
    std::optional<WorkTree> follower;
    for (auto& tree : work_trees(repository_)) {
      if (tree.branch != request_.into) continue;
      if (shows(tree.folder, commit)) {  // followed before a crash that came before the ref moved
        follower = std::move(tree);
        continue;
      }
      if (const std::string reason = why_not(tree.folder); !reason.empty()) {
        return refuse("the work tree " + tree.folder.string() + " has " + inert(request_.into) + " checked out, and " + reason);
      }
      // The files first, then the ref: read-tree refuses before it touches anything where an untracked file
      // would be overwritten, and it can be taken back; a moved ref could not.
      const auto updated = read_tree(tree.folder, base_, commit);
      if (updated.exit_status != 0) {
        return refuse("the work tree " + tree.folder.string() + " cannot follow: " + inert(trimmed(updated.err), true) + " Move those files away first");
      }
      follower = std::move(tree);
    }
    fault_point("merge_files_moved");
    const auto moved = git::run({}, {"-C", repository_.string(), "update-ref", "-m", "nightjar: merge", "refs/heads/" + request_.into, commit, base_});
    if (moved.exit_status != 0) {
      if (follower) read_tree(follower->folder, commit, base_);
      return refuse(inert(request_.into) + " was moved by somebody else at this moment; try again");
    }
    return Merged{commit, false, follower ? follower->folder.string() : ""};
  }

  static bool shows(const fs::path& folder, const std::string& commit) {
    git::run({}, {"-C", folder.string(), "update-index", "-q", "--refresh"});
    return git::run({}, {"-C", folder.string(), "diff-index", "--quiet", "--ignore-submodules=all", commit}).exit_status == 0;
  }

  proc::Result read_tree(const fs::path& folder, const std::string& from, const std::string& to) const {
    git::run({}, {"-C", folder.string(), "update-index", "-q", "--refresh"});
    return git::run({}, {"-C", folder.string(), "read-tree", "-m", "-u", from, to});
  }

  // A merge commit exists in the mirror alone: it is pushed to a name of ours, which then goes away.
  void bring_objects(const std::string& commit) const {
    const std::string ref = "refs/nightjar/merging/" + random_id(12);
    git::output({mirror_.path()}, {"push", "-q", "--no-verify", "--no-signed", "--receive-pack=" + git::hardened_command("receive-pack"),
                                   repository_.string(), commit + ":" + ref});
    git::run({}, {"-C", repository_.string(), "update-ref", "-d", ref});
  }

  const git::Mirror& mirror_;
  fs::path repository_;
  const MergeRequest& request_;
  std::string base_;
};

}  // namespace

std::expected<Merged, MergeRefused> merge(const git::Mirror& mirror, const fs::path& repository, const MergeRequest& request) {
  return Merge(mirror, repository, request).run();
}

}  // namespace nightjar::forge
