// The last way to a tree of one's own: copying it.
#pragma once

#include <cstdint>
#include <ctime>

#include "layers.h"

namespace nightjar::helper {

/// Who the copies are to belong to; the maker, where there is none.
struct Recipient {
  std::uint32_t uid = 0, gid = 0;
};

/// Copies what the layers show into the folder `to`, unless the marker in `marks` says that this
/// was done before. Returns the change time after which an entry of `to` was touched by somebody
/// else.
struct timespec clone_layers(const Stack& layers, int to, int marks,
                             const Recipient* recipient = nullptr);

/// Gives a folder with everything below it away; links are not followed.
void give_tree(int folder, const Recipient& recipient, int depth = 0);

}  // namespace nightjar::helper
