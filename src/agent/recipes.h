// How the native agent goes about each kind of ticket: texts that are part of the program, and that
// a person replaces with files of the same name.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/task.h"

namespace nightjar::agent {

struct Recipe {
  core::Kind kind = core::Kind::Chore;
  std::string text;
  std::filesystem::path file;  ///< where the person's own is, or would be
  bool own = false;            ///< the text is the person's
  std::string problem;         ///< why the person's own is not used
};

/// Of every kind. `folder`: the person's ("~/.config/nightjar/recipes"); a file there that is empty
/// means no recipe. At most 16 KB each; what is longer is cut at a line.
std::vector<Recipe> recipes(const std::filesystem::path& folder);

Recipe recipe_of(core::Kind kind, const std::filesystem::path& folder);

}  // namespace nightjar::agent
