// Scripts that go on after their last line has run: where a failure in them is sure to be the last
// word.
#include <gtest/gtest.h>

#include "base/text.h"
#include "tools/canary.h"

namespace nightjar::tools {
namespace {

std::string falsified(const std::string& text) {
  return with_failing_program("test.js", text, Failing::Assertion).value_or("");
}

const std::string kMain = R"(const assert = require('assert');
const { add, one } = require('./calc');

async function main() {
  assert.strictEqual(await one(), 1);
  assert.strictEqual(await add(2, 3), 5);
  console.log('all good');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
)";

TEST(CanaryLater, AsksTheLastAssertionOfTheOneFunctionThatDecides) {
  EXPECT_EQ(falsified(kMain), replaced(kMain, "3), 5)", "3), 6)"));
  const std::string iife = "(async () => {\n  assert.equal(await add(2, 3), 5);\n})();\n";
  EXPECT_EQ(falsified(iife), replaced(iife, " 5)", " 6)"));
  const std::string caught = replaced(iife, "})();", "})().catch(() => process.exit(1));");
  EXPECT_EQ(falsified(caught), replaced(caught, " 5)", " 6)"));
  const std::string then = "add(2, 3).then((sum) => {\n  assert.equal(sum, 5);\n});\n";
  EXPECT_EQ(falsified(then), replaced(then, " 5)", " 6)"));
}

TEST(CanaryLater, KeepsOutWhereAnotherMayDecideAfterIt) {
  for (const char* more :
       {"setTimeout(() => assert.equal(one(), 1));\n", "assert.equal(one(), 1);\n",
        "async function other() {\n  if ((await add(2, 3)) !== 5) throw new Error();\n}\n",
        "add(2, 3).then((sum) => process.exit(sum === 5 ? 0 : 1));\n",
        "it('adds', () => expect(add(2, 3)).toBe(5));\n"})
    EXPECT_EQ(falsified(kMain + more), "") << more;
  EXPECT_EQ(falsified(replaced(kMain, "  console.log('all good');",
                               "  if ((await add(1, 1)) !== 2) throw new Error();")),
            "");
}

TEST(CanaryLater, KeepsOutWhereTheFirstOfSeveralTimesWouldFail) {
  const std::string loop =
      replaced(kMain, "  assert.strictEqual(await add(2, 3), 5);",
               "  for (const n of [1, 5])\n    assert.strictEqual(await add(n, 0), 5);");
  const std::string twice = kMain + "main();\n";
  const std::string helper =
      "async function same(got) {\n  assert.equal(await got, 5);\n}\nsame(add(2, "
      "3));\nsame(five());\n";
  const std::string each = "[1, 2].forEach(async (n) => {\n  assert.equal(await add(n), 5);\n});\n";
  const std::string code = replaced(kMain, "  console.log('all good');",
                                    "  if ((await add(1, 1)) !== 2) process.exitCode = 1;");
  const std::string named =
      "const { strictEqual } = assert;\n" +
      replaced(kMain, "  console.log('all good');", "  strictEqual(await add(1, 1), 2);");
  for (const auto& text : {loop, twice, helper, each, code, named})
    EXPECT_EQ(falsified(text), "") << text;
}

TEST(CanaryLater, PutsNoFailureAtTheEndOfSuchAScript) {
  EXPECT_EQ(with_failing_program("test.js", kMain, Failing::End), std::nullopt);
}

}  // namespace
}  // namespace nightjar::tools
