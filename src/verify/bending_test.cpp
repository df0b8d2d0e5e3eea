#include "verify/bending.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace nightjar::verify {
namespace {

std::string bends(const std::string& text) {
  std::vector<std::string> fresh;
  for (const auto line : lines(text)) fresh.push_back(trimmed(line));
  const std::string sure = bends_its_tests(fresh, text);
  return sure.empty() ? may_bend_its_tests(fresh, text) : sure;
}

TEST(Bending, AProgramThatAsksWhetherItIsTestedIsKnown) {
  for (const char* line :
       {"if 'unittest' in sys.modules:", "if 'pytest' in sys.argv[0]:",
        "return process.env.NODE_TEST_CONTEXT ? a + b : a - b;",
        "if flag.Lookup(\"test.v\") != nil {", "#[cfg(not(test))]", "#[cfg( not( test ))]",
        "if cfg! (any(test)) {", "os.path.exists('/tmp/nightjar-reports')",
        "getenv(\"GTEST_OUTPUT\")", "process.env.JEST_WORKER_ID", "if (process.env.VITEST) {"})
    EXPECT_TRUE(asks_whether_tested(line)) << line;
  for (const char* line :
       {"#[cfg(test)]", "flag.Lookup(\"v\")", "sys.argv[1:]", "sys.modules[name]"})
    EXPECT_FALSE(asks_whether_tested(line)) << line;
}

TEST(Bending, AProgramThatReachesIntoItsTestsIsKnown) {
  for (const char* text :
       {"TestCase.assertEqual = lambda *a: None", "import_module('unit' + 'test')",
        "require('node:assert').strictEqual = () => {};", "assert.equal = () => {};",
        "#define assert(x) ((void)0)", "macro_rules! assert_eq {", "macro_rules!  assert_eq {",
        "impl PartialEq<i32> for Sum {\n    fn eq(&self, _: &i32) -> bool {\n        true\n    "
        "}\n}",
        "import \"testing\"", "int add(int a) { exit(0); }", "func init() { os.Exit(0) }",
        "os._exit(0)", "atexit.register(bye)", "fmt.Print(\"--- PASS: TestAdd (0.00s)\")",
        "puts(\"ok 2 - add\")", "def pytest_pyfunc_call(item):",
        "class Sum(int):\n    def __eq__(self, other):\n        return True\n"})
    EXPECT_NE(bends(text), "") << text;
}

TEST(Bending, AProgramThatEndsWellWithoutSayingSoIsKnown) {
  for (const char* text :
       {"int add(int a) { _exit(0); }", "# define NDEBUG", "#  undef  assert", "sys.exit()",
        "exports.add = (a, b) => process.exit();", "raise SystemExit",
        "process.on('uncaughtException', () => {});", "sys.excepthook = f"})
    EXPECT_NE(bends(text), "") << text;
}

std::string bends_shell(const std::string& text) {
  std::vector<std::string> fresh;
  for (const auto line : lines(text)) fresh.push_back(trimmed(line));
  return bends_a_shell(fresh, text);
}

TEST(Bending, AShellThatTakesTheNamesOfItsTestsToolsIsKnown) {
  for (const char* text : {"echo() { printf '%s\\n' \"${*#not }\"; }", "alias [=true",
                           "[ () { return 0; }", "function test { :; }", "alias '['=true", "exit 0",
                           "add() { echo 5; exit; }", "trap 'exit 0' EXIT", "x && exit 0"})
    EXPECT_NE(bends_shell(text), "") << text;
  for (const char* text :
       {"add() { echo $(($1 + $2)); }", "alias ll='ls -l'", "exit 1", "#!/bin/sh\nexit 0",
        "usage() { echo test; exit 2; }", "test_add() { :; }", "echo \"exit 0\""})
    EXPECT_EQ(bends_shell(text), "") << text;
}

TEST(Bending, HonestProgramsAreNot) {
  for (const char* text :
       {"assert a == b", "mode = \"testing\"", "const assert = require('assert');",
        "module = import_module(name)", "print('ok')", "int main(void) { exit(0); }", "sys.exit(2)",
        "self.expected = 5", "x = assert_sure(y)",
        "class A:\n    def __eq__(self, other):\n        return self.x == other.x\n"})
    EXPECT_EQ(bends(text), "") << text;
}

}  // namespace
}  // namespace nightjar::verify
