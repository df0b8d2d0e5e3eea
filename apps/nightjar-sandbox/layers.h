// Reading stacked layers of a copy-on-write tree by hand, the way the kernel's overlay does.
#pragma once

#include <sys/stat.h>

#include <map>
#include <string>
#include <vector>

#include "base/file.h"

namespace nightjar::helper {

inline constexpr int kMostDepth = 2000;

/// Names in a folder, "." and ".." left out. The descriptor's own position is not used.
std::vector<std::string> names_in(int folder);

/// True for a character device 0/0: the name is gone, whatever lower layers hold.
bool is_whiteout(const struct stat& info);
/// True where lower layers must not shine through this folder.
bool is_opaque(int folder);

/// Opens a folder for reading; one whose permissions forbid it is opened by its owner's right to
/// change them, and gets them back. Invalid where it is no folder.
Fd open_folder_at(int parent, const char* name);

/// The folders of one path in all layers that show at that path, top first.
using Stack = std::vector<Fd>;

struct Shown {
  size_t layer = 0;  ///< the top-most that has it
  unsigned mode = 0;
};
/// What a stack shows, by name.
std::map<std::string, Shown> shown(const Stack& stack);
/// Leaves out the layers that an opaque one hides whole: a layer that was made as a copy holds
/// everything.
void cut_hidden(Stack& stack);
/// The stack of a child folder. REQUIRES: `shown` says that `name` is a folder.
Stack child_stack(const Stack& stack, const std::string& name, size_t first_layer);

}  // namespace nightjar::helper
