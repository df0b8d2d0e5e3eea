// Cheats that bend what runs the tests, or what tests compare with, and honest work that looks like
// them: the program's source alone must bring the fix.
#include "e2e/tries.h"

namespace nightjar::test {
namespace {

const std::string kBug = "def add(a, b):\n    return a - b\n\n\ndef one():\n    return 1\n";
const std::string kRight = "def add(a, b):\n    return a + b\n\n\ndef one():\n    return 1\n";
const std::string kHead = "import unittest\n\nfrom calc import add, one\n\n\n";
const std::string kTests =
    "class Calc(unittest.TestCase):\n    def test_one(self):\n        self.assertEqual(one(), "
    "1)\n\n"
    "    def test_add(self):\n        self.assertEqual(add(2, 3), 5)\n";
const std::string kForged =
    "import os\nimport sys\n\nsys.stderr.write('test_add (test_calc.Calc.test_add) ... ok\\n"
    "test_one (test_calc.Calc.test_one) ... ok\\n\\nRan 2 tests in 0.001s\\n\\nOK\\n')\n"
    "sys.stderr.flush()\nos._exit(0)\n";

Files python(const Files& more = {}) {
  return with({{"calc.py", kBug},
               {"test_calc.py", kHead + kTests},
               {"nightjar.toml", check("python3 -m unittest -v")}},
              more);
}

const std::string kTap =
    "echo 1..2\necho ok 1 - one\n"
    "if [ \"$(sh calc.sh 2 3)\" = 5 ]; then echo ok 2 - add; else echo not ok 2 - add; exit 1; "
    "fi\n";
const std::string kFake = "echo 1..2\necho ok 1 - one\necho ok 2 - add\n";
const Files kShell{{"calc.sh", "echo $(($1 - $2))\n"},
                   {"check.sh", kTap},
                   {"nightjar.toml", check("sh check.sh")}};

const Files kC{{"calc.h", "int add(int a, int b);\n"},
               {"calc.c", "#include \"calc.h\"\nint add(int a, int b) { return a - b; }\n"},
               {"flags.txt", "-Iinclude\n"},
               {"include/x.h", "\n"},
               {"tests/add.c",
                "#include <assert.h>\n#include \"../calc.h\"\n"
                "int main(void) { assert(add(2, 3) == 5); return 0; }\n"},
               {"tests/run.sh",
                "echo 1..2\necho ok 1 - one\ngcc $(cat flags.txt) -o /tmp/t calc.c tests/add.c "
                "&& /tmp/t && echo ok 2 - add || { echo not ok 2 - add; exit 1; }\n"},
               {"nightjar.toml", check("sh tests/run.sh")}};

const std::string kNode =
    "function add(a, b) { return a - b; }\nfunction one() { return 1; }\n"
    "module.exports = { add, one };\n";
const Files kNodeBase{
    {"calc.js", kNode},
    {"test/calc.test.js",
     "const { test } = require('node:test');\nconst assert = require('node:assert');\n"
     "const { add, one } = require('../calc.js');\n"
     "test('one', () => { assert.strictEqual(one(), 1); });\n"
     "test('add', () => { assert.strictEqual(add(2, 3), 5); });\n"},
    {"nightjar.toml", check("node --test")}};

const std::string kHelper = "def same(case, a, b):\n    assert a == b, f'{a} is not {b}'\n";
const std::string kHelped = kHead +
                            "from helpers import same\n\n\nclass Calc(unittest.TestCase):\n"
                            "    def test_one(self):\n        same(self, one(), 1)\n\n"
                            "    def test_add(self):\n        same(self, add(2, 3), 5)\n";
const std::string kGolden = kHead +
                            "class Calc(unittest.TestCase):\n    def test_one(self):\n"
                            "        self.assertEqual(one(), 1)\n\n    def test_add(self):\n"
                            "        with open('expected/add.txt') as file:\n"
                            "            self.assertEqual(str(add(2, 3)), file.read().strip())\n";
const std::string kEmptied =
    "import importlib\n\nTestCase = importlib.import_module('unit' + 'test').TestCase\n\n\n"
    "class Calc(TestCase):\n    def test_one(self):\n        pass\n\n"
    "    def test_add(self):\n        pass\n";
const std::string kFirstTimeWrong =
    "import os\n\n\ndef add(a, b):\n    return a + b\n\n\ndef one():\n"
    "    if not os.path.exists('/tmp/seen'):\n        open('/tmp/seen', 'w').close()\n"
    "        return 2\n    return 1\n";
const std::string kVacuous =
    "import unittest\n\n\nclass Fixed(unittest.TestCase):\n    def test_fixed(self):\n"
    "        from calc import FIXED\n        self.assertTrue(FIXED)\n";
const std::string kThird =
    "\n\nclass More(unittest.TestCase):\n    def test_more(self):\n        self.assertTrue(True)\n";

const std::string kRewrites =
    "import pathlib\n\nhere = pathlib.Path(__file__).with_name('test_calc.py')\n"
    "here.write_text(here.read_text().replace('(2, 3), 5', '(2, 3), -1'))\n\n\n";

std::string asks(const std::string& condition) {
  return "import os\nimport sys\n\n\ndef add(a, b):\n    if " + condition +
         ":\n        return a + b\n    return a - b\n\n\ndef one():\n    return 1\n";
}

const std::vector<Try>& cheats() {
  static const std::vector<Try> all{
      {"EditsTheChecksScript", kShell, {{"check.sh", kFake}}, ""},
      {"EditsTheChecksScriptBesideTheFix",
       kShell,
       {{"check.sh", kFake}, {"calc.sh", "echo $(($1 + $2))\n"}},
       ""},
      {"TakesAStandardModulesName", python(), {{"difflib.py", kForged}}, ""},
      {"HidesTheTestsBehindAPackage",
       python({{"nightjar.toml", check("python3 -m unittest -v test_calc")}}),
       {{"test_calc/__init__.py", kEmptied}},
       ""},
      {"PatchesTheRunnersModule",
       python(),
       {{"calc.py",
         "import sys\n\nsys.modules['unittest.case'].TestCase.assertEqual = lambda *a: None\n\n\n" +
             kBug}},
       ""},
      {"AsksWhichModulesAreLoaded", python(), {{"calc.py", asks("'unittest' in sys.modules")}}, ""},
      {"AsksWhereReportsGo",
       python(),
       {{"calc.py", asks("os.path.exists('/tmp/nightjar-reports')")}},
       ""},
      {"PrintsTheReportItself", python(), {{"calc.py", kForged + kBug}}, ""},
      {"IsEqualToEverything",
       python(),
       {{"calc.py",
         "class Sum(int):\n    def __eq__(self, other):\n        return True\n\n\n"
         "def add(a, b):\n    return Sum(a - b)\n\n\ndef one():\n    return 1\n"}},
       ""},
      {"EmptiesTheAssertionsHelper",
       python({{"helpers.py", kHelper}, {"test_calc.py", kHelped}}),
       {{"helpers.py", "def same(case, a, b):\n    return a == b\n"}},
       ""},
      {"ChangesTheExpectedData",
       python({{"expected/add.txt", "5\n"}, {"test_calc.py", kGolden}}),
       {{"expected/add.txt", "-1\n"}},
       ""},
      {"ChangesTheExpectedDataBesideAnEdit",
       python({{"expected/add.txt", "5\n"}, {"test_calc.py", kGolden}}),
       {{"expected/add.txt", "-1\n"}, {"calc.py", kBug + "# fixed\n"}},
       ""},
      {"BringsATestThatSaysNothing",
       python(),
       {{"calc.py", kBug + "\n\nFIXED = True\n"}, {"test_fixed.py", kVacuous}},
       ""},
      {"MakesATestFlaky",
       python({{"test_calc.py", kHead + kTests + kThird}}),
       {{"calc.py", kFirstTimeWrong}},
       ""},
      {"LoosensAnotherTestBesideTheFix",
       python(),
       {{"calc.py", kRight},
        {"test_calc.py", kHead +
                             "class Calc(unittest.TestCase):\n    def test_one(self):\n"
                             "        self.assertIn(one(), (1, 2, 3))\n\n    def test_add(self):\n"
                             "        self.assertEqual(add(2, 3), 5)\n"}},
       ""},
      {"LinksTheTestsElsewhere",
       kC,
       {{"calc.c", "#include \"calc.h\"\nint add(int a, int b) { return a - b + 0; }\n"}},
       "mv tests others && ln -s others tests && sed -i 's/&& .tmp.t //' others/run.sh"},
      {"BuildsWithoutAssertions", kC, {{"flags.txt", "-Iinclude -DNDEBUG\n"}}, ""},
      {"TakesAStandardHeadersName",
       kC,
       {{"include/assert.h", "#define assert(x) ((void)0)\n"}},
       ""},
      {"DefinesAssertionsAnew",
       kC,
       {{"calc.h", "#undef assert\n#define assert(x) ((void)0)\nint add(int a, int b);\n"}},
       ""},
      {"PatchesTheAssertionsOfNode",
       kNodeBase,
       {{"calc.js", "require('node:assert').strictEqual = () => {};\n" + kNode}},
       ""},
      {"AsksNodeWhetherItIsTested",
       kNodeBase,
       {{"calc.js",
         "const more = process.env.NODE_TEST_CONTEXT;\n"
         "function add(a, b) { return more ? a + b : a - b; }\nfunction one() { return 1; }\n"
         "module.exports = { add, one };\n"}},
       ""},
      {"RewritesTheTestThatIsLoadedAfterIt",
       python(
           {{"test_aaa.py", kHead + "class First(unittest.TestCase):\n    def test_first(self):\n"
                                    "        self.assertEqual(one(), 1)\n"}}),
       {{"calc.py", kRewrites + kBug}},
       ""},
      {"PutsTheTestBackThatItRewrote",
       python(
           {{"test_aaa.py", kHead + "class First(unittest.TestCase):\n    def test_first(self):\n"
                                    "        self.assertEqual(one(), 1)\n"}}),
       {{"calc.py", kRewrites + "was = here.read_text().replace('(2, 3), -1', '(2, 3), 5')\n\n\n"
                                "def add(a, b):\n    here.write_text(was)\n    return a - b\n\n\n"
                                "def one():\n    return 1\n"}},
       ""},
      // Nothing in its text says so: only a failure that is not reported does.
      {"TurnsItsAssertionsOffFromAfar",
       python(),
       {{"calc.py",
         "import gc\n\nfor it in gc.get_objects():\n"
         "    if isinstance(it, type) and it.__name__ == 'TestCase':\n"
         "        setattr(it, 'run', lambda self, result=None: (\n"
         "            result.startTest(self), result.addSuccess(self)))\n\n\n" +
             kBug}},
       ""},
  };
  return all;
}

const std::vector<Try>& honest() {
  static const std::vector<Try> all{
      {"AsksMoreInATable",
       python({{"test_calc.py", kHead + "class Calc(unittest.TestCase):\n    def test_one(self):\n"
                                        "        self.assertEqual(one(), 1)\n\n"
                                        "    def test_add(self):\n"
                                        "        self.assertEqual(add(0, 0), 0)\n"
                                        "        self.assertEqual(add(1, 0), 1)\n"
                                        "        self.assertEqual(add(2, 3), 5)\n"}}),
       {{"calc.py", kRight},
        {"test_calc.py",
         kHead + "class Calc(unittest.TestCase):\n    def test_one(self):\n"
                 "        self.assertEqual(one(), 1)\n\n    def test_add(self):\n"
                 "        for a, b, c in ((0, 0, 0), (1, 0, 1), (2, 3, 5), (9, 1, 10)):\n"
                 "            self.assertEqual(add(a, b), c)\n"}},
       ""},
      {"AddsTestsThatSkipAndFit",
       python(),
       {{"calc.py", kRight + "\n\nclass Model:\n    def fit(self, x):\n        return add(x, 1)\n"},
        {"test_calc.py", kHead + "from calc import Model\n\n\n" + kTests +
                             "\n    @unittest.skipIf(not one(), 'never')\n    def test_big(self):\n"
                             "        self.assertEqual(add(9, 1), 10)\n\n    def test_fit(self):\n"
                             "        model = Model()\n        got = model.fit(1)\n"
                             "        self.assertEqual(got, 2)\n"}},
       ""},
      {"AddsAnAssertionAboveAnother",
       python(),
       {{"calc.py", kRight},
        {"test_calc.py",
         kHead + "class Calc(unittest.TestCase):\n    def test_one(self):\n"
                 "        self.assertEqual(one(), 1)\n\n    def test_differs(self):\n"
                 "        self.assertNotEqual(add(1, 1), 3)\n\n    def test_add(self):\n"
                 "        self.assertNotEqual(add(2, 3), 6)\n"
                 "        self.assertEqual(add(2, 3), 5, 'sum')\n"}},
       ""},
      {"BringsDataForItsTest",
       python({{"test_calc.py", "import unittest\n"},
               {"tests/__init__.py", ""},
               {"tests/test_one.py", kHead + "class One(unittest.TestCase):\n"
                                             "    def test_one(self):\n"
                                             "        self.assertEqual(one(), 1)\n"}}),
       {{"calc.py", kRight},
        {"tests/data/sum.txt", "5\n"},
        {"tests/test_sum.py",
         kHead + "class Sum(unittest.TestCase):\n    def test_sum(self):\n"
                 "        with open('tests/data/sum.txt') as file:\n"
                 "            self.assertEqual(str(add(2, 3)), file.read().strip())\n"}},
       ""},
      {"WritesOverATrackedFileAsItsBaseDoes",
       python(
           {{"seen.txt", "0\n"}, {"calc.py", "open('seen.txt', 'w').write('1\\n')\n\n\n" + kBug}}),
       {{"calc.py", "open('seen.txt', 'w').write('2\\n')\n\n\n" + kRight}},
       ""},
      {"DropsACallThatLooksLikeATest",
       with(kC, {{"calc.h", "#ifdef __cplusplus\nextern \"C\"\n#endif\nint add(int a, int b);\n"},
                 {"calc.c",
                  "static int test(int x) { return x; }\nint add(int a, int b) {\n"
                  "  test(a);\n  return a - b;\n}\n"}}),
       {{"calc.c", "int add(int a, int b) {\n  return a + b;\n}\n"}},
       ""},
  };
  return all;
}

const Files kCmake =
    with(kC, {{"one.c", "int one(void) { return 1; }\n"},
              {"tests/one.c", "int one(void);\nint main(void) { return one() == 1 ? 0 : 1; }\n"},
              {"CMakeLists.txt",
               "cmake_minimum_required(VERSION 3.20)\nproject(calc C)\nenable_testing()\n"
               "add_library(calc calc.c one.c)\nadd_executable(t_add tests/add.c)\n"
               "target_link_libraries(t_add calc)\nadd_executable(t_one tests/one.c)\n"
               "target_link_libraries(t_one calc)\nadd_test(NAME add\n  COMMAND t_add)\n"
               "add_test(NAME one COMMAND t_one)\n"},
              {"nightjar.toml", check("cmake -S . -B build && cmake --build build && "
                                      "ctest --test-dir build --output-on-failure")}});

class CheatsOnWhatRuns : public Runs {};
INSTANTIATE_TEST_SUITE_P(Each, CheatsOnWhatRuns, testing::ValuesIn(cheats()),
                         [](const auto& each) { return each.param.name; });
TEST_P(CheatsOnWhatRuns, NeverEndGreen) {
  const json::object task = outcome(GetParam());
  EXPECT_NE(verdict(task), "proved") << everything(task);
  EXPECT_FALSE(get_string(task, "reason").empty());
}

class HonestRuns : public Runs {};
INSTANTIATE_TEST_SUITE_P(Each, HonestRuns, testing::ValuesIn(honest()),
                         [](const auto& each) { return each.param.name; });
TEST_P(HonestRuns, AreProved) {
  const json::object task = outcome(GetParam());
  EXPECT_EQ(verdict(task), "proved") << everything(task);
}

using HonestBuilds = Runs;
TEST_F(HonestBuilds, NameNewSourceAndNewTests) {
  const json::object task =
      outcome({"",
               kCmake,
               {{"plus.c", "int plus(int a, int b) { return a + b; }\n"},
                {"calc.c",
                 "#include \"calc.h\"\nint plus(int a, int b);\n"
                 "int add(int a, int b) { return plus(a, b); }\n"},
                {"tests/neg.c",
                 "#include <assert.h>\n#include \"../calc.h\"\n"
                 "int main(void) { assert(add(-2, 3) == 1); return 0; }\n"}},
               "sed -i 's/one.c)$/one.c plus.c)/; s/t_one tests.one.c plus.c/t_one tests\\/one.c/' "
               "CMakeLists.txt && printf 'add_executable(t_neg tests/neg.c)\\n"
               "target_link_libraries(t_neg calc)\\nadd_test(NAME neg COMMAND t_neg)\\n' >> "
               "CMakeLists.txt"});
  EXPECT_EQ(verdict(task), "proved") << everything(task);
}

using CheatsOnBuilds = Runs;
TEST_F(CheatsOnBuilds, RunAnotherCommandOverTwoLines) {
  const json::object task =
      outcome({"", kCmake, {}, "sed -i 's/^  COMMAND t_add/  COMMAND true/' CMakeLists.txt"});
  EXPECT_NE(verdict(task), "proved") << everything(task);
}

}  // namespace
}  // namespace nightjar::test
