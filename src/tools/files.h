// Reading and writing files of the sandbox, as tools do it.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/json.h"
#include "syntax/syntax.h"
#include "tools/answer.h"

namespace nightjar::tools {

class Files {
 public:
  /// `root`: the work tree; relative paths are below it.
  explicit Files(std::filesystem::path root) : root_(std::move(root)) {}

  /// {path, offset?, limit?}: lines with their numbers; a picture; the names in a folder.
  Answer read(const json::object& arguments);
  /// {path, content}
  Answer write(const json::object& arguments);
  /// {path, old, new, all?}; an empty `old` makes a file that is not there.
  Answer edit(const json::object& arguments);
  /// Its relative paths are below `folder`; empty: the work tree.
  Answer patch(std::string_view text, const std::filesystem::path& folder = {});
  /// {path?}: symbols of a file, or of the files of a folder, until it is `stopped`.
  Answer outline(const json::object& arguments, const std::function<bool()>& stopped = {});

 private:
  std::filesystem::path place(const std::string& path) const;
  std::string shown(const std::filesystem::path& path) const;
  std::optional<std::string> content(const std::filesystem::path& path) const;
  /// Why there is no content.
  std::string instead_of_content(const std::filesystem::path& path) const;
  /// The same of something that is there; nullopt where nothing is, or a file that can be read.
  std::optional<std::string> obstacle_at(const std::filesystem::path& path) const;
  /// What the parser says of a file that was changed, to be appended to the answer.
  std::string syntax_note(const std::string& path, std::string_view before, std::string_view after);
  Answer written(const std::filesystem::path& path, std::optional<std::string> before,
                 std::string_view text);

  std::filesystem::path root_;
  syntax::Syntax syntax_;
};

/// A unified diff of two texts, three lines around each change, at most `most` bytes: for people.
std::string small_diff(std::string_view before, std::string_view after, size_t most = 8000);

}  // namespace nightjar::tools
