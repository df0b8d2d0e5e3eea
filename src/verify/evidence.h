// Why tests that pass may be no evidence: the change touched what runs them. For claims in prose,
// which rest on tests alone.
#pragma once

#include <string>
#include <vector>

#include "verify/verify.h"

namespace nightjar::verify {

/// Each names its file: a module that takes the place of a test runner or of what one stands on,
/// code of the program that reaches into its tests, hooks that decide what a test's result is,
/// other ways to run the tests or to build them (also where such a file is new, or gone), what a
/// check's command runs, what could not be read, checks of nightjar.toml that are gone. By text,
/// approximate: what is found here is not shown to be wrong, only no longer independent.
std::vector<std::string> objections_to_evidence(const Case& input);

}  // namespace nightjar::verify
