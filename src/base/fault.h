// Named points at which a test may have the process killed, to prove that nothing is lost there.
#pragma once

#include <string_view>

namespace nightjar {

/// Kills this process with SIGKILL where the environment says NIGHTJAR_FAULT=<name> and the folder
/// NIGHTJAR_FAULT_DIR holds no file of that name yet (the file is made first: each point strikes
/// once). Costs one getenv otherwise.
void fault_point(std::string_view name);

}  // namespace nightjar
