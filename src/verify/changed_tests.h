// What the text of a test file shows about its tests, by lines: declarations, assertions, skip
// marks. Approximate on purpose, for every language at once: it compares a file with itself, before
// and after.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nightjar::verify {

struct TestLine {
  int number = 0;    ///< 1-based
  std::string text;  ///< trimmed
};

struct TestText {
  std::vector<TestLine> declared;  ///< text: the test's name
  std::vector<TestLine> assertions;
  std::vector<TestLine> skips;
  std::vector<TestLine> trivial;  ///< assertions that cannot fail
};

/// `calls`: a call of it(), test() and their like declares a test; in C++ it is only a call.
TestText look_at_tests(std::string_view content, bool calls = true);

/// "abs=0.1" made "abs=10", "places=7" made "places=1", a wider EXPECT_NEAR: `after` accepts more.
bool is_looser(std::string_view before, std::string_view after);

}  // namespace nightjar::verify
