// What it is that makes tests pass: the checks once more over the base, each time with other parts
// of the change.
#pragma once

#include <string>
#include <vector>

#include "core/change.h"
#include "run/context.h"
#include "run/verifiers_place.h"
#include "verify/verify.h"

namespace nightjar::run {

/// Source, tests and the rest of the change (verify/parts.h), each without the others, and with a
/// failure put into what proves it. `input` has the results of the whole change and gets those.
void parts_of_the_change_apart(Context& context, VerifiersPlace& place,
                               const std::vector<core::Change>& changes, verify::Case& input);

/// `asked`: the base with the brief done by the mechanic. The change's source under it.
void source_under_what_was_asked(Context& context, VerifiersPlace& place,
                                 const std::vector<core::Change>& changes, const std::string& asked,
                                 verify::Case& input);

}  // namespace nightjar::run
