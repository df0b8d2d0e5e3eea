// What the native agent offers to its model.
#pragma once

#include <vector>

#include "model/message.h"

namespace nightjar::agent::native {

const std::vector<model::ToolSpec>& tool_specs();

}  // namespace nightjar::agent::native
