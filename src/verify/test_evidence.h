// What the change's own tests, and the base's tests in their old form, are evidence of. Only for
// changes that touch tests; see `Case::under_old_tests`.
#pragma once

#include <string>
#include <vector>

#include "verify/verify.h"

namespace nightjar::verify {

/// Tests that fail on the base and pass on the changed code, both in the form that the base gives
/// them.
std::vector<std::string> fixed_under_old_tests(const Case& input);
/// Tests of the base that no longer pass in their old form.
std::vector<std::string> broken_under_old_tests(const Case& input);
/// Tests that the base does not have, pass on the change, and do not pass on the base's code.
std::vector<std::string> failing_without_the_change(const Case& input);

}  // namespace nightjar::verify
