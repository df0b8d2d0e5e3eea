// What a brief asks for that can be looked for again, whoever did it: a rename or a replaced call.
#pragma once

#include "base/json.h"
#include "run/context.h"

namespace nightjar::run {

/// The claim that the mechanic makes after doing the run's brief on the base, in a sandbox of its
/// own; empty where it does not understand the brief, or cannot do it.
json::object claim_of_brief(Context& context);

}  // namespace nightjar::run
