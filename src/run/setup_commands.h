// What the commands of setup leave behind: packages that others made, or something that they made
// of the repository's own files. The second kind must not stand in for a change.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "project/project.h"

namespace nightjar::run {

/// The command fetches and installs, and what it leaves holds nothing of the repository's own
/// sources: "npm ci", "pip install -e .". False where that is not known.
bool only_installs(std::string_view command, const project::Tree& tree);

/// The same, and lock files alone decide what it leaves: "npm ci", not "npm install".
bool installs_from_lock_files(std::string_view command, const project::Tree& tree);

/// Setup in two: the commands at its beginning that only install, and the rest. A line that goes
/// from one to the other is cut at its "&&".
struct SetupParts {
  std::vector<std::string> installing, building;
};
SetupParts in_parts(const std::vector<std::string>& setup, const project::Tree& tree);

}  // namespace nightjar::run
