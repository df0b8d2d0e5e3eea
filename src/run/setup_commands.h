// What the commands of setup leave behind: packages that others made, or something that they made
// of the repository's own files. The second kind must not stand in for a change.
#pragma once

#include <string>
#include <string_view>

#include "project/project.h"

namespace nightjar::run {

/// The command fetches and installs, and what it leaves holds nothing of the repository's own
/// sources: "npm ci", "pip install -e .". False where that is not known.
bool only_installs(std::string_view command, const project::Tree& tree);

/// The same, and lock files alone decide what it leaves: "npm ci", not "npm install".
bool installs_from_lock_files(std::string_view command, const project::Tree& tree);

}  // namespace nightjar::run
