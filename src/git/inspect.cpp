#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <future>

#include "base/error.h"
#include "base/text.h"
#include "git/person.h"
#include "git/repository.h"

namespace nightjar::git {

namespace {

std::string without_newline(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

std::string ask(const Git& git, const std::vector<std::string>& args) {
  auto result = run(git, args);
  return result.exit_status == 0 ? without_newline(std::move(result.out)) : "";
}

std::string commit_at(const Git& git, const std::string& name) {
  return ask(git, {"rev-parse", "-q", "--verify", name + "^{commit}"});
}

// git's own rule: the repository's folders must belong to whoever runs it, or be trusted by name.
std::string foreign(const std::string& words, const fs::path& asked) {
  fs::path at = asked;
  const auto open = words.find('\'');
  const auto close = words.find('\'', open + 1);
  if (open != std::string::npos && close != std::string::npos) {
    at = words.substr(open + 1, close - open - 1);
  }
  std::string owner = "somebody else";
  for (const auto& path : {at, at / ".git"}) {
    struct stat info{};
    if (::stat(path.c_str(), &info) == 0) {
      owner = user_name(info.st_uid);
      if (info.st_uid != ::geteuid()) break;
    }
  }
  return "the repository " + inert(at.string()) + " is owned by " + owner + ", and this is " +
         user_name(::geteuid()) + ". Run as its owner: sudo -u " + owner +
         " nightjar ... (or, if you trust it, tell git so: git config --global --add "
         "safe.directory " +
         shell_quoted(inert(at.string())) + ")";
}

std::string why_no_repository(const std::string& words, const fs::path& folder) {
  if (words.find("dubious ownership") != std::string::npos ||
      words.find("unsafe repository") != std::string::npos) {
    return foreign(words, folder);
  }
  if (words.find("not a git repository") != std::string::npos) {
    return "there is no git repository at " + inert(folder.string()) + " or above it";
  }
  return "git cannot read the repository at " + inert(folder.string()) + ": " +
         inert(trimmed(words));
}

std::string why_not_writable(const fs::path& git_dir) {
  std::error_code ignored;
  for (const char* part : {"", "objects", "refs", "refs/heads", "refs/heads/nightjar"}) {
    const fs::path folder = git_dir / part;
    if (fs::exists(folder, ignored) && ::access(folder.c_str(), W_OK | X_OK) != 0) {
      return "the repository cannot be written by " + user_name(::geteuid()) + " (" +
             inert(folder.string()) + "): the finished branch could not be put there";
    }
  }
  return "";
}

int uncommitted_in(const Git& git) {
  const auto status = run(git, {"status", "--porcelain=v1", "-z", "--ignore-submodules=all",
                                "--no-renames", "--untracked-files=normal"});
  return static_cast<int>(std::ranges::count(status.out, '\0'));
}

// The commit the work starts from. A branch of that name comes first: it is what is merged into.
std::string find_base(const Git& git, std::string_view asked, Inspection& out) {
  const std::string wanted = !asked.empty()       ? std::string(asked)
                             : out.branch.empty() ? "HEAD"
                                                  : out.branch;
  if (wanted.starts_with('-') || has_control_characters(wanted) ||
      wanted.find('\n') != std::string::npos) {
    return "'" + inert(wanted) + "' is no branch, tag or commit";
  }
  out.base = wanted;
  out.base_commit = commit_at(git, "refs/heads/" + wanted);
  out.detached = out.base_commit.empty();
  if (out.detached) out.base_commit = commit_at(git, wanted);
  if (!out.base_commit.empty()) {
    if (wanted == "HEAD") out.base = out.base_commit;
    return "";
  }
  const std::string place = inert(out.root.string());
  if (ask(git, {"for-each-ref", "--count=1"}).empty() && commit_at(git, "HEAD").empty()) {
    return "the repository " + place + " has no commit yet: commit something first";
  }
  if (asked.empty()) {
    return "the current branch '" + inert(wanted) + "' of " + place +
           " has no commit yet: commit something first, or name another with --base";
  }
  return "there is no branch, tag or commit '" + inert(wanted) + "' in " + place +
         "; the branches are listed by: git branch --all";
}

}  // namespace

std::expected<Inspection, std::string> inspect(const fs::path& folder, std::string_view base) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) {
    return std::unexpected("there is no folder " + inert(folder.string()));
  }
  // One question for all that git knows of a usual repository, where each answer is a line; else
  // one after the other. None runs a filter, so what turns those off can be found out meanwhile.
  auto settings = std::async(std::launch::async, [&] { return settings_of_person(folder); });
  Git git{.folder = folder, .as_person = true};
  const auto first =
      run(git, {"rev-parse", "--path-format=absolute", "--is-bare-repository", "--git-common-dir",
                "--show-toplevel", "HEAD", "--symbolic-full-name", "HEAD"});
  const auto lines = split(without_newline(first.out), '\n');
  const bool is_usual = first.exit_status == 0 && lines.size() == 5;
  if (lines.size() < 2) return std::unexpected(why_no_repository(first.err, folder));
  Inspection out;
  out.bare = lines[0] == "true";
  out.git_dir =
      is_usual ? lines[1] : ask(git, {"rev-parse", "--path-format=absolute", "--git-common-dir"});
  const std::string top = is_usual   ? lines[2]
                          : out.bare ? ""
                                     : ask(git, {"rev-parse", "--show-toplevel"});
  if (!out.bare && top.empty()) {
    return std::unexpected(inert(folder.string()) +
                           " is inside a git directory: go to the work tree");
  }
  Settings found = settings.get();
  git = std::move(found.git);
  out.person = std::move(found.person);
  out.root = out.bare ? out.git_dir : fs::path(top);
  git.folder = out.root;
  if (std::string reason = why_not_writable(out.git_dir); !reason.empty()) {
    return std::unexpected(std::move(reason));
  }
  out.uncommitted = std::async(std::launch::async, [git, bare = out.bare] {
                      return bare ? 0 : uncommitted_in(git);
                    }).share();
  const std::string head = is_usual ? lines[4] : ask(git, {"symbolic-ref", "-q", "HEAD"});
  if (head.starts_with("refs/heads/")) out.branch = head.substr(11);
  if (is_usual && base.empty() && !out.branch.empty()) {
    out.base = out.branch;
    out.base_commit = lines[3];
  } else if (std::string reason = find_base(git, base, out); !reason.empty()) {
    return std::unexpected(std::move(reason));
  }
  return out;
}

}  // namespace nightjar::git
