#include "verify/parts.h"

#include <gtest/gtest.h>

namespace nightjar::verify {
namespace {

struct Sorting {
  Case input;
  std::map<std::string, std::string> base, tests, programs = {};
  std::vector<std::string> commands;

  Sorting& changed(char status, const std::string& path, const std::string& before,
                   const std::string& after) {
    input.changed.push_back({status, path, ""});
    input.contents[path] = {before, after};
    if (status != 'A') base[path] = before;
    return *this;
  }
  Part part(const std::string& path) {
    const BaseView view{commands,
                        [this](const std::string& file) -> std::optional<std::string> {
                          const auto found = base.find(file);
                          return found == base.end() ? std::nullopt : std::optional(found->second);
                        },
                        [this]() -> const std::map<std::string, std::string>& { return tests; },
                        [this]() -> const std::map<std::string, std::string>& { return programs; }};
    return parts_of(input, view).at(path);
  }
};

Part part_of_new(const std::string& path, const std::string& text = "x\n") {
  return Sorting().changed('A', path, "", text).part(path);
}
Part part_of_changed(const std::string& path) {
  return Sorting().changed('M', path, "a\n", "b\n").part(path);
}

TEST(Parts, SourceIsWhatProgramsAreWrittenIn) {
  for (const char* path : {"calc.py", "src/a.c", "include/a.h", "lib/a.ts", "pkg/a.go",
                           "src/lib.rs", "app/tasks.py", "calc.sh", "src/json/types.js"})
    EXPECT_EQ(part_of_changed(path), Part::Source) << path;
}

// Folders that are named like those of tests, and hold a part of the program.
TEST(Parts, WhatTheProgramItselfTakesInIsSourceWhateverItsFolderIsCalled) {
  for (const char* path : {"app/testing/calc.py", "spec/calc.py", "expected/calc.py"}) {
    Sorting sorting;
    sorting.changed('M', path, "def add(a, b):\n    return a - b\n", "x\n");
    EXPECT_EQ(sorting.part(path), Part::Other) << path;
    sorting.programs["main.py"] =
        "from app.testing.calc import add\nimport spec.calc\n"
        "import expected.calc\n";
    EXPECT_EQ(sorting.part(path), Part::Source) << path;
    sorting.input.contents[path].first = "def same(a, b):\n    assert a == b\n";
    EXPECT_EQ(sorting.part(path), Part::Other) << path << " asserts";
  }
}

TEST(Parts, ATasksModuleIsInvokesWhereItSaysSo) {
  EXPECT_EQ(Sorting().changed('M', "tasks.py", "def add():\n", "x\n").part("tasks.py"),
            Part::Source);
  EXPECT_EQ(Sorting().changed('M', "tasks.py", "from invoke import task\n", "x\n").part("tasks.py"),
            Part::Other);
  EXPECT_EQ(Sorting().changed('A', "tasks.py", "", "x\n").part("tasks.py"), Part::Other);
}

TEST(Parts, WhatRunsTestsOrIsReadByThemIsNoSource) {
  for (const char* path : {".pytest.ini",
                           "pytest.toml",
                           "evil-1.0.dist-info/entry_points.txt",
                           "pyproject.toml",
                           ".proverc",
                           "Makefile",
                           "GNUmakefile",
                           ".npmrc",
                           "package.json",
                           ".mocharc.yaml",
                           "jest.setup.js",
                           "jest.config.js",
                           "vite.config.js",
                           "__mocks__/calc.js",
                           ".cargo/config.toml",
                           "build.rs",
                           "go.mod",
                           "conftest.py",
                           "expected/add.txt",
                           "snapshots/add.js",
                           "test_data/a.py",
                           "fixtures/a.js",
                           "setup.py",
                           "third_party/want/want.go",
                           "data.json",
                           ".hidden/a.py"})
    EXPECT_EQ(part_of_changed(path), Part::Other) << path;
}

TEST(Parts, TestsAreTestsAndTheirHelpersStayTheBases) {
  EXPECT_EQ(part_of_new("tests/test_more.py"), Part::NewTests);
  EXPECT_EQ(part_of_new("tests/data/more.txt"), Part::NewTests);
  EXPECT_EQ(part_of_changed("test_calc.py"), Part::NewTests);
  EXPECT_EQ(part_of_changed("tests/helpers.py"), Part::Other);
  EXPECT_EQ(part_of_changed("tests/data/golden.txt"), Part::Other);
  EXPECT_EQ(part_of_new("tests/conftest.py"), Part::Other);
  EXPECT_EQ(part_of_new("test_calc/__init__.py"), Part::NewTests);
}

TEST(Parts, WhatIsGoneOfTheTestsIsNoSource) {
  Sorting sorting;
  sorting.changed('D', "tests/test_a.py", "x", "").changed('D', "old.py", "x", "");
  sorting.input.changed.push_back({'R', "new.toml", "pyproject.toml"});
  EXPECT_EQ(sorting.part("tests/test_a.py"), Part::Other);
  EXPECT_EQ(sorting.part("pyproject.toml"), Part::Other);
  EXPECT_EQ(sorting.part("old.py"), Part::Source);
}

TEST(Parts, AScriptThatTheCheckRunsIsNoSource) {
  Sorting sorting;
  sorting.commands = {"sh check.sh"};
  sorting.changed('M', "check.sh", "a\n", "b\n").changed('M', "calc.sh", "a\n", "b\n");
  EXPECT_EQ(sorting.part("check.sh"), Part::Other);
  EXPECT_EQ(sorting.part("calc.sh"), Part::Source);
}

TEST(Parts, AScriptThatTheTestsRuleRunsIsNoSource) {
  Sorting sorting;
  sorting.commands = {"make test"};
  sorting.base["Makefile"] = "all:\n\tsh build.sh\n\ntest:\n\t@sh tools/run.sh\n";
  sorting.changed('M', "tools/run.sh", "a\n", "b\n").changed('M', "build.sh", "a\n", "b\n");
  EXPECT_EQ(sorting.part("tools/run.sh"), Part::Other);
  EXPECT_EQ(sorting.part("build.sh"), Part::Source);
}

TEST(Parts, AModuleThatIsFoundBeforeAnotherIsNoSource) {
  EXPECT_EQ(part_of_new("difflib.py"), Part::Other);
  EXPECT_EQ(part_of_new("include/assert.h"), Part::Other);
  Sorting sorting;
  sorting.base["calc.py"] = "x\n";
  sorting.base["pkg/__init__.py"] = "";
  sorting.changed('A', "calc/__init__.py", "", "x\n").changed('A', "pkg/types.py", "", "x\n");
  EXPECT_EQ(sorting.part("calc/__init__.py"), Part::Other);
  EXPECT_EQ(sorting.part("pkg/types.py"), Part::Source) << "a module of a package hides nothing";
}

TEST(Parts, TestsWithoutATestsNameAreKnownByTheBasesReport) {
  const std::string text = "def test_add():\n    assert add(2, 3) == 5\n";
  Sorting sorting;
  sorting.changed('M', "check_calc.py", text, "def test_add():\n    assert True\n");
  EXPECT_EQ(sorting.part("check_calc.py"), Part::Source);
  core::CheckReport report;
  report.tests["check_calc.py::test_add"] = core::TestStatus::Failed;
  sorting.input.baseline = {report};
  EXPECT_EQ(sorting.part("check_calc.py"), Part::Other);
}

TEST(Parts, AHelperThatAssertsForTheTestsIsNoSource) {
  const std::string before = "def same(a, b):\n    assert a == b\n";
  Sorting sorting;
  sorting.changed('M', "helpers.py", before, "def same(a, b):\n    return a == b\n");
  EXPECT_EQ(sorting.part("helpers.py"), Part::Source);
  sorting.tests["test_a.py"] = "from helpers import same\n\n\ndef test():\n    same(1, 1)\n";
  EXPECT_EQ(sorting.part("helpers.py"), Part::Other);
}

TEST(Parts, WhatNobodyReadIsNoSource) {
  Sorting sorting;
  sorting.changed('M', "calc.js", "a\n", "");
  sorting.input.unread = {"calc.js"};
  EXPECT_EQ(sorting.part("calc.js"), Part::Other);
}

TEST(Parts, ABuildFileThatNamesANewFileGoesWithIt) {
  const std::string base = "add_library(calc calc.c)\n";
  Sorting sorting;
  sorting.changed('A', "plus.c", "", "x\n").changed('A', "tests/test_neg.c", "", "x\n");
  sorting.changed('M', "CMakeLists.txt", base, "add_library(calc calc.c plus.c)\n");
  EXPECT_EQ(sorting.part("CMakeLists.txt"), Part::Source);
  const std::string more = "add_executable(t tests/test_neg.c)\nadd_test(NAME t COMMAND t)\n";
  sorting.input.contents["CMakeLists.txt"].second = base + more;
  EXPECT_EQ(sorting.part("CMakeLists.txt"), Part::NewTests);
  sorting.input.contents["CMakeLists.txt"].second = "add_library(calc calc.c plus.c)\n" + more;
  EXPECT_EQ(sorting.part("CMakeLists.txt"), Part::BuildBoth);
  sorting.input.contents["CMakeLists.txt"].second = base + more + "add_definitions(-DNDEBUG)\n";
  EXPECT_EQ(sorting.part("CMakeLists.txt"), Part::Other);
}

TEST(Parts, AFolderThatIsGoneIsGoneFileByFile) {
  using core::Change;
  const std::vector<Change> changes{{.path = "old", .what = Change::What::Deleted}};
  const Parts parts{
      {"old/a.py", Part::Source}, {"old/b.txt", Part::Other}, {"older.py", Part::Source}};
  const auto some =
      changes_of(changes, parts, [](const auto&, Part part) { return part == Part::Source; });
  ASSERT_EQ(some.size(), 1U);
  EXPECT_EQ(some[0].path, "old/a.py");
  const auto all = changes_of(changes, parts, [](const auto&, Part) { return true; });
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].path, "old");
}

}  // namespace
}  // namespace nightjar::verify
