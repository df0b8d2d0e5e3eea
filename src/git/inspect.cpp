#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"
#include "git/command.h"
#include "git/repository.h"

namespace nightjar::git {

namespace {

std::string user_name(uid_t uid) {
  const passwd* entry = ::getpwuid(uid);
  return entry ? entry->pw_name : "uid " + std::to_string(uid);
}

struct InUse {
  fs::path folder;
  Git git;
  std::string ask(const std::vector<std::string>& args) const {
    std::vector<std::string> all{"-C", folder.string()};
    all.insert(all.end(), args.begin(), args.end());
    const auto result = run(git, all);
    return result.exit_status == 0 ? trimmed(result.out) : "";
  }
};

std::string not_a_repository(const fs::path& folder, const std::string& words) {
  if (words.find("dubious ownership") == std::string::npos) {
    return "there is no git repository at " + inert(folder.string()) + " or above it";
  }
  // git's own rule: the owner of the folder is somebody else.
  fs::path at = folder;
  std::error_code ignored;
  while (at.has_relative_path() && !fs::exists(at / ".git", ignored) && !fs::exists(at / "HEAD", ignored)) at = at.parent_path();
  struct stat info {};
  const std::string owner = ::stat(at.c_str(), &info) == 0 ? user_name(info.st_uid) : "somebody else";
  return "the repository " + inert(at.string()) + " is owned by " + owner + ", not by " + user_name(::geteuid()) +
         "; run as its owner: sudo -u " + owner + " nightjar assign ...";
}

std::string person_of(const InUse& repository) {
  // Reading settings executes nothing; the person's own global file counts too.
  InUse mine = repository;
  mine.git.env["GIT_CONFIG_GLOBAL"] = (home_folder() / ".gitconfig").string();
  const std::string name = mine.ask({"config", "--get", "user.name"});
  const std::string mail = mine.ask({"config", "--get", "user.email"});
  if (name.empty() || mail.empty()) return "";
  return inert(name) + " <" + inert(mail) + ">";
}

}  // namespace

std::expected<Inspection, std::string> inspect(const fs::path& folder, std::string_view base) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) return std::unexpected("there is no folder " + inert(folder.string()));
  Inspection out;
  InUse repository{folder, {}};
  // A person may have told git to trust a folder; that is read from his settings alone.
  repository.git.env["GIT_CONFIG_GLOBAL"] = (home_folder() / ".gitconfig").string();
  if (const char* test = std::getenv("GIT_TEST_ASSUME_DIFFERENT_OWNER")) repository.git.env["GIT_TEST_ASSUME_DIFFERENT_OWNER"] = test;
  const auto first = run(repository.git, {"-C", folder.string(), "rev-parse", "--path-format=absolute", "--is-bare-repository",
                                          "--git-common-dir", "--absolute-git-dir"});
  if (first.exit_status != 0) return std::unexpected(not_a_repository(folder, first.err));
  const auto answers = split(trimmed(first.out), '\n');
  if (answers.size() != 3) return std::unexpected("git gave an answer that was not expected for " + inert(folder.string()));
  out.git_dir = answers[1];
  out.bare = answers[0] == "true";
  const std::string top = out.bare ? "" : repository.ask({"rev-parse", "--show-toplevel"});
  if (!out.bare && top.empty()) return std::unexpected(inert(folder.string()) + " is inside a .git folder; go to the work tree");
  out.root = out.bare ? out.git_dir : fs::path(top);
  if (::access(out.git_dir.c_str(), W_OK) != 0 || ::access((out.git_dir / "refs").c_str(), W_OK) != 0 ||
      ::access((out.git_dir / "objects").c_str(), W_OK) != 0) {
    return std::unexpected("the repository " + inert(out.git_dir.string()) + " cannot be written by " + user_name(::geteuid()) +
                           ": the finished branch could not be put there");
  }
  out.branch = repository.ask({"symbolic-ref", "-q", "--short", "HEAD"});
  out.detached = out.branch.empty();
  if (repository.ask({"rev-list", "-n", "1", "--all", "HEAD"}).empty() && repository.ask({"rev-parse", "-q", "--verify", "HEAD"}).empty()) {
    return std::unexpected("the repository " + inert(out.root.string()) + " has no commit yet: commit something first");
  }
  const std::string wanted = !base.empty() ? std::string(base) : out.detached ? "HEAD" : out.branch;
  if (wanted.starts_with('-') || has_control_characters(wanted)) return std::unexpected("'" + inert(wanted) + "' is no ref");
  // A branch of that name comes first: that is what is merged into.
  out.base_commit = repository.ask({"rev-parse", "-q", "--verify", "refs/heads/" + wanted + "^{commit}"});
  const bool is_branch = !out.base_commit.empty();
  if (!is_branch) out.base_commit = repository.ask({"rev-parse", "-q", "--verify", wanted + "^{commit}"});
  if (out.base_commit.empty()) {
    return std::unexpected("there is no branch or commit '" + inert(wanted) + "' in " + inert(out.root.string()) +
                           "; the branches are listed by: git branch --all");
  }
  out.base = wanted == "HEAD" && !is_branch ? out.base_commit : wanted;
  if (!is_branch) out.detached = true;
  if (is_branch && !base.empty()) out.detached = false;
  if (!out.bare) {
    const auto status = run(repository.git, {"-C", out.root.string(), "status", "--porcelain=v1", "-z", "--ignore-submodules=all", "--no-renames", "--untracked-files=normal"});
    for (size_t at = 0; (at = status.out.find('\0', at)) != std::string::npos; ++at) ++out.uncommitted;
  }
  out.person = person_of(repository);
  return out;
}

}  // namespace nightjar::git
