// A real git repository for a test, made in a temporary folder.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/file.h"

namespace nightjar::test {

class Repo {
 public:
  /// Empty, on branch `main`, with a configured user.
  explicit Repo(std::string_view name = "thing");

  const fs::path& path() const { return path_; }
  void write(const std::string& file, std::string_view content);
  std::string read(const std::string& file) const;
  /// `git ARGS` in it; its trimmed output. Throws where it fails.
  std::string git(const std::vector<std::string>& args) const;
  /// Adds everything and commits; the new id.
  std::string commit(const std::string& message);
  bool has_branch(const std::string& branch) const;

 private:
  TempDir dir_;
  fs::path path_;
};

/// A small project in Python with a TAP suite in shell, so that no interpreter is needed: class
/// Parser in parser.py, used in app.py, README.md; `sh tests.sh` reports three tests by name.
Repo parser_project();

/// The same, with a test that computes the class's name and compares it with a string in labels.py;
/// its other strings are something else, and a test says so of one.
Repo parser_project_with_a_computed_name();
inline constexpr const char* kParserCheck = "sh tests.sh";

}  // namespace nightjar::test
