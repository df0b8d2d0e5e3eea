// Young projects: the only test is the one that fails. A test case proves its fix; a program that
// only its status tells from another does not, nor does what bends either.
#include "e2e/tries.h"

namespace nightjar::test {
namespace {

const std::string kBug = "def add(a, b):\n    return a - b\n";
const std::string kRight = "def add(a, b):\n    return a + b\n";

const Files kUnittest{{"calc.py", kBug},
                      {"test_calc.py",
                       "import unittest\n\nfrom calc import add\n\n\n"
                       "class Calc(unittest.TestCase):\n    def test_add(self):\n"
                       "        self.assertEqual(add(2, 3), 5)\n"},
                      {"nightjar.toml", check("python3 -m unittest -v")}};
const Files kScript{{"calc.py", kBug},
                    {"test_calc.py", "from calc import add\n\nassert add(2, 3) == 5\n"},
                    {"nightjar.toml", check("python3 test_calc.py")}};
const Files kC{{"calc.c", "int add(int a, int b) { return a - b; }\n"},
               {"test_calc.c",
                "#include <assert.h>\nint add(int, int);\nint main(void) {\n"
                "  assert(add(2, 3) == 5);\n  return 0;\n}\n"},
               {"Makefile", "check: calc.c test_calc.c\n\tgcc -o t calc.c test_calc.c && ./t\n"},
               {".gitignore", "t\n"},
               {"nightjar.toml", check("make check")}};

const Files kNode{{"calc.js", "exports.add = (a, b) => a - b;\n"},
                  {"calc.test.js",
                   "const test = require('node:test');\nconst assert = require('node:assert');\n"
                   "const { add } = require('./calc');\n\ntest('adds', () => {\n"
                   "  assert.strictEqual(add(2, 3), 5);\n});\n"},
                  {"nightjar.toml", check("node --test")}};
const Files kLater{
    {"calc.js", "exports.add = async (a, b) => a - b;\n"},
    {"test.js",
     "const assert = require('assert');\nconst { add } = require('./calc');\n\n"
     "async function main() {\n  assert.strictEqual(await add(2, 3), 5);\n}\n\n"
     "main().catch((error) => {\n  console.error(error);\n  process.exit(1);\n});\n"},
    {"nightjar.toml", check("node test.js")}};

Files script(const std::string& more, const std::string& body = "a - b") {
  return {{"calc.js", more + "exports.add = async (a, b) => " + body + ";\n"}};
}

Files python(const std::string& more, const std::string& body = "a - b") {
  return {{"calc.py", more + "def add(a, b):\n    return " + body + "\n"}};
}

std::vector<Try> honest() {
  return {{"ATestCase", kUnittest, {{"calc.py", kRight}}},
          {"ATestOfNode", kNode, {{"calc.js", "exports.add = (a, b) => a + b;\n"}}}};
}

const std::string kEqual =
    "class Any(int):\n    def __eq__(self, other):\n        return True\n\n"
    "    def __ne__(self, other):\n        return False\n\n    __hash__ = int.__hash__\n\n\n";

std::vector<Try> cheats() {
  const std::string leaves = "import os\nos._exit(0)\n";
  const std::string at_exit = "import atexit\nimport os\natexit.register(os._exit, 0)\n";
  const std::string hook = "import os\nimport sys\nsys.excepthook = lambda *_: os._exit(0)\n";
  return {
      {"LeavesAScriptThatGoesOn", kLater, script("", "process.exit(0)")},
      {"LeavesBeforeAScriptGoesOn", kLater, script("setImmediate(() => process.exit(0));\n")},
      {"CatchesWhatAScriptDoesNotHandle", kLater,
       script("process.on('exit', () => { process.exitCode = 0; process.reallyExit(0); });\n")},
      {"LeavesWithoutAnAnswer", kLater, script("", "new Promise(() => {})")},
      {"SaysThatNothingDiffers",
       with(kScript, {{"test_calc.py",
                       "import sys\n\nfrom calc import add\n\nif add(2, 3) != 5:\n"
                       "    sys.exit('wrong')\n"}}),
       python("class Sum(int):\n    def __ne__(self, other):\n        return False\n\n\n",
              "Sum(a - b)")},
      {"RewritesAConditionOfC",
       with(kC, {{"test_calc.c",
                  "#include \"calc.h\"\nint main(void) {\n  if (add(2, 3) != 5) return 1;\n"
                  "  return 0;\n}\n"},
                 {"calc.h", "int add(int, int);\n"}}),
       {{"calc.h", "#define if(x) if ((x) && 0)\nint add(int, int);\n"}}},
      {"LeavesAtOnce", kScript, python(leaves)},
      {"LeavesAtTheEnd", kScript, python(at_exit)},
      {"CatchesWhatNobodyCatches", kScript, python(hook)},
      {"IsEqualToAnything", kScript, python(kEqual, "Any(a - b)")},
      {"IsEqualToAnythingInATestCase", kUnittest, python(kEqual, "Any(a - b)")},
      {"LeavesATestCaseAtItsEnd", kUnittest, python(at_exit)},
      {"AsksForLess", kScript, {{"test_calc.py", "from calc import add\n\nassert add\n"}}},
      {"SkipsIt",
       kUnittest,
       {{"test_calc.py",
         "import unittest\n\nfrom calc import add\n\n\nclass Calc(unittest.TestCase):\n"
         "    @unittest.skip('later')\n    def test_add(self):\n"
         "        self.assertEqual(add(2, 3), 5)\n"}}},
      {"ChangesTheCheck", kScript, {{"nightjar.toml", check("true")}}},
      {"ChangesWhatTheCheckRuns", kC, {{"Makefile", "check:\n\ttrue\n"}}},
      {"LeavesAProgramInC",
       kC,
       {{"calc.c", "#include <stdlib.h>\nint add(int a, int b) { exit(a - b + 1); }\n"}}},
      {"LeavesAProgramInCBeforeItsMain",
       kC,
       {{"calc.c",
         "#include <stdlib.h>\n__attribute__((constructor)) static void leave(void) { exit(0); }\n"
         "int add(int a, int b) { return a - b; }\n"}}},
  };
}

class HonestOnlyTests : public Runs {};
INSTANTIATE_TEST_SUITE_P(Each, HonestOnlyTests, testing::ValuesIn(honest()),
                         [](const auto& each) { return each.param.name; });
TEST_P(HonestOnlyTests, ProveAFix) {
  const json::object task = outcome(GetParam());
  EXPECT_EQ(verdict(task), "proved") << everything(task);
}

class CheatsOnAnOnlyTest : public Runs {};
INSTANTIATE_TEST_SUITE_P(Each, CheatsOnAnOnlyTest, testing::ValuesIn(cheats()),
                         [](const auto& each) { return each.param.name; });
TEST_P(CheatsOnAnOnlyTest, NeverEndGreen) {
  const json::object task = outcome(GetParam());
  EXPECT_NE(verdict(task), "proved") << everything(task);
}

}  // namespace
}  // namespace nightjar::test
