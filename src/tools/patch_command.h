// A patch that a model wrote as a shell command: `apply_patch <<'EOF' ...`. There is no such
// program.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nightjar::tools {

struct PatchCommand {
  std::string patch;
  std::string folder;  ///< that the command changed to first; empty: none
  std::string rest;    ///< commands behind it
  bool operator==(const PatchCommand&) const = default;
};

/// nullopt: the command does not begin with one, or has a shape that only a shell can read.
std::optional<PatchCommand> patch_command(std::string_view command);

}  // namespace nightjar::tools
