// What was written into the work tree, read and replayed from inside.
#pragma once

#include <cstdint>
#include <functional>

#include "core/change.h"

namespace nightjar::helper {

/// Walks the upper layer, parents before children; links are never followed. Contents over `most_bytes`
/// are left out (size says so).
void collect(int upper_fd, std::uint64_t most_bytes, const std::function<void(const core::Change&)>& visit);

/// Writes one change into the tree at `root_fd`.
void apply(int root_fd, const core::Change& change);

}  // namespace nightjar::helper
