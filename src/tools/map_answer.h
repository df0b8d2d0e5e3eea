// The repository map, made inside in a process of its own: what parses a whole repository may use
// much memory, or fall over a file, and the toolbox stays as it was.
#pragma once

#include "base/json.h"
#include "tools/answer.h"

namespace nightjar::tools {

/// {root, blobs, known_tags, brief, budget}; see `Toolbox::call`.
Answer map_answer(const json::object& arguments);

}  // namespace nightjar::tools
