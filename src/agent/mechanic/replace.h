// Structural replacement: every place that matches a pattern becomes its replacement; and what is
// left of it.
#pragma once

#include "agent/mechanic/work_tree.h"
#include "agent/mechanic/worker.h"

namespace nightjar::agent::mechanic {

WorkResult replace_in(const WorkTree& tree, const std::vector<std::string>& paths,
                      const Request& request, unsigned threads);

/// Places that still match, and other uses of the old callee: calls block.
std::vector<core::Finding> uses_left(const WorkTree& tree, const std::vector<std::string>& paths,
                                     const json::object& claim, unsigned threads);

}  // namespace nightjar::agent::mechanic
