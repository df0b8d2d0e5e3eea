#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "forge/local.h"
#include "git/command.h"
#include "git/conversions.h"
#include "git/follow.h"
#include "git/lock.h"

namespace nightjar::forge {

namespace {

constexpr size_t kMostShown = 20;

std::unexpected<MergeRefused> refuse(std::string reason, std::vector<std::string> conflicts = {}) {
  return std::unexpected(MergeRefused{std::move(reason), std::move(conflicts)});
}

std::string shown(std::vector<std::string> paths) {
  const bool cut = paths.size() > kMostShown;
  if (cut) paths.resize(kMostShown);
  for (auto& path : paths) path = inert(path);
  return join(paths, ", ") + (cut ? ", …" : "");
}

class Merge {
 public:
  Merge(const git::Mirror& mirror, const fs::path& repository, const MergeRequest& request)
      : mirror_(mirror),
        repository_(repository),
        request_(request),
        git_{.git_dir = mirror.path()} {}

  std::expected<Merged, MergeRefused> run() {
    const auto into = git::branch_head(repository_, request_.into);
    if (!into) {
      return refuse("there is no branch '" + inert(request_.into) +
                    "' to merge into: name one with --into BRANCH");
    }
    base_ = mirror_.fetch(*into);
    if (!mirror_.has_commit(request_.head_commit)) mirror_.fetch(request_.head_commit);
    // A merge that a crash interrupted goes on with the commit it had made.
    if (const auto before = git::interrupted_move(mirror_, request_.into);
        before && before->merged == request_.head_commit && mirror_.has_commit(before->to)) {
      if (before->to == base_) return Merged{base_, true, finished(before->from, before->to)};
      if (before->from == base_) return put(before->to);
    }
    if (is_ancestor(request_.head_commit, base_)) return Merged{base_, true, ""};
    const auto head = git::branch_head(repository_, request_.branch);
    if (head != request_.head_commit) return refuse(branch_moved(head.has_value()));
    const auto made = make_commit();
    if (!made) return std::unexpected(made.error());
    if (made->empty()) return Merged{base_, true, ""};
    return put(*made);
  }

 private:
  std::string branch_moved(bool exists) const {
    return "the branch " + inert(request_.branch) +
           (exists ? " is not at the commit that was proved" : " is not there any more") + " (" +
           request_.head_commit.substr(0, 12) +
           "), so what would be merged has no proof. Put it back " + "with: git branch -f " +
           shell_quoted(request_.branch) + " " + request_.head_commit +
           ", or merge by hand what is there";
  }

  bool is_ancestor(const std::string& one, const std::string& of) const {
    return git::run(git_, {"merge-base", "--is-ancestor", one, of}).exit_status == 0;
  }

  std::string tree_of(const std::string& commit) const {
    return trimmed(git::output(git_, {"rev-parse", commit + "^{tree}"}));
  }

  // Empty: `into` has all of it already (squashed, or picked).
  std::expected<std::string, MergeRefused> make_commit() const {
    const bool straight = is_ancestor(base_, request_.head_commit);
    const bool may_be_straight =
        request_.method == MergeMethod::FastForward || request_.method == MergeMethod::Auto;
    if (straight && may_be_straight) return request_.head_commit;
    if (request_.method == MergeMethod::FastForward) {
      return refuse(inert(request_.into) + " has moved on since, so it cannot be fast-forwarded: " +
                    "merge with --method merge or --method squash");
    }
    const auto tree = merged_tree();
    if (!tree) return std::unexpected(tree.error());
    if (*tree == tree_of(base_)) return "";
    std::vector<std::string> args{"commit-tree", *tree, "-p", base_};
    const bool squash = request_.method == MergeMethod::Squash;
    if (!squash) args.insert(args.end(), {"-p", request_.head_commit});
    git::Git git = git_;
    for (const std::string role : {"GIT_AUTHOR", "GIT_COMMITTER"}) {
      git.env[role + "_NAME"] = request_.author.name;
      git.env[role + "_EMAIL"] = request_.author.mail;
    }
    const std::string title =
        squash ? request_.title : "Merge " + request_.branch + ": " + request_.title;
    return trimmed(git::output(git, args,
                               shortened(inert(trimmed(title)), 200) + "\n\n" +
                                   inert(trimmed(request_.message), true) + "\n"));
  }

  std::expected<std::string, MergeRefused> merged_tree() const {
    // `merge=union` and the like are read from a work tree, so one that holds nothing else is made.
    const git::RuleFiles rules(mirror_.path(), base_, mirror_.paths(base_));
    const auto merged = git::run(rules.git(), {"merge-tree", "--write-tree", "--name-only", "-z",
                                               "--no-messages", base_, request_.head_commit});
    if (merged.exit_status > 1) {
      if (merged.err.find("unrelated histories") == std::string::npos) {
        git::throw_failed("merge-tree", merged);
      }
      return refuse("the histories of " + inert(request_.into) + " and " + inert(request_.branch) +
                    " have nothing in common here (a shallow clone?): git fetch --unshallow, then "
                    "merge again");
    }
    auto parts = git::fields(merged.out);  // the tree, then the files in conflict
    if (merged.exit_status == 0) return parts.at(0);
    std::vector<std::string> conflicts;
    for (size_t i = 1; i < parts.size() && !parts[i].empty(); ++i) conflicts.push_back(parts[i]);
    return refuse("it conflicts with " + inert(request_.into) + " in " +
                      count_of(conflicts.size(), "file") + ": " + shown(conflicts) +
                      ". Merge it by hand (git switch " + shell_quoted(request_.into) +
                      " && git merge " + shell_quoted(request_.branch) +
                      "), or assign the ticket anew on today's " + inert(request_.into),
                  conflicts);
  }

  git::Follow follow(const std::string& from, const std::string& to) const {
    return {mirror_,
            repository_,
            {request_.into, from, to, "nightjar: merge " + request_.branch, request_.author},
            request_.head_commit};
  }

  std::expected<Merged, MergeRefused> put(const std::string& commit) const {
    git::Follow move = follow(base_, commit);
    if (std::string reason = move.why_not(); !reason.empty()) return refuse(std::move(reason));
    try {
      if (move.run() == git::Follow::Ended::Elsewhere) {
        return refuse(inert(request_.into) +
                      " was moved by somebody else at this moment: try again");
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::Conflict) throw;
      return refuse(error.what());
    }
    return Merged{commit, false, move.folders()};
  }

  // The ref had moved before the crash, and before it the files.
  std::string finished(const std::string& from, const std::string& to) const {
    git::Follow move = follow(from, to);
    move.forget_note();
    return move.folders();
  }

  const git::Mirror& mirror_;
  const fs::path& repository_;
  const MergeRequest& request_;
  git::Git git_;
  std::string base_;
};

}  // namespace

std::expected<Merged, MergeRefused> merge(const git::Mirror& mirror, const fs::path& repository,
                                          const MergeRequest& request) {
  const FileLock alone = git::wait_for_lock(mirror.path().string() + ".merging.lock");
  return Merge(mirror, repository, request).run();
}

}  // namespace nightjar::forge
