// What a change consists of: as values for a work tree, as paths, numbers and a diff.
#include <cstdlib>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "git/conversions.h"
#include "git/objects.h"
#include "git/repository.h"

namespace nightjar::git {

namespace {

using core::Change;

// The outermost folder of each deleted path that `commit` has no longer, so that no empty folder is
// left behind: an empty folder can be found by an import.
std::set<std::string> gone(const Git& git, std::string_view commit,
                           const std::vector<TreeChange>& entries) {
  std::set<std::string> deleted;
  std::set<std::string> folders;
  for (const auto& entry : entries) {
    const bool was_a_folder = entry.old_mode == kGitlink;  // of a submodule, empty
    if (entry.new_mode != kAbsent && !was_a_folder) continue;
    deleted.insert(entry.path);
    for (auto& folder : folders_above(entry.path)) folders.insert(std::move(folder));
  }
  std::vector<std::string> names;
  for (const auto& folder : folders) names.push_back(std::string(commit) + ":" + folder);
  const auto found = look_up(git, names);
  std::set<std::string> missing;
  size_t i = 0;
  for (const auto& folder : folders) {
    const auto& object = found.at(i++);
    if (!object || object->type != "tree") missing.insert(folder);
  }
  std::set<std::string> out;
  for (const auto& path : deleted) {
    std::string outermost = path;
    for (const auto& folder : folders_above(path)) {
      if (!missing.contains(folder)) continue;
      outermost = folder;
      break;
    }
    out.insert(std::move(outermost));
  }
  return out;
}

DiffStat parse_numstat(const std::vector<std::string>& parts) {
  DiffStat stat;
  for (size_t i = 0; i < parts.size();
       ++i) {  // "3\t1\tpath", or "3\t1\t" and the two names of a rename
    const auto words = split(parts[i], '\t');
    if (words.size() < 3) continue;
    ++stat.files;
    stat.insertions += std::atoi(words[0].c_str());  // "-" for a binary file
    stat.deletions += std::atoi(words[1].c_str());
    if (words.size() == 3 && words[2].empty()) i += 2;
  }
  return stat;
}

}  // namespace

std::vector<Change> Mirror::changes_between(std::string_view base, std::string_view commit) const {
  const Git git{.git_dir = path_};
  const auto entries = tree_changes(git, base, commit);
  std::vector<Change> out;
  for (const auto& path : gone(git, commit, entries)) {
    out.push_back({.path = path, .what = Change::What::Deleted});
  }
  std::vector<const TreeChange*> written;
  std::vector<std::string> ids;
  std::vector<std::string> paths;
  std::map<std::string, std::string> files;
  for (const auto& entry : entries) {
    if (entry.new_mode == kAbsent) continue;
    if (entry.new_mode == kGitlink) {
      if (entry.old_mode != kGitlink) {
        out.push_back({.path = entry.path, .what = Change::What::OpaqueFolder});
      }
      continue;
    }
    written.push_back(&entry);
    ids.push_back(entry.new_id);
    if (entry.new_mode == kLink) continue;
    paths.push_back(entry.path);
    files[entry.path] = entry.new_id;
  }
  auto blobs = read_objects(git, ids);
  std::map<std::string, std::string> converted;
  if (!paths.empty()) converted = Conversions(path_, commit, paths).smudge(files);
  for (size_t i = 0; i < written.size(); ++i) {
    const TreeChange& entry = *written[i];
    if (!blobs[i]) {
      throw Error(ErrorKind::NotFound, "the content of '" + inert(entry.path) + "' is not there (" +
                                           entry.new_id + "): a partial clone?");
    }
    Change change{.path = entry.path};
    if (entry.new_mode == kLink) change.what = Change::What::Symlink;
    change.executable = entry.new_mode == kExecutable;
    change.content = std::move(blobs[i]->content);
    const auto smudged = converted.find(entry.path);
    if (change.what == Change::What::File && smudged != converted.end()) {
      change.content = std::move(smudged->second);
    }
    change.size = change.content.size();
    out.push_back(std::move(change));
  }
  return out;
}

std::map<std::string, std::pair<std::string, std::string>> Mirror::contents(
    std::string_view before, std::string_view after, const std::vector<std::string>& paths) const {
  std::vector<std::string> names;
  for (const auto& path : paths) {
    names.push_back(std::string(before) + ":" + path);
    names.push_back(std::string(after) + ":" + path);
  }
  auto objects = read_objects({.git_dir = path_}, names);
  std::map<std::string, std::pair<std::string, std::string>> out;
  for (size_t i = 0; i < paths.size(); ++i) {
    auto& [old_text, new_text] = out[paths[i]];
    if (auto& object = objects[2 * i]; object && object->type == "blob")
      old_text = std::move(object->content);
    if (auto& object = objects[2 * i + 1]; object && object->type == "blob")
      new_text = std::move(object->content);
  }
  return out;
}

std::vector<ChangedPath> Mirror::changed_paths(std::string_view base,
                                               std::string_view commit) const {
  const auto parts =
      fields(output({.git_dir = path_}, {"diff-tree", "-r", "-z", "-M", "--name-status",
                                         std::string(base), std::string(commit)}));
  std::vector<ChangedPath> out;
  for (size_t i = 0; i + 1 < parts.size();) {
    ChangedPath changed;
    changed.status = parts[i].empty() ? 'M' : parts[i].front();
    const bool renamed = changed.status == 'R';
    if (renamed) changed.old_path = parts[i + 1];
    if (i + renamed + 1 >= parts.size()) break;
    changed.path = parts[i + renamed + 1];
    i += renamed ? 3 : 2;
    out.push_back(std::move(changed));
  }
  return out;
}

DiffStat Mirror::stat(std::string_view base, std::string_view commit) const {
  return parse_numstat(
      fields(output({.git_dir = path_}, {"diff-tree", "-r", "-z", "-M", "--numstat",
                                         std::string(base), std::string(commit)})));
}

std::string Mirror::diff(std::string_view base, std::string_view commit, size_t most) const {
  const Git git{.git_dir = path_};
  const auto with = [&](std::vector<std::string> args) {
    args.insert(args.begin(),
                {"diff-tree", "-r", "-M", "--no-color", "--no-ext-diff", "--no-textconv"});
    args.insert(args.end(), {std::string(base), std::string(commit)});
    return output(git, args);
  };
  std::string text;
  try {
    text = with({"-p", "--full-index"});
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::Limit) throw;
    text = "The diff is too large to show. The files:\n" + with({"--stat=120"});
  }
  if (text.size() > most) {
    const size_t left = text.size() - most;
    const auto line_end = text.rfind('\n', most);
    text.resize(line_end == std::string::npos ? most : line_end + 1);
    text += "… " + human_size(left) + " more of the diff left out …\n";
  }
  return text;
}

}  // namespace nightjar::git
