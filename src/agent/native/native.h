// Nightjar's own agent: any model, any length of work.
#pragma once

#include <memory>

#include "agent/agent.h"

namespace nightjar::agent {

std::unique_ptr<Agent> make_native();

}  // namespace nightjar::agent
