// Whether a person's words are a yes to what they were shown. Pure.
#pragma once

#include <string_view>

namespace nightjar::agent::native {

/// True only where the whole text is one of the few ways to say yes and nothing else: "Yes, go
/// ahead.", "ok". Anything more is something to read.
bool is_yes(std::string_view words);

}  // namespace nightjar::agent::native
