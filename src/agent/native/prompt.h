// What the model is told before it begins. What comes from the repository is quoted as data.
#pragma once

#include <string>

#include "agent/agent.h"
#include "sandbox/session.h"

namespace nightjar::agent::native {

/// The same for every task of every repository, so that vendors cache it.
std::string system_prompt();

/// The task, how things stand, and what the repository says to agents.
std::string first_message(const Assignment& assignment, sandbox::Session& session,
                          const std::string& repository_map);

/// What a verifier that was not convinced says, for the model.
std::string refutation(const Failures& failures, int round);

/// Failing tests and the end of their logs, as the check tool answers.
std::string failures_text(const Failures& failures);

}  // namespace nightjar::agent::native
