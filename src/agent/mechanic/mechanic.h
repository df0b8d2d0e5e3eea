// The agent that needs no model: renames and structural replacements.
#pragma once

#include <memory>

#include "agent/agent.h"

namespace nightjar::agent {

std::unique_ptr<Agent> make_mechanic();

}  // namespace nightjar::agent
