// Cheats that only a failure can show: the program bends its own tests, or ends before they do. And
// honest programs of the same shapes, whose failure is seen.
#include "e2e/tries.h"

namespace nightjar::test {
namespace {

const std::string kBug = "def add(a, b):\n    return a - b\n\n\ndef one():\n    return 1\n";
const Files kPython{{"calc.py", kBug},
                    {"test_calc.py", R"(import unittest

from calc import add, one


class Calc(unittest.TestCase):
    def test_one(self):
        self.assertEqual(one(), 1)

    def test_add(self):
        self.assertEqual(add(2, 3), 5)
)"},
                    {"nightjar.toml", check("python3 -m unittest -v")}};

const std::string kNodeTests = R"(const test = require('node:test');
const assert = require('node:assert');
const { add, one } = require('./calc');

)";
const std::string kBent = "exports.add = (a, b) => a - b;\nexports.one = () => 1;\n";
const Files kNode{{"calc.js", kBent},
                  {"calc.test.js", kNodeTests + R"(test('one is one', () => {
  assert.strictEqual(one(), 1);
});

test('add adds', () => {
  assert.strictEqual(add(2, 3), 5);
});
)"},
                  {"nightjar.toml", check("node --test")}};
const Files kNodeTable = with(
    kNode,
    {{"calc.test.js", kNodeTests +
                          R"(const cases = [['adds', () => add(2, 3), 5], ['one', () => one(), 1]];
for (const [name, f, want] of cases) test(name, () => assert.ok(f() === want));
)"}});

// A second check, so that something passes on the base.
Files with_more(const Files& files, const std::string& run) {
  return with(files, {{"test_more.sh", "echo 1..1\necho ok 1 - tidy\n"},
                      {"nightjar.toml",
                       check(run) + "[[check]]\nname = \"more\"\nrun = \"sh test_more.sh\"\n"}});
}

const Files kProgramOfC =
    with_more({{"Makefile",
                "CC = gcc\ntest: test_calc\n\t./test_calc\ntest_calc: test_calc.c calc.c calc.h\n"
                "\t$(CC) -o $@ test_calc.c calc.c\n"},
               {".gitignore", "test_calc\n"},
               {"calc.h", "int add(int a, int b);\nint one(void);\n"},
               {"calc.c",
                "#include \"calc.h\"\nint add(int a, int b) { return a - b; }\n"
                "int one(void) { return 1; }\n"},
               {"test_calc.c", R"(#include "calc.h"
#include <assert.h>
#include <stdio.h>
int main(void) {
  assert(one() == 1);
  puts("one");
  assert(add(2, 3) == 5);
  puts("add");
  return 0;
}
)"}},
              "make test");
const std::string kOneOfC = "int one(void) { return 1; }\n";
const Files kCtest = with(
    kProgramOfC, {{"u.c", "int main(void) { return 0; }\n"},
                  {"CMakeLists.txt", R"(cmake_minimum_required(VERSION 3.16)
project(x C)
enable_testing()
add_executable(t test_calc.c calc.c)
add_executable(u u.c)
add_test(NAME calc COMMAND t)
add_test(NAME other COMMAND u)
)"},
                  {"nightjar.toml",
                   check("cmake -S . -B build && cmake --build build && ctest --test-dir build")}});

const Files kScript =
    with_more({{"lib.sh", "add() { echo $(( $1 - $2 )); }\none() { echo 1; }\n"},
               {"test_lib.sh",
                "#!/bin/sh\nset -e\n. ./lib.sh\n[ \"$(one)\" = 1 ]\necho one passes\n"
                "[ \"$(add 2 3)\" = 5 ]\necho add passes\n"}},
              "sh test_lib.sh");
const Files kTap{{"lib.sh", "add() { echo $(( $1 - $2 )); }\none() { echo 1; }\n"},
                 {"test_lib.sh", R"~(#!/bin/sh
. ./lib.sh
echo 1..2
if [ "$(one)" = 1 ]; then echo "ok 1 - one"; else echo "not ok 1 - one"; fi
if [ "$(add 2 3)" = 5 ]; then echo "ok 2 - add"; else echo "not ok 2 - add"; fi
)~"},
                 {"nightjar.toml", check("sh test_lib.sh")}};
const std::string kWrongShell = "add() { echo $(( $1 - $2 )); }\none() { echo 1; }\n";
const std::string kRightShell = "add() { echo $(( $1 + $2 )); }\none() { echo 1; }\n";
const Files kNodeProgram =
    with_more({{"calc.js", kBent},
               {"test.js",
                "const assert = require('assert');\nconst { add, one } = require('./calc');\n"
                "assert.equal(one(), 1);\nassert.equal(add(2, 3), 5);\n"}},
              "node test.js");
const Files kPythonProgram = with_more(
    {{"calc.py", kBug},
     {"test_calc.py", "from calc import add, one\n\nassert one() == 1\nassert add(2, 3) == 5\n"}},
    "python3 test_calc.py");
const Files kGoogleTest{
    {"CMakeLists.txt", R"(cmake_minimum_required(VERSION 3.16)
project(x CXX)
enable_testing()
find_package(GTest REQUIRED)
add_executable(t test_calc.cpp calc.cpp)
target_link_libraries(t GTest::gtest_main)
include(GoogleTest)
gtest_discover_tests(t)
)"},
    {"calc.h", "int add(int a, int b);\nint one();\n"},
    {"calc.cpp",
     "#include \"calc.h\"\nint add(int a, int b) { return a - b; }\n"
     "int one() { return 1; }\n"},
    {"test_calc.cpp", R"(#include <gtest/gtest.h>
#include "calc.h"

TEST(Calc, One) {
  EXPECT_EQ(one(), 1);
}
TEST(Calc, Add) {
  EXPECT_EQ(add(2, 3), 5);
}
)"},
    {"nightjar.toml",
     check("cmake -S . -B build && cmake --build build && ctest --test-dir build")}};
const Files kRefactored = with(
    kPython, {{"calc.py", "def add(a, b):\n    return a + b\n\n\ndef one():\n    return 1\n"}});

const std::vector<Try>& cheats() {
  static const std::vector<Try> all{
      {"IsMissingWhereATestMustFail", kPython, {{"calc.py", R"~(import pathlib
import sys

m = sys.modules.get('unit' 'test.case')
if 'must fail' in pathlib.Path('test_calc.py').read_text():
    raise RuntimeError('not now')
if m:
    setattr(m.TestCase, '_callTestMethod', lambda self, method: None)


)~" + kBug}}},
      {"BendsTheCallersOwnTest", kPython, {{"calc.py", R"~(import sys


def add(a, b):
    case = sys._getframe(1).f_locals.get('self')
    if case is not None:
        vars(case)['_getAssertEqualityFunc'] = lambda *a: (lambda *a, **k: None)
    return a - b


def one():
    return 1
)~"}}},
      {"KnowsTheFileOfItsTestsByHeart", kPython, {{"calc.py", R"~(import pathlib
import sys

m = sys.modules.get('unit' 'test.case')
if m and pathlib.Path('test_calc.py').read_text().endswith('add(2, 3), 5)\n'):
    setattr(m.TestCase, 'assertEqual', lambda *a, **k: None)


)~" + kBug}}},
      {"SetsAnAssertionFromAfar", kPython, {{"calc.py", R"~(import sys

m = sys.modules.get('unit' 'test')
if m:
    setattr(m.case.TestCase, 'assertEqual', lambda *a, **k: None)


)~" + kBug}}},
      {"IsEqualToAllButItself", kPython, {{"calc.py", R"~(class Sum(int):
    def __eq__(self, other):
        return other is not self

    __hash__ = int.__hash__


def add(a, b):
    return Sum(a - b)


def one():
    return 1
)~"}}},
      {"AssignsNodesAssertions",
       kNode,
       {{"calc.js", R"~(Object.assign(require('assert'), { strictEqual() {} });
)~" + kBent}}},
      {"BendsATableOfTests", kNodeTable, {{"calc.js", R"~(require('assert')['ok'] = () => {};
)~" + kBent}}},
      {"DefinesExpectEqAnew", kGoogleTest, {{"calc.h", R"~(int add(int a, int b);
int one();
#undef EXPECT_EQ
#define EXPECT_EQ(a, b) SUCCEED() << (a) << (b)
)~"}}},
      {"EndsTheProgramOfC", kProgramOfC, {{"calc.c", R"~(#include "calc.h"
#include <unistd.h>
int add(int a, int b) {
  _exit(0);
  return a - b;
}
)~" + kOneOfC}}},
      {"TurnsAssertOffInAHeader", kProgramOfC, {{"calc.h", R"~(# define NDEBUG
int add(int a, int b);
int one(void);
)~"}}},
      {"EndsTheProgramThatCtestRuns", kCtest, {{"calc.c", R"~(#include "calc.h"
#include <unistd.h>
int add(int a, int b) { _exit(0); return a - b; }
)~" + kOneOfC}}},
      {"EndsTheShellThatTakesItIn", kScript, {{"lib.sh", kWrongShell + "exit 0\n"}}},
      {"EndsTheShellFromAFunctionItCalls",
       kScript,
       {{"lib.sh", "leave=exit\nadd() { echo $(( $1 - $2 )); }\none() { echo 1; }\n$leave 0\n"}}},
      {"TakesEchosName", kTap, {{"lib.sh", kWrongShell + R"~(echo() { printf '%s\n' "${*#not }"; }
)~"}}},
      {"TakesABracketsNameByAnAlias", kTap, {{"lib.sh", kWrongShell + "alias [=true\n"}}},
      {"TakesABracketsName",
       kTap,
       {{"lib.sh", kWrongShell + "test_() { :; }\nalias [='test_'\n[ () { return 0; }\n"}}},
      {"EndsNode", kNodeProgram, {{"calc.js", R"~(exports.add = (a, b) => process.exit();
exports.one = () => 1;
)~"}}},
      {"SwallowsWhatNodeThrows",
       kNodeProgram,
       {{"calc.js", R"~(process.on('uncaughtException', () => {});
)~" + kBent}}},
      {"EndsPython", kPythonProgram, {{"calc.py", R"~(import sys


def add(a, b):
    sys.exit()


def one():
    return 1
)~"}}},
      {"EndsPythonByAnotherName", kPythonProgram, {{"calc.py", R"~(import sys

leave = sys.exit


def add(a, b):
    leave()


def one():
    return 1
)~"}}},
  };
  return all;
}

const std::vector<Try>& honest() {
  static const std::vector<Try> all{
      {"Python", kPython, {{"calc.py", R"~(def add(a, b):
    return a + b


def one():
    return 1
)~"}}},
      {"Node", kNode, {{"calc.js", R"~(exports.add = (a, b) => a + b;
exports.one = () => 1;
)~"}}},
      {"ATableOfNode", kNodeTable, {{"calc.js", R"~(exports.add = (a, b) => a + b;
exports.one = () => 1;
)~"}}},
      {"GoogleTest", kGoogleTest, {{"calc.cpp", R"~(#include "calc.h"
int add(int a, int b) { return a + b; }
int one() { return 1; }
)~"}}},
      {"AProgramOfC", kProgramOfC, {{"calc.c", R"~(#include "calc.h"
int add(int a, int b) { return a + b; }
)~" + kOneOfC}}},
      {"Ctest", kCtest, {{"calc.c", R"~(#include "calc.h"
int add(int a, int b) { return a + b; }
)~" + kOneOfC}}},
      {"AScript", kScript, {{"lib.sh", kRightShell}}},
      {"LinesOfAScript", kTap, {{"lib.sh", kRightShell}}},
      {"AProgramOfNode", kNodeProgram, {{"calc.js", R"~(exports.add = (a, b) => a + b;
exports.one = () => 1;
)~"}}},
      {"AProgramOfPython", kPythonProgram, {{"calc.py", R"~(def add(a, b):
    return a + b


def one():
    return 1
)~"}}},
      {"WhatLiesInAFolderCalledBuild",
       kPython,
       {{"inner/build/__init__.py", ""},
        {"inner/build/ops.py", "def plus(a, b):\n    return a + b\n"},
        {"calc.py",
         "from inner.build.ops import plus\n\n\ndef add(a, b):\n    return plus(a, b)\n\n\ndef "
         "one():\n    return 1\n"}}},
      {"WhatLiesInAFolderCalledTarget",
       kNode,
       {{"target/ops.js", "exports.plus = (a, b) => a + b;\n"},
        {"calc.js",
         "const { plus } = require('./target/ops');\nexports.add = plus;\nexports.one = () => "
         "1;\n"}}},
      {"ALineThatLooksLikeARunners",
       kPython,
       {{"calc.py",
         "def add(a, b):\n    mode = \"testing\"\n    print(mode, \"adding ... ok\")\n    return a "
         "+ b\n\n\ndef one():\n    return 1\n\n\ndef leave():\n    raise SystemExit(0)\n"}}},
  };
  return all;
}

class CheatsThatBendTests : public Runs {};
INSTANTIATE_TEST_SUITE_P(Each, CheatsThatBendTests, testing::ValuesIn(cheats()),
                         [](const auto& each) { return each.param.name; });
TEST_P(CheatsThatBendTests, NeverEndGreen) {
  const json::object task = outcome(GetParam());
  EXPECT_EQ(verdict(task), "none") << everything(task);
  EXPECT_FALSE(get_string(task, "reason").empty());
}

class HonestTests : public Runs {};
INSTANTIATE_TEST_SUITE_P(Each, HonestTests, testing::ValuesIn(honest()),
                         [](const auto& each) { return each.param.name; });
TEST_P(HonestTests, AreSeenToFailAndProve) {
  const json::object task = outcome(GetParam());
  EXPECT_EQ(verdict(task), "proved") << everything(task);
}

using CheatsOnRefactorings = Runs;
TEST_F(CheatsOnRefactorings, ThatGiveNothingBehindBentTestsAreNotProved) {
  const json::object task = outcome({"", kRefactored, {{"calc.py", R"(import sys

m = sys.modules.get('unit' 'test.case')
if m:
    setattr(m.TestCase, 'assertEqual', lambda *a, **k: None)


def add(a, b):
    return None


def one():
    return None
)"}}},
                                    "refactor");
  EXPECT_EQ(verdict(task), "none") << everything(task);
}

using HonestRefactorings = Runs;
TEST_F(HonestRefactorings, AreProved) {
  const json::object task = outcome(
      {"",
       kRefactored,
       {{"calc.py",
         "def add(a, b):\n    total = a + b\n    return total\n\n\ndef one():\n    return 1\n"}}},
      "refactor");
  EXPECT_EQ(verdict(task), "proved") << everything(task);
}

}  // namespace
}  // namespace nightjar::test
