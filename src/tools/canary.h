// A test that must fail: where it does not, what runs the tests cannot be believed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nightjar::tools {

/// `text`, the test file at `path`, with a failure at the end of the body of one test, which is
/// named as the readers name it ("tests/test_calc.py::test_add[1]", "example.com/calc.TestAdd/sub",
/// "calc.test.js > Calc > adds"). A test with parameters or subtests fails as a whole. nullopt
/// where the file does not hold the test for sure, or a failure would not show (an expected one).
std::optional<std::string> with_canary(std::string_view path, std::string_view text,
                                       std::string_view test);

}  // namespace nightjar::tools
