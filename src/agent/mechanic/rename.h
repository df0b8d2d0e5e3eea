// Renames: find, decide, refuse what would clash, edit; and look again for what should be gone.
#pragma once

#include "agent/mechanic/work_tree.h"
#include "agent/mechanic/worker.h"

namespace nightjar::agent::mechanic {

WorkResult rename_in(const WorkTree& tree, const std::vector<std::string>& paths,
                     const Request& request, unsigned threads);

/// What is left of the old name: references block, strings and other meanings are told.
std::vector<core::Finding> names_left(const WorkTree& tree, const std::vector<std::string>& paths,
                                      const json::object& claim, unsigned threads);

/// After the claim's rename: the name inside the strings at these places as well.
WorkResult rename_strings(const WorkTree& tree, const json::object& claim,
                          const std::vector<Place>& places, unsigned threads);

}  // namespace nightjar::agent::mechanic
