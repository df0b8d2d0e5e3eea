// A test that must fail: where it does not, what runs the tests cannot be believed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nightjar::tools {

/// How a test is made to fail.
enum class Failing {
  Assertion,  ///< its last assertion asks for what cannot be: shows that it is not bent, too
  End,        ///< a failure at the end of its body: shows that it is run to its end
};

inline constexpr std::string_view kUsualFailure = "this test must fail now";

/// `text`, the test file at `path`, with the body of one test made to fail. The test is named as
/// the readers name it ("tests/test_calc.py::test_add[1]", "example.com/calc.TestAdd/sub",
/// "calc.test.js > Calc > adds"). A test with parameters or subtests fails as a whole. nullopt
/// where the file does not hold the test for sure, has no assertion that can be made to fail, or a
/// failure would not show (an expected one). `why`: said by the failure, a part of the text that
/// nobody knows before.
std::optional<std::string> with_canary(std::string_view path, std::string_view text,
                                       std::string_view test, Failing how = Failing::End,
                                       std::string_view why = kUsualFailure);

/// The same of a whole program that is its own test: a C program's main, a script. nullopt as
/// well where its end comes before what it started has ended.
std::optional<std::string> with_failing_program(std::string_view path, std::string_view text,
                                                Failing how, std::string_view why = kUsualFailure);

}  // namespace nightjar::tools
