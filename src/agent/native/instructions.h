// What a repository says to agents: AGENTS.md and its relatives. Written by its authors, read from
// the base commit, passed on as data.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/session.h"

namespace nightjar::agent::native {

/// Of the root: AGENTS.override.md or AGENTS.md, or CLAUDE.md where there is none, with what it
/// imports; then what other programs read (GEMINI.md, Copilot's and Cursor's rules) and does not
/// say the same. Quoted; empty where there is nothing.
std::string root_instructions(sandbox::Session& session);

/// Of the folders between the root and a file: theirs come before the root's (the nearest wins).
class NearestInstructions {
 public:
  /// Quoted instructions of this file's folders (relative to the root) that were not given yet,
  /// nearest last. Paths that leave the tree have none.
  std::string for_path(std::string_view path, sandbox::Session& session);
  /// What was given stands in the conversation no more.
  void forget() { given_.clear(); }

 private:
  std::set<std::string> given_;  ///< folders
};

/// The files that a text imports ("See @docs/style.md for more"), as paths inside the tree; what it
/// names is relative to its own folder. Code is no import.
std::vector<std::string> imports_of(std::string_view text, std::string_view folder = "");

}  // namespace nightjar::agent::native
