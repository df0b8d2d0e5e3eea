// What the text of a build file says: which part of it runs the tests, and whether a change of it
// does no more than to name files that the change brings.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nightjar::verify {

/// A call of CMake's language, over however many lines: its name in lower case, its words.
struct CmakeCall {
  std::string name;
  std::vector<std::string> words;
  bool operator==(const CmakeCall&) const = default;
};
std::vector<CmakeCall> cmake_calls(std::string_view text);

/// Of a Makefile: the rules for tests with their recipes, and the variables that they, or every
/// rule, stand on.
std::string test_rules(std::string_view text);

/// Of CMakeLists.txt or a .cmake file: the calls that decide what a test's result is.
std::string test_calls(std::string_view text);

bool is_cmake(std::string_view path);
bool is_makefile(std::string_view path);
bool is_c_or_cpp(std::string_view path);

enum class AddedFile { None, Source, Test };
struct NamedFiles {
  bool source = false;
  bool tests = false;
};
/// Where the text changed only by naming files that the change adds, or new targets and tests made
/// of nothing else: which sort of them. `added`: by path in the repository.
std::optional<NamedFiles> only_names_added_files(
    std::string_view path, std::string_view before, std::string_view after,
    const std::function<AddedFile(const std::string&)>& added);

}  // namespace nightjar::verify
