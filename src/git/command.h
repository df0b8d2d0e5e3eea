// The one way this program runs git: with a fixed environment and settings under which nothing of a
// repository, its owner or the system is executed.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proc/process.h"

namespace nightjar::git {

using Setting = std::pair<std::string, std::string>;  ///< configuration key and value

/// Where and how one git runs. docs/decisions/0006-git-on-the-host.md says what is off and why.
struct Git {
  std::filesystem::path git_dir;    ///< --git-dir; empty: found from `folder`
  std::filesystem::path work_tree;  ///< --work-tree; empty: none
  std::filesystem::path folder;     ///< where it starts; empty: this process's own
  /// The person's own settings count as far as they execute nothing (line endings, ignored files,
  /// trusted folders, name): only for their work tree, and never with a transport.
  bool as_person = false;
  std::vector<Setting> settings;  ///< beyond the fixed ones
  std::map<std::string, std::string> env;
  size_t most_output = size_t{256} << 20;  ///< more is an Error(Limit)
};

/// Runs `git ARGS`.
proc::Result run(const Git& git, const std::vector<std::string>& args, std::string input = "");
/// As `run`; a status other than 0 is an Error with the end of standard error: Limit where the disk
/// is full.
std::string output(const Git& git, const std::vector<std::string>& args,
                   const std::string& input = "");
/// The Error that `output` throws.
[[noreturn]] void throw_failed(std::string_view command, const proc::Result& result);

/// What starts the other end of a local transport (--upload-pack, --receive-pack) as hardened as
/// this end.
std::string hardened_command(std::string_view program, const std::vector<Setting>& further);

/// What stands between NULs; the last one may lack its own.
std::vector<std::string> fields(std::string_view text);

}  // namespace nightjar::git
