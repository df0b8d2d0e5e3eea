// The one way this program runs git: with a fixed environment and settings under which nothing of a
// repository, its owner or the system is executed.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "proc/process.h"

namespace nightjar::git {

struct Git {
  std::filesystem::path git_dir;    ///< --git-dir; empty: none
  std::filesystem::path work_tree;  ///< --work-tree; empty: none
  std::map<std::string, std::string> env;
};

/// Runs `git ARGS`; docs/decisions/0006-git-on-the-host.md says what is switched off and why.
proc::Result run(const Git& git, const std::vector<std::string>& args, std::string input = "");
/// As `run`; a status other than 0 is an Error with the end of standard error.
std::string output(const Git& git, const std::vector<std::string>& args, std::string input = "");

/// `-c` settings as one string, for the other end of a local transport (--upload-pack, --receive-pack).
std::string hardened_command(std::string_view program);

}  // namespace nightjar::git
