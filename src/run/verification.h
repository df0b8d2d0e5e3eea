// The verify stage: the candidate's blobs over the base's checkout, in a sandbox that no agent has
// touched, under the base's own checks; and what its tests are worth apart from the rest.
#pragma once

#include "base/json.h"
#include "run/context.h"

namespace nightjar::run {

/// `work_done`: what the work stage established. Journals the proof; gives its verdict and reason.
json::object verify_candidate(Context& context, const json::object& work_done);

}  // namespace nightjar::run
