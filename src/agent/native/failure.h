// What becomes of a run whose model does not answer. Pure.
#pragma once

#include <string>

#include "agent/agent.h"
#include "model/wire.h"

namespace nightjar::agent::native {

/// Parked where a person or time can mend it. `who`: the model's name.
WorkResult end_for(const model::Failure& failure, const std::string& who);

}  // namespace nightjar::agent::native
