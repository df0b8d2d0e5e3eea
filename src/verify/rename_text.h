// Text with the rename taken out: two texts that differ by the rename alone become equal.
#pragma once

#include <string>
#include <string_view>

#include "verify/verify.h"

namespace nightjar::verify {

/// Replaces the longer of the two names by the shorter one (so that Parser -> ParserBase works
/// too). Unchanged where the claim is no rename.
std::string without_rename(std::string_view text, const AgentClaim& claim);
bool is_rename(const AgentClaim& claim);

}  // namespace nightjar::verify
