#include "verify/evidence.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace nightjar::verify {
namespace {

std::string objections(const std::string& path, const std::string& before,
                       const std::string& after) {
  Case input;
  input.changed = {{before.empty() ? 'A' : 'M', path, ""}};
  input.contents[path] = {before, after};
  return join(objections_to_evidence(input), "; ");
}

TEST(Evidence, AModuleThatTakesARunnersPlaceIsNamed) {
  for (const char* path :
       {"unittest.py", "src/pytest.py", "pytest/__init__.py", "sitecustomize.py", "lib/evil.pth"})
    EXPECT_NE(objections(path, "", "x = 1\n").find("takes the place"), std::string::npos) << path;
  EXPECT_EQ(objections("src/pytester.py", "", "x = 1\n"), "");
  EXPECT_EQ(objections("src/unit/__init__.py", "", "x = 1\n"), "");
}

TEST(Evidence, AProgramThatReachesIntoItsTestsIsNamed) {
  EXPECT_NE(objections("calc.py", "x = 1\n", "import unittest\nx = 1\n"), "");
  EXPECT_EQ(objections("calc.py", "import unittest\nx = 1\n", "import unittest\nx = 2\n"), "")
      << "it was there before";
  EXPECT_EQ(objections("tests/test_calc.py", "x = 1\n", "import unittest\nx = 1\n"), "");
}

TEST(Evidence, HooksAreNamedAndFixturesAreNot) {
  EXPECT_NE(objections("tests/conftest.py", "", "def pytest_runtest_makereport(item, call):\n"),
            "");
  EXPECT_EQ(objections("tests/conftest.py", "", "@pytest.fixture\ndef db():\n    return 1\n"), "");
}

TEST(Evidence, OneMoreTestIsNoOtherWayToRunThem) {
  const std::string base = "add_executable(a a.cpp)\nadd_test(NAME a COMMAND a)\n";
  EXPECT_EQ(objections("CMakeLists.txt", base, base + "add_test(NAME b COMMAND b)\n"), "");
  EXPECT_EQ(objections("CMakeLists.txt", base, base + "add_executable(b b.cpp)\n"), "");
  EXPECT_NE(objections("CMakeLists.txt", base, "add_test(NAME a COMMAND true)\n"), "");
  EXPECT_NE(objections("Makefile", "test:\n\t./run\n", "test:\n\ttrue\n"), "");
}

TEST(Evidence, ChecksOfTheBaseThatAreGoneAreNamed) {
  const std::string base = "[[check]]\nname = \"tests\"\nrun = \"make test\"\n";
  EXPECT_NE(objections("nightjar.toml", base, "[[check]]\nname = \"tests\"\nrun = \"true\"\n"), "");
  EXPECT_EQ(
      objections("nightjar.toml", base, base + "[[check]]\nname = \"lint\"\nrun = \"lint\"\n"), "");
}

TEST(Evidence, ConfigurationThatComesOrGoesIsNamed) {
  for (const char* path : {".pytest.ini", "pytest.toml", ".proverc", ".npmrc", ".mocharc.yaml",
                           "jest.setup.js", ".cargo/config.toml", "vite.config.js"})
    EXPECT_NE(objections(path, "", "x = 1\n"), "") << path;
  EXPECT_NE(objections("GNUmakefile", "", "%:\n\tsh fake.sh\n"), "");
  Case gone;
  gone.changed = {{'D', "pyproject.toml", ""}};
  gone.contents["pyproject.toml"] = {"[tool.pytest.ini_options]\nfilterwarnings = []\n", ""};
  EXPECT_EQ(objections_to_evidence(gone).size(), 1U);
  gone.changed = {{'R', "old.toml", "pyproject.toml"}};
  gone.contents["old.toml"] = {"", gone.contents["pyproject.toml"].first};
  EXPECT_EQ(objections_to_evidence(gone).size(), 1U);
}

TEST(Evidence, ConfigurationOfOtherThingsIsNot) {
  EXPECT_EQ(objections("setup.cfg", "", "[metadata]\nname = calc\n"), "");
  EXPECT_EQ(objections("package.json", "{\"version\": \"1\"}", "{\"version\": \"2\"}"), "");
  EXPECT_EQ(objections("pyproject.toml", "[tool.pytest.ini_options]\nmarkers = []\n",
                       "[tool.pytest.ini_options]\nmarkers = [\"slow: takes long\"]\n"),
            "");
  EXPECT_NE(objections("pyproject.toml", "[tool]\n",
                       "[tool]\npytest.ini_options.addopts = \"-p evil\"\n"),
            "");
}

TEST(Evidence, ScriptsThatTheTestsScriptRunsAreNamed) {
  const auto package = [](const std::string& unit) {
    return R"({"scripts": {"test": "npm run unit", "unit": ")" + unit + R"(", "dev": "x"}})";
  };
  EXPECT_NE(objections("package.json", package("node --test"), package("true")), "");
}

TEST(Evidence, WhatACheckRunsAndWhatNobodyReadIsNamed) {
  Case input;
  core::CheckReport report;
  report.command = "sh check.sh";
  input.baseline = {report};
  input.changed = {{'M', "check.sh", ""}, {'A', "picture.png", ""}, {'T', "t", ""}};
  input.unread = {"picture.png", "t"};
  const auto out = objections_to_evidence(input);
  ASSERT_EQ(out.size(), 2U) << join(out, "; ");
  EXPECT_NE(out[0].find("check.sh is run by a check"), std::string::npos);
  EXPECT_NE(out[1].find("t could not be read"), std::string::npos);
}

}  // namespace
}  // namespace nightjar::verify
