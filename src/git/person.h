// The person's repository: where it lies, whether git trusts it, and how git is run there.
#pragma once

#include <filesystem>
#include <string>

#include "git/command.h"

namespace nightjar::git {

/// The common git directory of a work tree (main or linked) or of a bare repository, without asking
/// git. The folder itself where it is none.
std::filesystem::path common_git_dir(const std::filesystem::path& repository);

/// For plumbing that reads or writes refs and objects by path: nobody's settings but the
/// repository's. Folders of other owners count as trusted only where the person told git so
/// (safe.directory).
Git in_repository(const std::filesystem::path& repository);

/// What counts in the person's own work tree.
struct Settings {
  Git git;             ///< with their settings, but without their filters, which would be programs
  std::string person;  ///< "Name <mail>", empty where one of them is not set
};
Settings settings_of_person(const std::filesystem::path& folder);
Git in_work_tree(const std::filesystem::path& folder);

std::string user_name(unsigned uid);

}  // namespace nightjar::git
