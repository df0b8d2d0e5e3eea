// Git, by its own program, and only ever with a git directory that Nightjar owns; the two
// exceptions are fetching from and publishing into the user's repository by path, with hooks, gpg,
// filters, fsmonitor and the user's and system's configuration off on both ends. A tree that a
// sandbox wrote is never given to git: changes come in as values (core::Change) and become objects
// through `git fast-import`.
//
// Every function throws Error; paths inside a repository are bytes. Safe from any thread; one
// mirror is written under its own lock file.
#pragma once

#include <expected>
#include <filesystem>
#include <future>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/change.h"

namespace nightjar::git {

/// What `assign` needs to know of a user's repository, and refuses with.
struct Inspection {
  std::filesystem::path root;     ///< work tree root; the repository itself where bare
  std::filesystem::path git_dir;  ///< the common git directory
  bool bare = false;
  bool detached = false;
  std::string branch;  ///< current branch; empty where detached
  std::string base;    ///< what was asked for, or the current branch (or HEAD's id)
  std::string base_commit;
  /// How many files differ in the work tree: git counts while the caller goes on.
  std::shared_future<int> uncommitted;
  std::string person;  ///< "Name <mail>" from the repository's configuration; may be empty
};
/// Finds the repository around `folder` (subfolder, linked work tree, bare). `base` empty: its
/// current branch. Errors carry the message for the person: not a repository, no commit, no such
/// ref, owned by someone else (names the owner and how to run), not writable.
std::expected<Inspection, std::string> inspect(const std::filesystem::path& folder,
                                               std::string_view base);

struct Author {
  std::string name = "Nightjar";
  std::string mail = "nightjar@localhost";
  bool operator==(const Author&) const = default;
};

struct CommitRequest {
  std::string parent;   ///< full id
  std::string message;  ///< with its trailers
  Author author;
  std::vector<core::Change> changes;
};

/// A message with its trailers as git reads them back (`git interpret-trailers --parse`). Title and
/// values become one line each; empty values are left out.
std::string commit_message(std::string_view title, std::string_view body,
                           const std::vector<std::pair<std::string, std::string>>& trailers);

struct DiffStat {
  int files = 0, insertions = 0, deletions = 0;
};

struct ChangedPath {
  char status = 'M';  ///< A, M, D, R, T
  std::string path;
  std::string old_path;  ///< where renamed
};

/// The daemon-owned bare mirror of one user repository.
class Mirror {
 public:
  /// Made when missing, at <folder>/<hash of the repository's git dir>.git
  static Mirror open(const std::filesystem::path& folder, const std::filesystem::path& repository);

  const std::filesystem::path& path() const { return path_; }

  /// Brings the commit that `ref` names there over by path; returns its full id. Works for shallow,
  /// sparse and partial sources with what they have.
  std::string fetch(std::string_view ref) const;
  bool has_commit(std::string_view id) const;

  /// The folder that holds the commit's files, made once and then never written: safe as overlay
  /// lower. Attributes (eol, working-tree-encoding, ident) are honoured, external filters (LFS) are
  /// not run. `checkouts` is the folder of all of them; concurrent callers make it once.
  std::filesystem::path checkout(const std::filesystem::path& checkouts,
                                 std::string_view commit) const;

  /// The change as one commit on `parent`. An error is a refusal with its reason: new or changed
  /// gitlink, link that leaves the tree, `.gitmodules`, a `.git` component in any spelling, device
  /// or socket. nullopt where the tree would be the parent's (an empty change).
  std::expected<std::optional<std::string>, std::string> commit(const CommitRequest& request) const;

  /// What a fresh checkout of `commit` needs over the checkout of its ancestor `base`, as bytes of
  /// a work tree (attributes honoured).
  std::vector<core::Change> changes_between(std::string_view base, std::string_view commit) const;
  /// The files at these paths as git stores them, in either commit: before and after; empty where
  /// there is none or it is no file.
  std::map<std::string, std::pair<std::string, std::string>> contents(
      std::string_view before, std::string_view after, const std::vector<std::string>& paths) const;
  std::vector<ChangedPath> changed_paths(std::string_view base, std::string_view commit) const;
  DiffStat stat(std::string_view base, std::string_view commit) const;
  /// A unified diff of blobs (no textconv, no external diff); cut at `most` bytes with a last line
  /// that says so.
  std::string diff(std::string_view base, std::string_view commit,
                   size_t most = size_t{64} << 20) const;
  std::optional<std::string> file(std::string_view commit, std::string_view path,
                                  size_t most) const;
  /// All paths of the commit's tree.
  std::vector<std::string> paths(std::string_view commit) const;
  /// What the commit's tree holds, as `git ls-tree -r -z` prints it.
  std::string listing(std::string_view commit) const;
  /// Which of these paths the commit's .gitignore files ignore.
  std::vector<std::string> ignored(std::string_view commit, const std::vector<std::string>& paths,
                                   const std::filesystem::path& checkouts) const;

  /// Keeps a commit alive: refs/nightjar/<name>.
  void keep(std::string_view name, std::string_view commit) const;
  void forget(std::string_view name) const;
  /// Packs what many runs left as single objects, and drops what nothing keeps and is older than
  /// two weeks. Takes seconds on a large repository; runs may go on meanwhile.
  void tidy() const;
  /// The same where the last time was a week ago or more; false: it was not.
  bool tidy_if_due() const;

 private:
  explicit Mirror(std::filesystem::path path, std::filesystem::path source)
      : path_(std::move(path)), source_(std::move(source)) {}
  std::filesystem::path path_;
  std::filesystem::path source_;
};

/// Puts `commit` of the mirror at refs/heads/<branch> of the user's repository by path: objects
/// first, then the ref, moved only from `expected` (empty: must not exist). Returns false where the
/// ref is elsewhere (someone moved it); the same call again after success is true. No hook runs. A
/// work tree that has the branch checked out follows; where it cannot (changes there), or a branch
/// `nightjar` is in the way of `nightjar/...`, Error(Conflict) says so and nothing has moved.
bool publish(const Mirror& mirror, const std::filesystem::path& repository, std::string_view branch,
             std::string_view commit, std::string_view expected);
std::optional<std::string> branch_head(const std::filesystem::path& repository,
                                       std::string_view branch);

}  // namespace nightjar::git
