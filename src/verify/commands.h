// Which files of the repository a check's command runs, or hands to what it runs.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nightjar::verify {

/// Scripts and modules that are run, and files given as options. What is only read (by grep, a
/// linter, `python -m something`) or compiled is not among them: that is the program itself.
bool runs_file(std::string_view command, std::string_view path);

/// These commands, and those of the base's Makefile and package.json where they go through make or
/// npm. `read`: a file of the base.
std::vector<std::string> with_recipes(
    std::vector<std::string> commands,
    const std::function<std::optional<std::string>(const std::string&)>& read);

}  // namespace nightjar::verify
