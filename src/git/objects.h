// What git's plumbing says about trees and blobs, as values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "git/command.h"

namespace nightjar::git {

inline constexpr std::string_view kGitlink = "160000";
inline constexpr std::string_view kLink = "120000";
inline constexpr std::string_view kExecutable = "100755";
inline constexpr std::string_view kAbsent = "000000";

/// One entry that differs between two trees.
struct TreeChange {
  std::string old_mode, new_mode;  ///< kAbsent where there is none
  std::string old_id, new_id;
  std::string path;
};
std::vector<TreeChange> tree_changes(const Git& git, std::string_view from, std::string_view to);

struct Object {
  std::string id, type;
  std::string content;  ///< empty where only asked about
};
/// What each name ("<commit>:<path>", an id) stands for; nullopt where it is missing. One process.
std::vector<std::optional<Object>> read_objects(const Git& git,
                                                const std::vector<std::string>& names);
std::vector<std::optional<Object>> look_up(const Git& git, const std::vector<std::string>& names);

/// The path as fast-import, update-index and hash-object read it from a line: C-style quotes.
std::string c_quoted(std::string_view path);

/// Every folder above the path, outermost first, without the root.
std::vector<std::string> folders_above(std::string_view path);

bool is_below(std::string_view path, std::string_view folder);

}  // namespace nightjar::git
