#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "base/digest.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/text.h"
#include "git/command.h"
#include "git/repository.h"

namespace nightjar::git {

namespace {

constexpr std::string_view kMarker = ".nightjar-complete";

FileLock lock_of(const fs::path& path) {
  for (;;) {
    if (auto lock = FileLock::try_acquire(path)) return std::move(*lock);
    FileLock::wait_until_free(path, {});
  }
}

bool is_full_id(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::vector<std::string> fields(const std::string& text) {
  std::vector<std::string> out;
  for (size_t at = 0; at < text.size();) {
    const auto end = text.find('\0', at);
    out.push_back(text.substr(at, end - at));
    if (end == std::string::npos) break;
    at = end + 1;
  }
  return out;
}

}  // namespace

Mirror Mirror::open(const fs::path& folder, const fs::path& repository) {
  std::error_code ignored;
  const fs::path real = fs::weakly_canonical(repository, ignored);
  const fs::path path = folder / (sha256(real.string()).substr(0, 24) + ".git");
  if (!fs::exists(path / "HEAD", ignored)) {
    fs::create_directories(folder);
    const FileLock lock = lock_of(path.string() + ".lock");
    if (!fs::exists(path / "HEAD", ignored)) {
      const fs::path making = path.string() + ".making";
      remove_tree(making);
      output({}, {"init", "-q", "--bare", "--template=", making.string()});
      output({making}, {"config", "gc.pruneExpire", "never"});
      fs::rename(making, path);
    }
  }
  return Mirror(path, real);
}

bool Mirror::has_commit(std::string_view id) const {
  return is_full_id(id) && run({path_}, {"cat-file", "-e", std::string(id) + "^{commit}"}).exit_status == 0;
}

std::string Mirror::fetch(std::string_view ref) const {
  std::string id(ref);
  if (!is_full_id(id)) {
    id = trimmed(output({}, {"-C", source_.string(), "rev-parse", "-q", "--verify", std::string(ref) + "^{commit}"}));
  }
  if (has_commit(id)) return id;
  const FileLock lock = lock_of(path_.string() + ".lock");
  const auto result = run({path_}, {"fetch", "-q", "--no-tags", "--no-write-fetch-head", "--update-shallow",
                                    "--upload-pack=" + hardened_command("upload-pack"), source_.string(),
                                    "+" + id + ":refs/nightjar/base/" + id});
  if (result.exit_status != 0) {
    throw Error(result.err.find("No space left") != std::string::npos ? ErrorKind::Limit : ErrorKind::NotFound,
                "cannot fetch " + id + " from " + source_.string() + ": " + inert(trimmed(result.err), true));
  }
  return id;
}

fs::path Mirror::checkout(const fs::path& checkouts, std::string_view commit) const {
  const fs::path folder = checkouts / commit;
  const fs::path marker = checkouts / (std::string(commit) + std::string(kMarker));
  std::error_code ignored;
  if (!fs::exists(marker, ignored)) {
    fs::create_directories(checkouts);
    const FileLock lock = lock_of(checkouts / (std::string(commit) + ".lock"));
    if (!fs::exists(marker, ignored)) {
      if (!remove_tree(folder)) throw Error(ErrorKind::Internal, "cannot empty " + folder.string());
      fs::create_directory(folder);
      const TempDir scratch("nightjar-index");
      const Git git{path_, folder, {{"GIT_INDEX_FILE", (scratch.path() / "index").string()}}};
      output(git, {"read-tree", std::string(commit)});
      output(git, {"-c", "checkout.workers=0", "checkout-index", "-a", "-q", "-f"});
      const Fd done(::open(marker.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
      if (!done) throw_errno("cannot mark " + folder.string() + " as complete");
    }
  }
  fs::last_write_time(marker, fs::file_time_type::clock::now(), ignored);
  return folder;
}

std::vector<ChangedPath> Mirror::changed_paths(std::string_view base, std::string_view commit) const {
  const auto parts = fields(output({path_}, {"diff-tree", "-r", "-z", "-M", "--no-commit-id", "--name-status", std::string(base), std::string(commit)}));
  std::vector<ChangedPath> out;
  for (size_t i = 0; i + 1 < parts.size();) {
    ChangedPath path;
    path.status = parts[i].empty() ? 'M' : parts[i][0];
    const bool renamed = path.status == 'R' || path.status == 'C';
    if (renamed) path.old_path = parts[i + 1];
    path.path = parts[renamed ? i + 2 : i + 1];
    i += renamed ? 3 : 2;
    out.push_back(std::move(path));
  }
  return out;
}

DiffStat Mirror::stat(std::string_view base, std::string_view commit) const {
  DiffStat stat;
  for (const auto& line : fields(output({path_}, {"diff-tree", "-r", "-z", "--no-renames", "--numstat", std::string(base), std::string(commit)}))) {
    const auto parts = split(line, '\t');
    if (parts.size() < 3) continue;
    ++stat.files;
    stat.insertions += std::atoi(parts[0].c_str());
    stat.deletions += std::atoi(parts[1].c_str());
  }
  return stat;
}

std::string Mirror::diff(std::string_view base, std::string_view commit, size_t most) const {
  std::string text = output({path_}, {"diff-tree", "-r", "-p", "-M", "--no-color", "--no-ext-diff", "--no-textconv", "--full-index",
                                      std::string(base), std::string(commit)});
  if (text.size() > most) {
    const size_t left = text.size() - most;
    text.resize(most);
    text += "\n… " + human_size(left) + " of the diff left out …\n";
  }
  return text;
}

std::optional<std::string> Mirror::file(std::string_view commit, std::string_view path, size_t most) const {
  const std::string name = std::string(commit) + ":" + std::string(path);
  const auto size = run({path_}, {"cat-file", "-s", name});
  if (size.exit_status != 0 || std::stoull(size.out) > most) return std::nullopt;
  const auto content = run({path_}, {"cat-file", "blob", name});
  if (content.exit_status != 0) return std::nullopt;
  return content.out;
}

std::vector<std::string> Mirror::paths(std::string_view commit) const {
  return fields(output({path_}, {"ls-tree", "-r", "-z", "--name-only", std::string(commit)}));
}

std::vector<std::string> Mirror::ignored(std::string_view commit, const std::vector<std::string>& paths, const fs::path& checkouts) const {
  if (paths.empty()) return {};
  const TempDir scratch("nightjar-index");
  const Git git{path_, checkout(checkouts, commit), {{"GIT_INDEX_FILE", (scratch.path() / "index").string()}}};
  std::string input;
  for (const auto& path : paths) input += path + '\0';
  return fields(run(git, {"check-ignore", "--no-index", "-z", "--stdin"}, std::move(input)).out);
}

void Mirror::keep(std::string_view name, std::string_view commit) const {
  output({path_}, {"update-ref", "refs/nightjar/" + std::string(name), std::string(commit)});
}

void Mirror::forget(std::string_view name) const {
  run({path_}, {"update-ref", "-d", "refs/nightjar/" + std::string(name)});
}

std::optional<std::string> branch_head(const fs::path& repository, std::string_view branch) {
  const auto result = run({}, {"-C", repository.string(), "rev-parse", "-q", "--verify", "refs/heads/" + std::string(branch)});
  if (result.exit_status != 0) return std::nullopt;
  return trimmed(result.out);
}

bool publish(const Mirror& mirror, const fs::path& repository, std::string_view branch, std::string_view commit, std::string_view expected) {
  const std::string ref = "refs/heads/" + std::string(branch);
  for (int tries = 0;; ++tries) {
    const auto head = branch_head(repository, branch);
    if (head == commit) return true;
    if (head.value_or("") != expected) return false;
    const auto result = run({mirror.path()}, {"push", "-q", "--no-verify", "--no-signed", "--force-with-lease=" + ref + ":" + std::string(expected),
                                              "--receive-pack=" + hardened_command("receive-pack"), repository.string(),
                                              std::string(commit) + ":" + ref});
    if (branch_head(repository, branch) == commit) return true;
    if (branch_head(repository, branch).value_or("") != expected) return false;
    // A lock that a killed git left behind is waited for a little, then named.
    if (tries >= 20) throw Error(ErrorKind::Unavailable, "cannot put " + ref + " into " + repository.string() + ": " + inert(trimmed(result.err), true));
    ::poll(nullptr, 0, 100);
  }
}

}  // namespace nightjar::git
