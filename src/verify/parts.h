// A change, sorted by what each of its files may be evidence of. A fix is proved by the program's
// source alone, under the tests, the data and the configuration that the base has.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/change.h"
#include "verify/verify.h"

namespace nightjar::verify {

enum class Part {
  Source,     ///< the program; and a build file that only names its new files
  NewTests,   ///< tests, and new data beside them: evidence only together with what fails without
  BuildBoth,  ///< a build file that only names new source and new tests
  Other,      ///< data, configuration, what runs tests, what is gone of these: stays the base's
};

/// What sorting needs to know of the base.
struct BaseView {
  std::vector<std::string> commands;  ///< of the checks and of setup
  std::function<std::optional<std::string>(const std::string& path)> read;
  /// Its test files, by path; rarely asked for.
  std::function<const std::map<std::string, std::string>&()> tests;
  /// Its programs that are no tests, by path; rarely asked for.
  std::function<const std::map<std::string, std::string>&()> programs;
};

/// By path of every changed file; a renamed one under both of its paths.
using Parts = std::map<std::string, Part, std::less<>>;
Parts parts_of(const Case& input, const BaseView& base);

/// The changes of the files that `wanted` names. A folder that is gone is so file by file where
/// only some of its files are wanted.
std::vector<core::Change> changes_of(const std::vector<core::Change>& changes, const Parts& parts,
                                     const std::function<bool(const std::string&, Part)>& wanted);

/// Written in one of the languages that programs are written in, by its name.
bool is_source_path(std::string_view path);

}  // namespace nightjar::verify
