// Patches as models write them: the "*** Begin Patch" format, and unified diffs. Pure.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nightjar::tools {

struct Hunk {
  std::vector<std::string> anchors;  ///< lines that stand before it ("@@ class A")
  std::vector<std::string> old_lines, new_lines;
  bool at_end = false;  ///< of the file
  /// Where the patch says it is, from 1; 0: before the first. New lines alone stand behind it.
  std::optional<size_t> line = {};
  /// Whether the last line of the file has an end afterwards, where the patch says so.
  std::optional<bool> ends_line = {};
  bool operator==(const Hunk&) const = default;
};

struct FilePatch {
  enum class What { Add, Delete, Update } what = What::Update;
  std::string path, moved_to;
  std::string content;  ///< of Add
  std::vector<Hunk> hunks;
  std::optional<unsigned> mode = {};  ///< permissions, where a git diff says them
  bool operator==(const FilePatch&) const = default;
};

/// The error says which line cannot be read, and what a patch looks like.
std::expected<std::vector<FilePatch>, std::string> parse_patch(std::string_view text);

/// The file with all hunks in; context is matched as tolerantly as an edit's. A hunk that fits at
/// several places needs an anchor, a line number or End of File to tell them apart. The error names
/// the hunk and shows what stands there.
std::expected<std::string, std::string> apply_hunks(std::string_view text, const FilePatch& patch);

/// What a patch does to a tree: contents by path, nullopt where a file goes.
struct TreeChange {
  std::string path;
  std::optional<std::string> content;
  std::string mode_of = {};           ///< the file that it was before it moved
  std::optional<unsigned> mode = {};  ///< permissions that the patch gives
  bool operator==(const TreeChange&) const = default;
};
/// All or nothing. `read` gives a file's content.
std::expected<std::vector<TreeChange>, std::string> apply_patch(
    const std::vector<FilePatch>& patches,
    const std::function<std::optional<std::string>(const std::string&)>& read);

}  // namespace nightjar::tools
