// Writing into the person's repository.
#include "base/error.h"
#include "base/text.h"
#include "git/follow.h"
#include "git/lock.h"
#include "git/person.h"
#include "git/repository.h"

namespace nightjar::git {

namespace {

constexpr int kMostTries = 3;

bool push(const Mirror& mirror, const fs::path& repository, const std::string& ref,
          std::string_view commit, std::string_view expected) {
  const Git theirs = in_repository(repository);
  const std::string branch = ref.substr(11);
  for (int tries = 1;; ++tries) {
    const auto result = run({.git_dir = mirror.path(), .settings = theirs.settings},
                            {"push", "-q", "--no-verify", "--no-signed",
                             "--force-with-lease=" + ref + ":" + std::string(expected),
                             "--receive-pack=" + hardened_command("receive-pack", theirs.settings),
                             repository.string(), std::string(commit) + ":" + ref});
    const auto head = branch_head(repository, branch);
    if (head == commit) return true;
    if (head.value_or("") != expected) return false;
    if (result.err.find("cannot create") != std::string::npos) {
      throw Error(ErrorKind::Conflict, "the branch " + inert(branch) +
                                           " cannot be made: another branch is in the way, " +
                                           "probably one called '" +
                                           inert(branch.substr(0, branch.find('/'))) +
                                           "'. Rename that one (git branch -m)");
    }
    // The branch is ours by name: a lock that stands there was left by a git of ours that was
    // killed.
    const fs::path lock = common_git_dir(repository) / (ref + ".lock");
    if (tries == kMostTries || !outwait_git_lock(lock, fs::file_time_type::min())) {
      throw_failed("push to " + inert(repository.string()), result);
    }
  }
}

}  // namespace

std::optional<std::string> branch_head(const fs::path& repository, std::string_view branch) {
  const auto result = run(in_repository(repository),
                          {"rev-parse", "-q", "--verify", "refs/heads/" + std::string(branch)});
  if (result.exit_status == 0) return trimmed(result.out);
  if (!trimmed(result.err).empty()) throw_failed("rev-parse", result);
  return std::nullopt;
}

bool publish(const Mirror& mirror, const fs::path& repository, std::string_view branch,
             std::string_view commit, std::string_view expected) {
  const auto head = branch_head(repository, branch);
  if (head == commit) return true;
  if (head.value_or("") != expected) return false;
  const std::string ref = "refs/heads/" + std::string(branch);
  Follow follow(mirror, repository,
                {std::string(branch), std::string(expected), std::string(commit), "nightjar", {}},
                std::string(commit));
  if (follow.none()) return push(mirror, repository, ref, commit, expected);
  // The person looks at the branch: the files there follow.
  if (const std::string reason = follow.why_not(); !reason.empty()) {
    throw Error(ErrorKind::Conflict, "the branch could not be published: " + reason);
  }
  return follow.run() == Follow::Ended::Moved;
}

}  // namespace nightjar::git
