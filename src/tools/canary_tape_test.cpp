// Tests of tape, which go on after a failed assertion and end with t.end().
#include <gtest/gtest.h>

#include "base/text.h"
#include "tools/canary.h"

namespace nightjar::tools {
namespace {

const std::string kTape = R"(var test = require('tape');
var add = require('../calc').add;

test('adds', function (t) {
  t.equal(add(2, 3), 5);
  t.test('nothing', function (st) {
    st.plan(1);
    st.throws(function () { add(); });
  });
  t.end();
});

test('later', (t) => setTimeout(() => t.end()));
)";

std::string with(const std::string& test, Failing how) {
  return with_canary("test/calc.js", kTape, test, how).value_or("");
}

TEST(CanaryTape, AsksForAnotherValue) {
  EXPECT_EQ(with("adds", Failing::Assertion), replaced(kTape, ", 5)", ", 6)"));
  EXPECT_EQ(with("nothing", Failing::Assertion), "");
}

TEST(CanaryTape, FailsBeforeTheTestSaysThatItHasEnded) {
  const std::string failure = ".fail(\"this test must fail now\");\n";
  EXPECT_EQ(with("adds", Failing::End),
            replaced(kTape, "  t.end();\n", "  t" + failure + "  t.end();\n"));
  EXPECT_EQ(with("nothing", Failing::End),
            replaced(kTape, "add(); });\n", "add(); });\n    st" + failure));
  EXPECT_EQ(with("adds > nothing", Failing::End), "") << "tape does not name it so";
}

}  // namespace
}  // namespace nightjar::tools
