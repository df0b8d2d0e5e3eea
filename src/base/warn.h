// The log of a process that nobody watches: standard error.
#pragma once

#include <string_view>

namespace nightjar {

/// A line. Never fails: the log may stand on a full disk, and the process must go on.
void warn(std::string_view line) noexcept;

}  // namespace nightjar
