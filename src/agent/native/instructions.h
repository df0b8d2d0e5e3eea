// What a repository says to agents: AGENTS.md and its relatives. Written by its authors, read from
// the base commit, passed on as data.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/session.h"

namespace nightjar::agent::native {

/// Of the root: AGENTS.override.md or AGENTS.md, or where there is none what other programs read
/// (CLAUDE.md with what it imports, GEMINI.md, Copilot's and Cursor's rules), quoted; empty where
/// there is nothing.
std::string root_instructions(sandbox::Session& session);

/// Of the folders between the root and a file: theirs come before the root's (the nearest wins).
class NearestInstructions {
 public:
  /// Quoted instructions of this file's folders (relative to the root) that were not given yet,
  /// nearest last. Paths that leave the tree have none.
  std::string for_path(std::string_view path, sandbox::Session& session);

 private:
  std::set<std::string> given_;  ///< folders
};

/// The files that a text imports ("@docs/style.md" on a line of its own), inside the tree.
std::vector<std::string> imports_of(std::string_view text);

}  // namespace nightjar::agent::native
