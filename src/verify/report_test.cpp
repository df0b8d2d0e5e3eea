// What no runner prints by itself: inconsistent, mixed and hostile output.
#include <gtest/gtest.h>

#include "verify/reading.h"
#include "verify/verify.h"

namespace nightjar::verify {
namespace {

using core::TestStatus;
using Tests = std::map<std::string, TestStatus>;
constexpr auto P = TestStatus::Passed;
constexpr auto F = TestStatus::Failed;

core::CheckReport read(const std::string& output, int exit_status = 0,
                       std::map<std::string, std::string> files = {}, std::string trouble = "") {
  return read_report({"tests", "run the tests"},
                     {exit_status, std::move(trouble), output, false, std::move(files)});
}

const std::string kPassing =
    "[==========] Running 1 test from 1 test suite.\n[ RUN      ] A.b\n[       OK ] A.b (0 "
    "ms)\n[==========] 1 test from 1 test suite ran. (0 ms total)\n";

TEST(ReadReport, ACheckWithoutTestsIsTheTest) {
  const auto passed = read("all fine\n");
  EXPECT_EQ(passed.tests, (Tests{{"run the tests", P}}));
  EXPECT_EQ(passed.format, "command");
  EXPECT_EQ(passed.counts, (core::Counts{1, 0, 0}));
  EXPECT_EQ(read("not fine\n", 1).tests, (Tests{{"run the tests", F}}));
}

TEST(ReadReport, APassingSuiteInAFailingCheckIsNotGreen) {
  EXPECT_EQ(read(kPassing).tests, (Tests{{"A.b", P}}));
  EXPECT_EQ(read(kPassing, 3).tests, (Tests{{"A.b", P}, {"tests (exit status 3)", F}}));
  EXPECT_EQ(read(kPassing, 3).counts, (core::Counts{1, 1, 0}));
}

TEST(ReadReport, WhatDidNotEndIsNotGreen) {
  const auto report = read(kPassing, 0, {}, "took longer than its limit");
  EXPECT_EQ(report.tests.at("tests (took longer than its limit)"), F);
  EXPECT_FALSE(report.passed());
}

TEST(ReadReport, FailuresInACheckThatEndsWellStayFailures) {
  EXPECT_EQ(read("1..1\nnot ok 1 - a\n").tests, (Tests{{"a", F}}));
}

TEST(ReadReport, EqualNamesAreToldApartByOrder) {
  EXPECT_EQ(read("1..3\nok 1 - a\nnot ok 2 - a\nok 3 - a\n", 1).tests,
            (Tests{{"a", P}, {"a (2)", F}, {"a (3)", P}}));
}

TEST(ReadReport, SeveralRunnersInOneCheckAreAllRead) {
  const auto report = read(
      "Test project /x\n1/1 Test #1: one ......   Passed    0.00 sec\n100% tests passed, 0 tests "
      "failed out of 1\nTotal Test time (real) =   "
      "0.00 sec\n1..1\nok 1 - two\n");
  EXPECT_EQ(report.tests, (Tests{{"one", P}, {"two", P}}));
  EXPECT_EQ(report.format, "ctest, tap");
}

TEST(ReadReport, WhatATestPrintsIsNotTheReport) {
  const auto report = read(
      "Test project /x\n1/1 Test #1: one ......***Failed    0.00 sec\nok 1 - fake\n1..1\n[       "
      "OK ] Fake.Test (0 ms)\n0% tests passed, 1 tests failed out of 1\nTotal Test time (real) =   "
      "0.00 sec\nThe following tests FAILED:\n\t  1 - one (Failed)\nErrors while running CTest\n",
      8);
  EXPECT_EQ(report.tests, (Tests{{"one", F}}));
}

TEST(ReadReport, ALineOfCtestThatItsLastWordsDenyIsNoPass) {
  const std::string line = "1/1 Test #1: add ....   Passed    0.00 sec\n";
  const auto report = read(
      "Test project /x\n" + line +
          "0% tests passed, 1 tests failed out of 1\nTotal Test time (real) =   0.00 sec\n\nThe "
          "following tests FAILED:\n\t  1 - add (Failed)\n",
      8);
  EXPECT_FALSE(report.by_test);
  EXPECT_EQ(report.counts.passed, 0);
  EXPECT_FALSE(read("Test project /x\n" + line).by_test);  // it did not come to its end
}

TEST(ReadReport, AResultOfGoIsFoundBehindWhateverWasPrinted) {
  const auto report = read(
      "=== RUN   TestAdd\n--- PASS: TestAdd (0.00s)\n--- --- FAIL: TestAdd "
      "(0.00s)\nFAIL\nFAIL\texample.com/calc\t0.00s\n",
      1);
  EXPECT_EQ(report.tests, (Tests{{"example.com/calc.TestAdd", F}}));
}

TEST(ReadReport, EventsOfGoAreNothingBesideItsText) {
  const std::string event = "{\"Action\":\"pass\",\"Package\":\"x/calc\",\"Test\":\"TestAdd\"}\n";
  const std::string end = "{\"Action\":\"pass\",\"Package\":\"x/calc\"}\n";
  EXPECT_EQ(read(event + end).tests, (Tests{{"x/calc.TestAdd", P}}));
  EXPECT_EQ(read(event).format, "command");  // no package came to its end
  EXPECT_EQ(read(event + end + "xFAIL\tx/calc\t0.00s\n", 1).counts.passed, 0);
  EXPECT_EQ(read(event + end + "{ok  \tx/calc\t0.00s\n").format, "command");
}

TEST(ReadReport, ATestOfGoWithoutItsPackageIsNothing) {
  const std::string whole = "=== RUN   TestAdd\n--- PASS: TestAdd (0.00s)\nPASS\n";
  EXPECT_EQ(read(whole).tests, (Tests{{"TestAdd", P}}));  // the test binary by itself
  EXPECT_EQ(read("ok  \tx/other\t0.00s\n" + whole).tests, (Tests{{"x/other", P}}));
}

TEST(ReadReport, APytestFileThatItsLastLineDeniesIsNotRead) {
  const auto with_failures = [](const std::string& line) {
    return read(line, 1,
                {{"/tmp/nightjar-reports/pytest.xml",
                  "<testsuite><testcase classname='a' name='x'/><testcase classname='a' "
                  "name='y'><failure/></testcase></testsuite>"}});
  };
  EXPECT_TRUE(with_failures("1 failed, 1 passed in 0.01s\n").by_test);
  EXPECT_FALSE(with_failures("2 failed in 0.01s\n").by_test);
  EXPECT_FALSE(with_failures("1 failed, 1 skipped in 0.01s\n").by_test);
  EXPECT_FALSE(with_failures("2 failed, 1 passed in 0.01s\n").by_test);
}

TEST(ReadReport, AFailureOfTapIsFoundAnywhereInALine) {
  EXPECT_EQ(read("1..2\nok 1 - a\nok 2 - b\n  # xnot ok 2 - b\n").tests,
            (Tests{{"a", P}, {"b", F}}));
  EXPECT_EQ(read("1..1\nok 1 - a\n# it is not ok 7 times\n").tests, (Tests{{"a", P}}));
  EXPECT_EQ(read("1..2\nok 1 - a\nok 2 - b\nnot ok 2 - b\n").tests, (Tests{{"a", P}, {"b", F}}));
  EXPECT_EQ(read("1..1\nok 1 - a\nok 2 - b\n").counts.failed, 1);
}

TEST(ReadReport, TheLastWordsOfNextestAndProveDecide) {
  const std::string nextest =
      "        PASS [   0.004s] (1/2) calc tests::adds\n        FAIL [   0.004s] (2/2) calc "
      "tests::subs\n     Summary [   0.012s] 2 tests run: ";
  EXPECT_TRUE(read(nextest + "1 passed, 1 failed, 3 skipped\n", 100).by_test);
  EXPECT_FALSE(read(nextest + "2 failed, 0 skipped\n", 100).by_test);
  EXPECT_EQ(read("t/a.t .. ok\nFiles=1, Tests=1\nResult: FAIL\n").counts.failed, 1);
  EXPECT_EQ(read("t/a.t .. ok\nFiles=1, Tests=1\nResult: PASS\n").counts.failed, 0);
}

TEST(ReadReport, UnittestsNamesMustBeAsManyAsItRan) {
  const std::string line = "test_a (t.A.test_a) ... ok\n";
  EXPECT_TRUE(read(line + "\nRan 1 test in 0.0s\n\nOK\n").by_test);
  EXPECT_FALSE(read(line + "\nRan 2 tests in 0.0s\n\nOK\n").by_test);
  EXPECT_FALSE(read(line + "test_b (t.A.test_b) ... ok\n\nRan 1 test in 0.0s\n\nOK\n").by_test);
  EXPECT_FALSE(read(line + "\nRan 1 test in 0.0s\n\nFAILED (failures=1)\n", 1).by_test);
}

TEST(ReadReport, ATapPlanThatWasNotKeptFails) {
  EXPECT_EQ(read("1..3\nok 1 - a\n", 0).counts.failed, 1);
  EXPECT_EQ(read("1..1\nok 1 - a\n", 0).counts.failed, 0);
  EXPECT_EQ(read("TAP version 13\nok 1 - a\nBail out! no\n", 1).counts.failed, 1);
}

TEST(ReadReport, ColoursAndCarriageReturnsDoNotHideNames) {
  EXPECT_EQ(read("\x1b[32m1..1\x1b[0m\r\n\x1b[1;31mnot ok\x1b[m 1 - a\r\n", 1).tests,
            (Tests{{"a", F}}));
}

TEST(ReadReport, JUnitFilesAloneAreEnough) {
  const auto report = read("BUILD SUCCESSFUL\n", 0,
                           {{"build/test-results/test/TEST-a.xml",
                             "<testsuite><testcase classname='x.A' name='a'/><testcase "
                             "classname='x.A' name='b'><failure/></testcase></testsuite>"}});
  EXPECT_EQ(report.tests, (Tests{{"x.A.a", P}, {"x.A.b", F}}));
  EXPECT_EQ(report.format, "junit");
}

TEST(ReadReport, AnXmlFileThatIsNoReportIsIgnored) {
  EXPECT_EQ(read("x", 0, {{"a.xml", "<project><testcase name='a'/></project>"}}).format, "command");
  EXPECT_EQ(read("x", 0, {{"a.xml", "not xml"}, {"b.xml", ""}}).format, "command");
}

TEST(ReadReport, ABrokenXmlFileGivesWhatCameBefore) {
  EXPECT_EQ(
      read("x", 1, {{"a.xml", "<testsuite><testcase name='a'/><testcase name='b'/><testca"}}).tests,
      (Tests{{"a", P}, {"b", P}, {"tests (exit status 1)", F}}));
}

TEST(ReadReport, EntitiesDoNotExplode) {
  std::string bomb =
      "<?xml version='1.0'?><!DOCTYPE t [<!ENTITY a "
      "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'>";
  for (char c = 'b'; c <= 'z'; ++c) {
    const std::string prev = std::string("&") + static_cast<char>(c - 1) + ";";
    bomb += std::string("<!ENTITY ") + c + " '" + prev + prev + prev + prev + prev + prev + prev +
            prev + prev + prev + "'>";
  }
  bomb += "]><testsuite><testcase name='&z;'/></testsuite>";
  EXPECT_LE(read("x", 0, {{"a.xml", bomb}}).counts.total(), 1);
}

TEST(ReadReport, NamesAreBoundedAndPrintable) {
  const auto report = read("1..1\nok 1 - a\x07\xff" + std::string(100'000, 'x') + "\n");
  ASSERT_EQ(report.tests.size(), 1U);
  const std::string& name = report.tests.begin()->first;
  EXPECT_LT(name.size(), 1000U);
  EXPECT_EQ(name.find('\x07'), std::string::npos);
  EXPECT_EQ(name.find('\xff'), std::string::npos);
}

// Quadratic work on these would outlast the limit of a test by far.
TEST(ReadReport, HostileTextIsReadInLinearTime) {
  std::string escapes;
  for (int i = 0; i < 50'000; ++i) escapes += "\x1b]";
  const std::vector<std::string> texts{
      std::string(500'000, 'x'),
      std::string(50'000, '\n'),
      escapes,
      [] {
        std::string s;
        for (int i = 0; i < 10'000; ++i)
          s += "ok " + std::to_string(i) + " - [ RUN      ] --- PASS: x > y ... ok\n";
        return s;
      }(),
      [] {
        std::string s;
        for (int i = 0; i < 10'000; ++i) s += "    # Subtest: x\n        ok 1 - a\n";
        return s + "1..1\nok 1 - z\n";
      }(),
      [] {
        std::string s = "  1 passing\n";
        for (int i = 0; i < 10'000; ++i)
          s += std::string(static_cast<size_t>(2 + i % 2000), ' ') + "x\n";
        return s;
      }(),
      "<testsuite>" + std::string(200'000, '<'),
  };
  for (const auto& text : texts) {
    const auto report =
        read(text, 1, {{"/tmp/nightjar-reports/pytest.xml", text.substr(0, 1'000'000)}});
    EXPECT_GE(report.counts.failed, 1);
  }
}

TEST(ReadReport, AnyBytesAreStood) {
  std::string bytes;
  unsigned state = 1;
  for (int i = 0; i < 300'000; ++i) {
    state = state * 1664525U + 1013904223U;
    bytes += static_cast<char>(state >> 24);
  }
  EXPECT_EQ(read(bytes, 1, {{"a.xml", bytes}}).counts.failed, 1);
}

TEST(Environment, IsFineWhereSomeTestPassed) {
  auto report =
      read("1..2\nok 1 - a\nnot ok 2 - b\nModuleNotFoundError: No module named 'flask'\n", 1);
  EXPECT_FALSE(environment_trouble({report}));
}

TEST(Environment, NamesWhatIsMissingAndWhatToDo) {
  struct Case {
    const char *output, *missing, *advice;
  };
  for (const auto& [output, missing, advice] :
       {Case{"/usr/bin/python3: No module named pytest\n", "the Python module 'pytest' is missing",
             ".venv/bin/pip install"},
        Case{"E   ModuleNotFoundError: No module named 'flask'\n",
             "the Python module 'flask' is missing", "network = true"},
        Case{"sh: 1: jest: not found\n", "the command 'jest' is missing", "npm ci"},
        Case{"/bin/sh: 1: ./build/x: not found\n", "the command './build/x' is missing",
             "Install it"},
        Case{"bash: line 1: cmake: command not found\n", "the command 'cmake' is missing",
             "Install it"},
        Case{"Error: Cannot find module 'chalk'\n", "the Node module 'chalk' is missing", "npm ci"},
        Case{"Error: Cannot find module '../dist/calc.js'\n",
             "the file '../dist/calc.js' is missing", "npm run build"},
        Case{"a.go:3:8: no required module provides package github.com/x/y; to add it:\n",
             "the Go package github.com/x/y is missing", "go mod download"},
        Case{"error: no matching package named `serde` found\n", "the crate `serde` is missing",
             "cargo fetch"},
        Case{"error[E0463]: can't find crate for `quickcheck`\n", "the crate quickcheck is missing",
             "cargo fetch"},
        Case{"src/A.java:[3,12] error: package org.junit does not exist\n",
             "the Java package org.junit is missing", "dependency:go-offline"},
        Case{"curl: (6) Could not resolve host: example.org\n", "there is no network",
             "network = true"},
        Case{"a.cpp:1:10: fatal error: zlib.h: No such file or directory\n",
             "the header zlib.h is missing", "Install it"},
        Case{"  Could NOT find ZLIB (missing: ZLIB_LIBRARY)\n", "what CMake calls ZLIB is missing",
             "Install it"}}) {
    const auto trouble = environment_trouble({read(output, 1)});
    ASSERT_TRUE(trouble) << output;
    EXPECT_NE(trouble->missing.find(missing), std::string::npos) << trouble->missing;
    EXPECT_NE(trouble->advice.find(advice), std::string::npos) << trouble->advice;
  }
}

TEST(Environment, AFailureThatSaysNothingOfThatIsNoTrouble) {
  EXPECT_FALSE(environment_trouble({read("AssertionError: page 404: not found here\n", 1)}));
  EXPECT_FALSE(environment_trouble({read("all fine\n", 0)}));
  EXPECT_FALSE(environment_trouble({}));
}

TEST(ReportFiles, AreLookedForInTheTreeOnlyWhereAToolWritesThem) {
  EXPECT_EQ(report_files("pytest -q").size(), 1U);
  EXPECT_EQ(report_files("mvn test").at(1).first, ".");
  EXPECT_EQ(report_files().at(0).first, "/tmp/nightjar-reports");
}

}  // namespace
}  // namespace nightjar::verify
