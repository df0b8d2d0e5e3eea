#include "git/work_tree.h"

#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "git/person.h"
#include "git/scratch.h"

namespace nightjar::git {

namespace {

fs::file_type type_of(const fs::path& path) {
  std::error_code ignored;
  return fs::symlink_status(path, ignored).type();
}

bool holds_others(const fs::path& root, const fs::path& folder, const std::set<std::string>& gone) {
  std::error_code failed;
  for (const auto& entry : fs::recursive_directory_iterator(folder, failed)) {
    if (entry.is_directory() && !entry.is_symlink()) continue;
    if (!gone.contains(entry.path().lexically_relative(root).string())) return true;
  }
  return static_cast<bool>(failed);
}

// The first thing on the way to `path` that the move does not take away itself.
std::string obstacle(const fs::path& root, const std::string& path,
                     const std::set<std::string>& gone) {
  for (const auto& folder : folders_above(path)) {
    const auto type = type_of(root / folder);
    if (type == fs::file_type::not_found) return "";
    if (type == fs::file_type::directory) continue;
    return gone.contains(folder) ? "" : folder;
  }
  const auto type = type_of(root / path);
  if (type == fs::file_type::not_found) return "";
  if (type == fs::file_type::directory) return holds_others(root, root / path, gone) ? path : "";
  return path;
}

std::string bytes_of(const fs::path& path) {
  std::error_code failed;
  if (type_of(path) == fs::file_type::symlink) return fs::read_symlink(path, failed).string();
  return try_read_file(path).value_or("");
}

// As an update that was killed leaves a file: removed, cut short, or done.
bool is_half_done(const fs::path& path, const fs::path& wanted) {
  const auto type = type_of(path);
  if (type == fs::file_type::not_found) return true;
  if (type != type_of(wanted)) return false;
  if (type != fs::file_type::regular && type != fs::file_type::symlink) return false;
  return bytes_of(wanted).starts_with(bytes_of(path));
}

void remove_with_empty_folders(const fs::path& root, const std::string& path) {
  std::error_code failed;
  fs::remove(root / path, failed);
  auto folders = folders_above(path);
  while (!folders.empty() && ::rmdir((root / folders.back()).c_str()) == 0) folders.pop_back();
}

}  // namespace

std::vector<WorkTree> work_trees(const fs::path& repository) {
  const Git theirs = in_repository(repository);
  std::vector<WorkTree> out;
  bool bare = false;
  for (const auto& field : fields(output(theirs, {"worktree", "list", "--porcelain", "-z"}))) {
    if (field.starts_with("worktree ")) out.push_back({.folder = field.substr(9)});
    if (out.empty()) continue;
    if (field.starts_with("branch refs/heads/")) out.back().branch = field.substr(18);
    if (field == "locked" || field.starts_with("locked ")) out.back().locked = true;
    if (field == "bare") bare = true;
  }
  if (out.empty()) return out;
  // git names the main one by its git directory, which is wrong where that lies elsewhere.
  const fs::path git_dir = common_git_dir(repository);
  if (const auto elsewhere = run(theirs, {"config", "-z", "--get", "core.worktree"});
      elsewhere.exit_status == 0 && !bare) {
    out.front().folder = (git_dir / fields(elsewhere.out).at(0)).lexically_normal();
  }
  if (bare) out.erase(out.begin());
  std::error_code ignored;
  for (auto& tree : out) tree.missing = !fs::exists(tree.folder / ".git", ignored);
  return out;
}

Flags flags_of(const Git& work_tree) {
  Flags flags;
  for (const auto& line : fields(output(work_tree, {"ls-files", "-v", "-z"}))) {  // "H path"
    if (line.size() < 3) continue;
    if (line[0] == 'S' || line[0] == 's') flags.skipped.insert(line.substr(2));
    if (line[0] >= 'a' && line[0] <= 'z') flags.assumed.insert(line.substr(2));
  }
  return flags;
}

std::vector<std::string> in_the_way(const fs::path& folder,
                                    const std::vector<TreeChange>& changes) {
  std::set<std::string> gone;
  for (const auto& entry : changes) {
    if (entry.new_mode == kAbsent) gone.insert(entry.path);
  }
  std::set<std::string> found;
  for (const auto& entry : changes) {
    if (entry.old_mode != kAbsent) continue;
    const std::string path = obstacle(folder, entry.path, gone);
    if (!path.empty()) found.insert(path);
  }
  return {found.begin(), found.end()};
}

void restore(const fs::path& mirror, const Git& work_tree, const fs::path& folder,
             const std::vector<TreeChange>& changes, const std::string& to) {
  const Flags flags = flags_of(work_tree);
  const Scratch scratch(mirror);
  Git apart = work_tree;
  apart.env["GIT_INDEX_FILE"] = (scratch.path() / "index").string();
  output(apart, {"read-tree", to});
  std::string wanted;
  for (const auto& entry : changes) {
    if (entry.new_mode == kAbsent || entry.new_mode == kGitlink) continue;
    wanted += entry.path;
    wanted += '\0';
  }
  const fs::path target = scratch.path() / "tree";
  output(apart,
         {"checkout-index", "-q", "-f", "-z", "--stdin", "--ignore-skip-worktree-bits",
          "--prefix=" + target.string() + "/"},
         wanted);
  std::string back;
  for (const auto& entry : changes) {
    if (flags.skipped.contains(entry.path)) continue;
    if (!is_half_done(folder / entry.path, target / entry.path)) continue;
    if (entry.old_mode == kAbsent) {
      remove_with_empty_folders(folder, entry.path);
    } else if (entry.old_mode != kGitlink) {
      back += entry.path;
      back += '\0';
    }
  }
  if (!back.empty()) {
    output(work_tree, {"checkout-index", "-q", "-f", "-u", "-z", "--stdin"}, back);
  }
}

}  // namespace nightjar::git
