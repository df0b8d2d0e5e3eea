// The system calls that commands may not make: sandbox profiles as a seccomp filter. Default allow, wrong
// architecture kills, clone3 answers ENOSYS so that the C library falls back to clone, whose flags a filter
// can see.
#pragma once

#include <string_view>

namespace nightjar::helper {

/// Sets no_new_privs and installs the filter; it holds for every process from here on. Throws Error.
void install_filter(std::string_view profile);

}  // namespace nightjar::helper
