// What a brief asks for that can be looked for again, whoever did it: a rename or a replaced call.
#pragma once

#include <string>

#include "base/json.h"
#include "run/context.h"

namespace nightjar::run {

struct BriefClaim {
  json::object claim;
  std::string commit;  ///< the base with the brief done, as the mechanic does it; on no branch
};

/// The claim that the mechanic makes after doing the run's brief on the base, in a sandbox of its
/// own; empty where it does not understand the brief, or cannot do it.
BriefClaim claim_of_brief(Context& context);

}  // namespace nightjar::run
