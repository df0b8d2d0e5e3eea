// The publish stage: the candidate becomes a branch of the person's repository. Intent, effect,
// done: a stage that is made again finds what it has done.
#pragma once

#include "base/json.h"
#include "run/context.h"

namespace nightjar::run {

/// `work_done`: what the work stage established. Ends the run where somebody else moved the branch.
void publish_candidate(Context& context, const json::object& work_done);

}  // namespace nightjar::run
