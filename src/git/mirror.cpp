#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "git/lock.h"
#include "git/objects.h"
#include "git/person.h"
#include "git/repository.h"
#include "git/scratch.h"

namespace nightjar::git {

namespace {

bool is_full_id(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Made when everything below the commit has arrived, and never packed.
constexpr auto kTidyEvery = std::chrono::hours(24 * 7);
constexpr std::string_view kBases = "refs/nightjar/base/";
fs::path kept_base(const fs::path& mirror, std::string_view id) {
  return mirror / (std::string(kBases) + std::string(id));
}

// A checkout that was complete when the machine went down may hold files that never reached the
// disk: one of an earlier boot is made anew.
std::string this_boot() { return try_read_file("/proc/sys/kernel/random/boot_id").value_or(""); }

fs::path marker_of(const fs::path& checkouts, std::string_view commit) {
  return checkouts / (std::string(commit) + ".complete");
}

bool is_complete(const fs::path& folder, const fs::path& marker) {
  std::error_code ignored;
  return try_read_file(marker).value_or("?") == this_boot() && fs::is_directory(folder, ignored);
}

// True where the path leads through a link, which git will not follow.
bool is_beyond_a_link(const fs::path& root, std::string_view path) {
  std::error_code ignored;
  for (const auto& folder : folders_above(path)) {
    if (fs::is_symlink(fs::symlink_status(root / folder, ignored))) return true;
  }
  return false;
}

std::string why_no_fetch(const fs::path& source, const std::string& id, const Git& theirs) {
  const std::string place = inert(source.string());
  const auto promisor = run(theirs, {"config", "--get-regexp", "^remote\\..*\\.promisor$"});
  if (promisor.exit_status == 0) {
    return "the repository " + place + " is a partial clone and lacks files of " +
           id.substr(0, 12) + "; fetch them first: git -C " + shell_quoted(source.string()) +
           " fetch --refetch --no-filter";
  }
  return "";
}

}  // namespace

Mirror Mirror::open(const fs::path& folder, const fs::path& repository) {
  const fs::path git_dir = common_git_dir(repository);
  const fs::path path = folder / (sha256(git_dir.string()).substr(0, 24) + ".git");
  std::error_code ignored;
  if (!fs::exists(path / "HEAD", ignored)) {
    fs::create_directories(folder);
    const FileLock lock = wait_for_lock(path.string() + ".lock");
    if (!fs::exists(path / "HEAD", ignored)) {
      const fs::path making = path.string() + ".making";
      if (!remove_tree(making)) throw Error(ErrorKind::Internal, "cannot empty " + making.string());
      const auto format = run(in_repository(repository), {"rev-parse", "--show-object-format"});
      const std::string name = format.exit_status == 0 ? trimmed(format.out) : "sha1";
      output({}, {"init", "-q", "--bare", "--template=", "--object-format=" + name,
                  "--initial-branch=none", making.string()});
      fs::rename(making, path);
    }
  }
  return Mirror(path, repository);
}

bool Mirror::has_commit(std::string_view id) const {
  if (!is_full_id(id)) return false;
  std::error_code ignored;
  if (fs::exists(kept_base(path_, id), ignored)) return true;
  return run({.git_dir = path_}, {"cat-file", "-e", std::string(id) + "^{commit}"}).exit_status ==
         0;
}

std::string Mirror::fetch(std::string_view ref) const {
  const Git theirs = in_repository(source_);
  std::string id(ref);
  if (!is_full_id(id)) {
    const auto found = run(theirs, {"rev-parse", "-q", "--verify", id + "^{commit}"});
    if (found.exit_status != 0) {
      throw Error(ErrorKind::NotFound,
                  "there is no commit '" + inert(ref) + "' in " + inert(source_.string()) +
                      (found.err.empty() ? "" : ": " + inert(trimmed(found.err))));
    }
    id = trimmed(found.out);
  }
  std::error_code ignored;
  if (fs::exists(kept_base(path_, id), ignored)) return id;
  const FileLock lock = wait_for_lock(path_.string() + ".lock");
  if (fs::exists(kept_base(path_, id), ignored)) return id;
  // Only fetches write these, and this is the only one: a killed one left them.
  fs::remove(kept_base(path_, id + ".lock"), ignored);
  fs::remove(path_ / "shallow.lock", ignored);
  const auto with = [&](std::vector<std::string> args) {
    args.insert(args.begin(),
                {"fetch", "-q", "--no-tags", "--no-write-fetch-head", "--update-shallow",
                 "--upload-pack=" + hardened_command("upload-pack", theirs.settings)});
    args.insert(args.end(), {source_.string(), "+" + id + ":" + std::string(kBases) + id});
    return run({.git_dir = path_, .settings = theirs.settings}, args);
  };
  auto result = with({});
  if (result.exit_status == 0) return id;
  const std::string advice = why_no_fetch(source_, id, theirs);
  // A partial clone has the files of what is checked out, often without those of its history.
  if (!advice.empty() && with({"--depth=1"}).exit_status == 0) return id;
  if (!advice.empty()) throw Error(ErrorKind::NotFound, advice);
  throw_failed("fetch from " + inert(source_.string()), result);
}

fs::path Mirror::checkout(const fs::path& checkouts, std::string_view commit) const {
  const fs::path folder = checkouts / commit;
  const fs::path marker = marker_of(checkouts, commit);
  if (!is_complete(folder, marker)) {
    fs::create_directories(checkouts);
    const FileLock lock = wait_for_lock(checkouts / (std::string(commit) + ".lock"));
    if (!is_complete(folder, marker)) {
      const fs::path making = checkouts / (std::string(commit) + ".making");
      for (const auto& old : {folder, making}) {
        if (!remove_tree(old)) throw Error(ErrorKind::Internal, "cannot empty " + old.string());
      }
      fs::create_directory(making);
      const Scratch scratch(path_);
      Git git{.git_dir = path_, .work_tree = making, .folder = making};
      git.env["GIT_INDEX_FILE"] = (scratch.path() / "index").string();
      output(git, {"read-tree", std::string(commit)});
      output(git, {"checkout-index", "-a", "-q", "-f"});
      fs::rename(making, folder);
      write_durably(marker, this_boot(), 0600);
    }
  }
  // Least recently used goes first when room is made.
  ::utimensat(AT_FDCWD, marker.c_str(), nullptr, 0);
  return folder;
}

std::optional<std::string> Mirror::file(std::string_view commit, std::string_view path,
                                        size_t most) const {
  constexpr size_t kHeader = 4096;
  const std::string name = std::string(commit) + ":" + std::string(path);
  if (name.find('\0') != std::string::npos) return std::nullopt;
  try {
    auto found =
        read_objects({.git_dir = path_, .most_output = most + kHeader + name.size()}, {name});
    if (!found[0] || found[0]->type != "blob" || found[0]->content.size() > most)
      return std::nullopt;
    return std::move(found[0]->content);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::Limit) throw;
    return std::nullopt;
  }
}

std::vector<std::string> Mirror::paths(std::string_view commit) const {
  return fields(
      output({.git_dir = path_}, {"ls-tree", "-r", "-z", "--name-only", std::string(commit)}));
}

std::string Mirror::listing(std::string_view commit) const {
  return output({.git_dir = path_}, {"ls-tree", "-r", "-z", std::string(commit)});
}

std::vector<std::string> Mirror::ignored(std::string_view commit,
                                         const std::vector<std::string>& paths,
                                         const fs::path& checkouts) const {
  const fs::path tree = paths.empty() ? fs::path() : checkout(checkouts, commit);
  std::string input;
  for (const auto& path : paths) {
    if (path.empty() || is_beyond_a_link(tree, path)) continue;
    input += path;
    input += '\0';
  }
  if (input.empty()) return {};
  const Scratch scratch(path_);
  Git git{.git_dir = path_, .work_tree = tree, .folder = tree};
  git.env["GIT_INDEX_FILE"] = (scratch.path() / "index").string();
  const auto result = run(git, {"check-ignore", "--no-index", "-z", "--stdin"}, std::move(input));
  if (result.exit_status > 1) throw_failed("check-ignore", result);  // 1: none of them
  return fields(result.out);
}

void Mirror::keep(std::string_view name, std::string_view commit) const {
  output({.git_dir = path_},
         {"update-ref", "refs/nightjar/" + std::string(name), std::string(commit)});
}

void Mirror::forget(std::string_view name) const {
  output({.git_dir = path_}, {"update-ref", "-d", "refs/nightjar/" + std::string(name)});
}

bool Mirror::tidy_if_due() const {
  const fs::path stamp = path_ / "nightjar-tidied";
  std::error_code none;
  const auto last = fs::last_write_time(stamp, none);
  if (!none && fs::file_time_type::clock::now() - last < kTidyEvery) return false;
  if (!none) tidy();  // a new mirror is tidy
  write_durably(stamp, "");
  return !none;
}

void Mirror::tidy() const {
  const FileLock lock = wait_for_lock(path_.string() + ".lock");
  output({.git_dir = path_},
         {"repack", "-q", "-A", "-d", "-l", "--unpack-unreachable=2.weeks.ago"});
  output({.git_dir = path_}, {"prune", "--expire=2.weeks.ago"});
}

}  // namespace nightjar::git
