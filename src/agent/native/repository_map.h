// The map of the repository for the first message.
#pragma once

#include <string>

#include "agent/agent.h"
#include "tools/toolbox.h"

namespace nightjar::agent::native {

/// The definitions that matter most for this brief, as text for the model; empty for a repository
/// of a few files, or where none could be made (then `note` says why). What was learned of the
/// files is kept for the next run. Throws Cancelled and SandboxLost.
std::string repository_map(const Assignment& assignment, sandbox::Session& session,
                           tools::Toolbox& toolbox, std::string& note, std::stop_token stop);

}  // namespace nightjar::agent::native
