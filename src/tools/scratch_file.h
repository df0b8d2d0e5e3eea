// Files of the toolbox in a folder that commands can write to.
#pragma once

#include "base/file.h"

namespace nightjar::tools {

/// A regular file, empty and open for writing, whatever a command may have put in its place: a pipe
/// that nobody reads, a link, a folder. None where it cannot be made; errno says why.
Fd fresh_file(const fs::path& path, unsigned mode);

}  // namespace nightjar::tools
