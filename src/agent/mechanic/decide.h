// For each hit of the old name: is it the thing that is renamed, or something else that is spelled
// like it?
#pragma once

#include <string>
#include <vector>

#include "agent/mechanic/target.h"

namespace nightjar::agent::mechanic {

struct Decision {
  bool rename = false;
  std::string rule;  ///< why it stays, a finding's rule; empty: nothing to tell
  /// What the hit's text becomes; empty: the new name alone.
  std::string text;
};

struct Wish {
  std::string old_name, new_name;
  bool strings_too = false;
  std::vector<Place> evidence;  ///< strings to rename as well
};

/// One decision a hit, in order. Pure.
std::vector<Decision> decide(const ScannedFile& file, const Target& target, const Modules& modules,
                             const Wish& wish);

}  // namespace nightjar::agent::mechanic
