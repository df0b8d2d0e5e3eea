#include <gtest/gtest.h>

#include <algorithm>

#include "verify/verify.h"

namespace nightjar::verify {
namespace {

using core::CheckReport;
using core::Kind;
using core::TestStatus;
using core::Verdict;
constexpr auto P = TestStatus::Passed;
constexpr auto F = TestStatus::Failed;
constexpr auto S = TestStatus::Skipped;

CheckReport report(const std::map<std::string, TestStatus>& tests,
                   const std::string& format = "pytest") {
  CheckReport out;
  out.name = "tests";
  out.command = "run the tests";
  out.format = format;
  out.by_test = true;
  out.tests = tests;
  for (const auto& [name, status] : tests) {
    out.counts.passed += status == P;
    out.counts.failed += status == F;
    out.counts.skipped += status == S;
  }
  out.exit_status = out.counts.failed ? 1 : 0;
  return out;
}

constexpr const char* kTestBefore =
    "from a import Parser\ndef test_x():\n    assert Parser().run() == 1\n";
constexpr const char* kTestAfter =
    "from a import Reader\ndef test_x():\n    assert Reader().run() == 1\n";

// A rename that is as it should be: every test below breaks one thing.
Case good_rename() {
  Case input;
  input.kind = Kind::Refactor;
  input.baseline = {report({{"test_x", P}, {"test_y", P}})};
  input.after = input.baseline;
  input.claim.action = "rename";
  input.claim.old_name = "Parser";
  input.claim.new_name = "Reader";
  input.claim.rescanned = true;
  input.changed = {{'M', "a.py", ""}, {'M', "tests/test_a.py", ""}};
  input.contents["a.py"] = {"class Parser:\n    pass\n", "class Reader:\n    pass\n"};
  input.contents["tests/test_a.py"] = {kTestBefore, kTestAfter};
  return input;
}

const core::Obligation* obligation(const Judgement& judgement, std::string_view name) {
  const auto found = std::ranges::find(judgement.proof.obligations, name, &core::Obligation::name);
  return found == judgement.proof.obligations.end() ? nullptr : &*found;
}

void expect_refuted(const Case& input, std::string_view unmet) {
  const Judgement out = judge(input);
  EXPECT_EQ(out.proof.verdict, Verdict::Refuted) << out.reason;
  EXPECT_FALSE(out.reason.empty());
  const auto* found = obligation(out, unmet);
  ASSERT_TRUE(found) << unmet;
  EXPECT_FALSE(found->met) << unmet;
}

void expect_none(const Case& input, std::string_view reason) {
  const Judgement out = judge(input);
  EXPECT_EQ(out.proof.verdict, Verdict::None);
  EXPECT_NE(out.reason.find(reason), std::string::npos) << out.reason;
}

Case good_refactoring() {
  Case input = good_rename();
  input.claim = {};
  input.changed = {{'M', "a.py", ""}};
  return input;
}

TEST(Judge, DoesNotProveARefactoringThatTouchesNoSource) {
  Case input = good_refactoring();
  EXPECT_EQ(judge(input).proof.verdict, Verdict::Proved) << judge(input).reason;
  input.changed = {{'A', "NOTES", ""}};
  input.contents.clear();
  expect_none(input, "no source file was changed");
}

TEST(Judge, ARenameInProseThatNothingLookedForIsNotProved) {
  Case input = good_refactoring();
  input.brief = "Tidy up the reader, renaming what is unclear";
  expect_none(input, "speaks of a rename");
}

TEST(Judge, ProvesAGoodRename) {
  const Judgement out = judge(good_rename());
  EXPECT_EQ(out.proof.verdict, Verdict::Proved) << out.reason;
  EXPECT_EQ(out.reason, "");
  for (const auto& one : out.proof.obligations)
    EXPECT_TRUE(one.met) << one.name << ": " << one.detail;
  for (const char* name :
       {"no_newly_failing_test", "no_vanished_test", "no_newly_skipped_test", "no_blocking_finding",
        "no_old_name_left", "tests_assertions_unchanged"}) {
    EXPECT_TRUE(obligation(out, name)) << name;
  }
  EXPECT_TRUE(out.proof.findings.empty());
  ASSERT_EQ(out.checks.size(), 1U);
}

TEST(Judge, RefutesATestThatFailsNow) {
  Case input = good_rename();
  input.after = {report({{"test_x", P}, {"test_y", F}})};
  expect_refuted(input, "no_newly_failing_test");
  EXPECT_NE(judge(input).reason.find("test_y"), std::string::npos);
}

TEST(Judge, RefutesATestThatIsNoLongerReported) {
  Case input = good_rename();
  input.after = {report({{"test_x", P}})};
  expect_refuted(input, "no_vanished_test");
}

TEST(Judge, RefutesATestThatIsSkippedNow) {
  Case input = good_rename();
  input.after = {report({{"test_x", P}, {"test_y", S}})};
  expect_refuted(input, "no_newly_skipped_test");
  input.baseline = {report({{"test_x", P}, {"test_y", S}})};
  EXPECT_EQ(judge(input).proof.verdict, Verdict::Proved);
}

TEST(Judge, RefutesACheckThatDidNotRunAgain) {
  Case input = good_rename();
  input.after.clear();
  expect_refuted(input, "no_newly_failing_test");
}

TEST(Judge, ARedBaseIsNotTheChangesFault) {
  Case input = good_rename();
  input.baseline = {report({{"test_x", P}, {"test_y", F}})};
  input.after = input.baseline;
  const Judgement out = judge(input);
  EXPECT_EQ(out.proof.verdict, Verdict::Proved) << out.reason;
  EXPECT_EQ(out.checks[0].still_failing, std::vector<std::string>{"test_y"});
  EXPECT_NE(obligation(out, "no_newly_failing_test")->detail.find("1 failed before as well"),
            std::string::npos);
}

TEST(Judge, OnARedBaseTheNextFailureCounts) {
  Case input = good_rename();
  input.baseline = {report({{"test_x", P}, {"test_y", F}})};
  input.after = {report({{"test_x", F}, {"test_y", F}})};
  expect_refuted(input, "no_newly_failing_test");
}

TEST(Judge, WithoutChecksNothingIsProvedBeyondTheRename) {
  Case input = good_rename();
  input.baseline.clear();
  input.after.clear();
  expect_none(input, "nothing was proved beyond the rename itself");
}

TEST(Judge, WithoutTestsNothingIsProved) {
  Case input = good_rename();
  input.baseline = {report({}, "ctest")};
  input.after = input.baseline;
  expect_none(input, "the checks report no test");
}

TEST(Judge, WhereNoTestPassedBeforeNothingIsProved) {
  Case input = good_rename();
  input.baseline = {report({{"test_x", F}})};
  input.after = input.baseline;
  expect_none(input, "no test passed on the base");
}

TEST(Judge, FlakyTestsProveNothing) {
  Case input = good_rename();
  input.baseline[0].flaky = {"test_x", "test_y"};
  input.after = input.baseline;
  expect_none(input, "flaky");
  input.baseline[0].flaky = {"test_x"};
  input.after = input.baseline;
  EXPECT_EQ(judge(input).proof.verdict, Verdict::Proved);
}

TEST(Judge, AnEmptyChangeIsNeverGreen) {
  Case input = good_rename();
  input.changed.clear();
  input.contents.clear();
  expect_none(input, "nothing was changed");
}

TEST(Judge, RefutesAReferenceThatIsLeft) {
  Case input = good_rename();
  input.claim.leftovers = {{"old_name", "b.py", 7, "Parser()", true}};
  expect_refuted(input, "no_old_name_left");
  EXPECT_NE(judge(input).reason.find("b.py:7"), std::string::npos);
}

TEST(Judge, StringsThatStayAreFindingsOnly) {
  Case input = good_rename();
  input.claim.leftovers = {{"string_left", "b.py", 7, "\"Parser\"", false}};
  input.findings = input.claim.leftovers;
  const Judgement out = judge(input);
  EXPECT_EQ(out.proof.verdict, Verdict::Proved) << out.reason;
  EXPECT_EQ(out.proof.findings.size(), 1U);
}

TEST(Judge, ARenameThatWasNotSearchedAgainIsNotProved) {
  Case input = good_rename();
  input.claim.rescanned = false;
  expect_none(input, "not searched again");
}

TEST(Judge, RefutesARenameThatChangesWhatATestExpects) {
  Case input = good_rename();
  input.contents["tests/test_a.py"].second =
      "from a import Reader\ndef test_x():\n    assert Reader().run() == 2\n";
  expect_refuted(input, "tests_assertions_unchanged");
}

TEST(Judge, ARenameToALongerNameIsTheSameRename) {
  Case input = good_rename();
  input.claim.new_name = "ParserBase";
  for (auto& [path, content] : input.contents) {
    for (auto at = content.second.find("Reader"); at != std::string::npos;
         at = content.second.find("Reader"))
      content.second.replace(at, 6, "ParserBase");
  }
  const Judgement out = judge(input);
  EXPECT_EQ(out.proof.verdict, Verdict::Proved) << out.reason;
}

TEST(Judge, ARenamedTestFileIsComparedWithWhatItWas) {
  Case input = good_rename();
  input.changed[1] = {'R', "tests/Reader.test.js", "tests/Parser.test.js"};
  input.contents.erase("tests/test_a.py");
  input.contents["tests/Parser.test.js"] = {"it('a', () => { expect(new Parser()).toBe(1) })", ""};
  input.contents["tests/Reader.test.js"] = {"", "it('a', () => { expect(new Reader()).toBe(1) })"};
  EXPECT_EQ(judge(input).proof.verdict, Verdict::Proved) << judge(input).reason;
  input.contents["tests/Reader.test.js"].second = "it('a', () => { expect(new Reader()).toBe(2) })";
  expect_refuted(input, "tests_assertions_unchanged");
}

TEST(Judge, AFormatterMayLayTestsOutAnew) {
  Case input = good_rename();
  input.claim = {};
  input.claim.action = "run";
  input.contents["tests/test_a.py"] = {
      "def test_x():\n  assert f('a',1)==2\n",
      "def test_x():\n    assert (\n        f(\"a\", 1)\n        == 2\n    )\n"};
  EXPECT_EQ(judge(input).proof.verdict, Verdict::Proved) << judge(input).reason;
  input.contents["tests/test_a.py"].second = "def test_x():\n    assert f(\"a\", 1) == 3\n";
  expect_refuted(input, "tests_assertions_unchanged");
}

TEST(Judge, ABlockingFindingRefutes) {
  Case input = good_rename();
  input.findings = {{"secret_added", "a.py", 1, "", true}};
  expect_refuted(input, "no_blocking_finding");
  input.findings[0].blocks = false;
  EXPECT_EQ(judge(input).proof.verdict, Verdict::Proved);
}

TEST(Judge, MigrationOwesThatNoOldUseIsLeft) {
  Case input = good_rename();
  input.kind = Kind::Migration;
  input.claim = {};
  input.claim.action = "replace";
  input.claim.pattern = "old($A, $B)";
  input.claim.replacement = "new($B, $A)";
  input.claim.rescanned = true;
  input.contents["a.py"] = {"old(1, 2)\n", "new(2, 1)\n"};
  input.contents["tests/test_a.py"] = {"def test_x():\n    assert old(1, 2) == 3\n",
                                       "def test_x():\n    assert new(2, 1) == 3\n"};
  const Judgement out = judge(input);
  EXPECT_EQ(out.proof.verdict, Verdict::Proved) << out.reason;
  EXPECT_TRUE(obligation(out, "no_old_use_left"));
  input.claim.leftovers = {{"old_use", "c.py", 1, "old(1, 2)", true}};
  expect_refuted(input, "no_old_use_left");
}

TEST(Judge, AMigrationThatNothingCanLookForIsNotProved) {
  Case input = good_rename();
  input.kind = Kind::Migration;
  input.claim = {};
  expect_none(input, "could not be looked for");
}

TEST(Judge, MigrationOwesThatManifestAndLockAgree) {
  Case input = good_rename();
  input.kind = Kind::Migration;
  input.claim = {};
  input.claim.action = "replace";
  input.claim.rescanned = true;
  input.changed.push_back({'M', "package.json", ""});
  input.contents["package.json"] = {R"({"dependencies":{"a":"1"}})",
                                    R"({"dependencies":{"a":"2"}})"};
  expect_none(input, "no lock file was changed");
  input.changed.push_back({'M', "package-lock.json", ""});
  EXPECT_EQ(judge(input).proof.verdict, Verdict::Proved) << judge(input).reason;
}

TEST(Judge, BugfixOwesATestThatFailedBefore) {
  Case input = good_rename();
  input.kind = Kind::Bugfix;
  input.claim = {};
  expect_none(input, "no test that fails on the base passes on the change");
  input.baseline = {report({{"test_x", P}, {"test_y", F}})};
  EXPECT_EQ(judge(input).proof.verdict, Verdict::Proved) << judge(input).reason;
}

TEST(Judge, KindsThatCannotBeEstablishedAreNeverGreen) {
  for (const Kind kind : {Kind::Feature, Kind::Performance, Kind::Tests, Kind::Chore}) {
    Case input = good_rename();
    input.kind = kind;
    input.claim = {};
    EXPECT_EQ(judge(input).proof.verdict, Verdict::None) << core::to_string(kind);
    EXPECT_FALSE(judge(input).reason.empty());
  }
}

TEST(Judge, ChoreIsProvedByLookingAgain) {
  Case input = good_rename();
  input.kind = Kind::Chore;
  input.claim = {};
  input.claim.action = "run";
  input.claim.rescanned = true;
  EXPECT_EQ(judge(input).proof.verdict, Verdict::Proved) << judge(input).reason;
  input.claim.leftovers = {{"not_formatted", "a.py", 0, "", true}};
  expect_refuted(input, "state_reached");
}

TEST(Judge, DocsOweThatNoCodeChanged) {
  Case input = good_rename();
  input.kind = Kind::Docs;
  input.claim = {};
  expect_none(input, "no documentation files");
  input.changed = {{'M', "docs/a.md", ""}, {'M', "README.rst", ""}};
  EXPECT_EQ(judge(input).proof.verdict, Verdict::Proved) << judge(input).reason;
}

Case documentation(const std::string& path) {
  Case input = good_rename();
  input.kind = Kind::Docs;
  input.claim = {};
  input.changed = {{'M', path, ""}};
  input.contents.clear();
  return input;
}

TEST(Judge, WhatAProgramOrATestReadsIsNoDocumentation) {
  for (const char* path : {"data/words.txt", "words.txt", "templates/page.html", "page.html",
                           "templates/mail.md", "tests/want.txt", "tests/want.md", "img/a.png",
                           "fixtures/a.md", "src/golden/a.rst", "CMakeLists.txt"})
    expect_none(documentation(path), "no documentation files");
  for (const char* path : {"README", "README.txt", "docs/a.txt", "docs/img/a.png", "doc/x/a.html",
                           "CHANGELOG.md", "LICENSE", "man/x.1", "src/x/README.md"})
    EXPECT_EQ(judge(documentation(path)).proof.verdict, Verdict::Proved) << path;
}

TEST(Judge, NoTestIsFixedByDocumentation) {
  Case input = documentation("README.md");
  input.baseline = {report({{"test_x", P}, {"test_y", F}})};
  expect_none(input, "documentation does not bring about");
}

TEST(Judge, DocstringsAndCommentsAloneAreDocumentation) {
  Case input = documentation("calc.py");
  input.contents["calc.py"] = {"def one():\n    return 1\n",
                               "def one():\n    \"\"\"One.\"\"\"\n    return 1\n"};
  EXPECT_EQ(judge(input).proof.verdict, Verdict::Proved) << judge(input).reason;
  input.contents["calc.py"].second = "def one():\n    \"\"\"One.\"\"\"\n    return 2\n";
  expect_none(input, "no documentation files");
}

TEST(Judge, AChangeThatIsNotWhatRanIsNotProved) {
  Case input = good_rename();
  input.not_ready = "the change could not be made ready";
  expect_none(input, "could not be made ready");
  input.after = {report({{"test_x", F}, {"test_y", P}})};
  expect_refuted(input, "no_newly_failing_test");
  EXPECT_NE(judge(input).reason.find("made ready"), std::string::npos) << judge(input).reason;
  input.base_not_ready = true;
  expect_none(input, "could not be made ready");
  input = good_rename();
  input.rewritten = {"test_calc.py"};
  expect_none(input, "test_calc.py");
}

}  // namespace
}  // namespace nightjar::verify
