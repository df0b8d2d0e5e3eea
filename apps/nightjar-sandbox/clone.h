// The last way to a tree of one's own: copying it.
#pragma once

#include <ctime>

#include "layers.h"

namespace nightjar::helper {

/// Copies what the layers show into the folder `to`, unless the marker in `marks` says that this
/// was done before. Returns the change time after which an entry of `to` was touched by somebody
/// else.
struct timespec clone_layers(const Stack& layers, int to, int marks);

}  // namespace nightjar::helper
