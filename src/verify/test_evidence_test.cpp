// Fixes whose claim rests on tests that the change itself brought.
#include <gtest/gtest.h>

#include <algorithm>

#include "verify/test_evidence.h"
#include "verify/verify.h"

namespace nightjar::verify {
namespace {

using core::CheckReport;
using core::Kind;
using core::TestStatus;
using core::Verdict;
constexpr auto P = TestStatus::Passed;
constexpr auto F = TestStatus::Failed;

CheckReport report(const std::map<std::string, TestStatus>& tests) {
  CheckReport out;
  out.name = "tests";
  out.by_test = true;
  out.tests = tests;
  for (const auto& [name, status] : tests) (status == P ? out.counts.passed : out.counts.failed)++;
  out.exit_status = out.counts.failed ? 1 : 0;
  return out;
}

// A bug fix with a new test that fails without it: every test below bends one thing.
Case fix_with_a_test() {
  Case input;
  input.kind = Kind::Bugfix;
  input.baseline = {report({{"old", P}})};
  input.after = {report({{"old", P}, {"new", P}})};
  input.under_old_tests = {report({{"old", P}})};
  input.base_under_new_tests = {report({{"old", P}, {"new", F}})};
  input.changed = {{'M', "a.py", ""}, {'M', "test_a.py", ""}};
  return input;
}

Verdict verdict(const Case& input) { return judge(input).proof.verdict; }

TEST(TestEvidence, ANewTestThatFailsWithoutTheFixProvesIt) {
  EXPECT_EQ(verdict(fix_with_a_test()), Verdict::Proved) << judge(fix_with_a_test()).reason;
  Case early = fix_with_a_test();  // it cannot even be loaded without the fix
  early.base_under_new_tests = {report({})};
  early.base_under_new_tests[0].exit_status = 2;
  EXPECT_EQ(verdict(early), Verdict::Proved);
}

TEST(TestEvidence, ATestThatPassesWithoutTheFixProvesNothing) {
  Case input = fix_with_a_test();
  input.base_under_new_tests = {report({{"old", P}, {"new", P}})};
  EXPECT_EQ(verdict(input), Verdict::None);
  input.base_under_new_tests = {report({{"old", P}})};  // it is not there, and nothing failed
  EXPECT_EQ(verdict(input), Verdict::None);
}

TEST(TestEvidence, ATestThatAsksForMoreProvesAFixLikeANewOne) {
  Case input = fix_with_a_test();
  input.after = {report({{"old", P}})};
  input.base_under_new_tests = {report({{"old", F}})};
  input.must_fail = input.canaries = {"old"};
  input.under_canary = {report({{"old", F}})};
  EXPECT_EQ(verdict(input), Verdict::Proved) << judge(input).reason;
  Case other = input;
  other.base_under_new_tests = {report({})};  // not seen to fail
  EXPECT_EQ(verdict(other), Verdict::None);
  other = input;
  other.under_old_tests = {report({{"old", F}})};  // its old form was true, too
  EXPECT_NE(verdict(other), Verdict::Proved);
  other = input;
  other.under_canary = {report({{"old", P}})};
  EXPECT_EQ(verdict(other), Verdict::None);
}

TEST(TestEvidence, AFailingTestThatWasBentProvesNothing) {
  Case input = fix_with_a_test();
  input.baseline = {report({{"old", P}, {"bug", F}})};
  input.after = {report({{"old", P}, {"bug", P}})};
  input.under_old_tests = input.baseline;
  input.base_under_new_tests = input.after;
  EXPECT_EQ(verdict(input), Verdict::None);
  EXPECT_NE(judge(input).reason.find("in its old form it still fails: bug"), std::string::npos)
      << judge(input).reason;
  input.under_old_tests = {report({{"old", P}, {"bug", P}})};
  EXPECT_EQ(verdict(input), Verdict::Proved) << judge(input).reason;
}

TEST(TestEvidence, ATestThatHoldsOnlyInItsNewFormIsNotGreen) {
  Case input = fix_with_a_test();
  input.under_old_tests = {report({{"old", F}})};
  EXPECT_EQ(verdict(input), Verdict::None);
  EXPECT_NE(judge(input).reason.find("does not pass in their old form: old"), std::string::npos);
  input.under_old_tests = {report({})};
  EXPECT_EQ(verdict(input), Verdict::None);
}

TEST(TestEvidence, AFlakyTestProvesNothing) {
  Case input = fix_with_a_test();
  input.after[0].flaky = {"new"};
  EXPECT_EQ(verdict(input), Verdict::None);
}

TEST(TestEvidence, WhatTheSourceAloneDoesNotFixIsNotFixed) {
  Case input = fix_with_a_test();
  input.baseline = {report({{"old", P}, {"bug", F}})};
  input.after = {report({{"old", P}, {"bug", P}})};
  input.under_old_tests = input.baseline;
  input.held_back = {"pytest.ini"};
  EXPECT_EQ(verdict(input), Verdict::None);
  EXPECT_NE(judge(input).reason.find("passes only together with pytest.ini: bug"),
            std::string::npos)
      << judge(input).reason;
}

TEST(TestEvidence, AFixThatPassesOnceAndFailsOnceIsLuck) {
  Case input = fix_with_a_test();
  input.changed = {{'M', "a.py", ""}};
  input.baseline = {report({{"old", P}, {"bug", F}})};
  input.after = {report({{"old", P}, {"bug", P}})};
  input.under_old_tests = input.baseline;
  EXPECT_EQ(verdict(input), Verdict::None);
  input.under_old_tests = input.after;
  EXPECT_EQ(verdict(input), Verdict::Proved) << judge(input).reason;
}

TEST(TestEvidence, ANewTestThatNeedsMoreThanSourceProvesNothing) {
  Case input = fix_with_a_test();
  input.held_back = {"conftest.py"};
  input.source_with_new_tests = {report({{"old", P}, {"new", F}})};
  EXPECT_EQ(verdict(input), Verdict::None);
  EXPECT_NE(judge(input).reason.find("passes only together with conftest.py: new"),
            std::string::npos)
      << judge(input).reason;
  input.source_with_new_tests = {report({{"old", P}, {"new", P}})};
  EXPECT_EQ(verdict(input), Verdict::Proved) << judge(input).reason;
}

// A base that is red elsewhere is not this change's fault.
TEST(TestEvidence, AFailingTestThatTheBriefIsNotAboutIsNobodysBusiness) {
  Case input = fix_with_a_test();
  for (auto* reports : {&input.baseline, &input.after, &input.under_old_tests})
    reports->front().tests["tests/test_net.py::test_connectTwice"] = F;
  input.brief = "Fix: an empty default is not shown in the help";
  EXPECT_EQ(verdict(input), Verdict::Proved) << judge(input).reason;
  input.brief = "Fix: the second connect hangs";
  EXPECT_EQ(verdict(input), Verdict::None);
  input.brief = "Make the tests pass";
  EXPECT_EQ(verdict(input), Verdict::None);
}

TEST(TestEvidence, NewTestsDoNotFixOldOnes) {
  Case input = fix_with_a_test();
  input.brief = "Make the parser quick";
  for (auto* reports : {&input.baseline, &input.after, &input.under_old_tests})
    reports->front().tests["test_quickParser"] = F;
  EXPECT_EQ(verdict(input), Verdict::None);
  input.brief = "Make the parser quick";
  EXPECT_NE(judge(input).reason.find("new tests alone"), std::string::npos) << judge(input).reason;
  input.kind = Kind::Feature;
  EXPECT_EQ(verdict(input), Verdict::Proved) << judge(input).reason;
}

// A young project: its only test is the one that fails.
TEST(TestEvidence, TheOnlyTestProvesAFixWhereItWasSeenToFail) {
  Case input = fix_with_a_test();
  input.changed = {{'M', "a.py", ""}};
  input.baseline = {report({{"old", F}})};
  input.after = input.under_old_tests = {report({{"old", P}})};
  EXPECT_EQ(verdict(input), Verdict::None);
  EXPECT_NE(judge(input).reason.find("no test passed on the base"), std::string::npos);
  input.must_fail = input.canaries = {"old"};
  input.under_canary = {report({{"old", P}})};
  EXPECT_EQ(verdict(input), Verdict::None);
  input.under_canary = {report({{"old", F}})};
  EXPECT_EQ(verdict(input), Verdict::Proved) << judge(input).reason;
  Case less = input;
  less.must_fail = {"old", "other"};
  EXPECT_EQ(verdict(less), Verdict::None);
  less = input;
  less.only_at_their_end = {"old"};
  EXPECT_EQ(verdict(less), Verdict::None);
  less = input;
  less.of_programs = {"old"};
  EXPECT_EQ(verdict(less), Verdict::None);
}

TEST(TestEvidence, ATestThatPassesWhereItMustFailProvesNothing) {
  Case input = fix_with_a_test();
  input.must_fail = input.canaries = {"new"};
  input.under_canary = {report({{"old", P}, {"new", P}})};
  EXPECT_EQ(verdict(input), Verdict::None);
  EXPECT_NE(judge(input).reason.find("was not reported: new"), std::string::npos);
  input.under_canary = {report({{"old", P}})};  // missing is not failed
  EXPECT_EQ(verdict(input), Verdict::None) << "a test that is missing was not seen to fail";
  input.under_canary = {report({{"old", P}, {"new", F}})};
  EXPECT_EQ(verdict(input), Verdict::Proved) << judge(input).reason;
}

TEST(TestEvidence, ATestThatNoFailureCouldBePutIntoProvesNothing) {
  Case input = fix_with_a_test();
  input.must_fail = {"new"};
  EXPECT_EQ(verdict(input), Verdict::None);
  EXPECT_NE(judge(input).reason.find("no failure could be put into"), std::string::npos);
  input.must_fail = {"new", "other"};
  input.canaries = {"new"};
  input.under_canary = {report({{"old", P}, {"new", F}})};
  EXPECT_EQ(verdict(input), Verdict::Proved) << judge(input).reason;
  const auto obligations = judge(input).proof.obligations;
  EXPECT_TRUE(std::ranges::any_of(obligations, [](const auto& one) {
    return one.detail.find("none was put into other") != std::string::npos;
  }));
}

TEST(TestEvidence, WhatALineLooksLikeCountsOnlyWhereNoAssertionWasSeenToFail) {
  Case input = fix_with_a_test();
  input.contents["a.py"] = {"",
                            "def leave():\n    raise SystemExit(0)\n\n\n"
                            "def note(expected, n):\n    expected.count = n\n"};
  EXPECT_EQ(verdict(input), Verdict::None);
  input.must_fail = input.canaries = {"new"};
  input.under_canary = {report({{"old", P}, {"new", F}})};
  EXPECT_EQ(verdict(input), Verdict::Proved) << judge(input).reason;
  input.only_at_their_end = {"new"};
  EXPECT_EQ(verdict(input), Verdict::None);
}

TEST(TestEvidence, AProgramThatIsMadeToFailMustBeSeenToFail) {
  auto passed = report({{"sh test.sh", P}});
  passed.format = "command";
  auto failed = report({{"sh test.sh", F}});
  EXPECT_TRUE(is_noticed({passed}, {failed}, "sh test.sh", true));
  EXPECT_FALSE(is_noticed({passed}, {failed}, "sh test.sh", false)) << "another may have ended it";
  EXPECT_FALSE(is_noticed({passed}, {passed}, "sh test.sh", true));
  EXPECT_FALSE(is_noticed({passed}, {}, "sh test.sh", true));
  auto lines = report({{"one", P}, {"add", P}});
  lines.format = "tap";
  auto red = lines;
  red.exit_status = 97;
  EXPECT_TRUE(is_noticed({lines}, {red}, "add", true));
  lines.format = "ctest";
  EXPECT_FALSE(is_noticed({lines}, {report({{"one", F}, {"add", P}})}, "add", true));
  EXPECT_TRUE(is_noticed({lines}, {report({{"one", P}, {"add", F}})}, "add", false));
}

TEST(TestEvidence, ATestThatBecomesFlakyIsSaid) {
  Case input = fix_with_a_test();
  input.baseline[0].tests["other"] = P;
  input.under_old_tests[0].tests["other"] = P;
  input.after[0].tests["other"] = P;
  EXPECT_EQ(verdict(input), Verdict::Proved) << judge(input).reason;
  input.after[0].flaky = {"old"};
  EXPECT_EQ(verdict(input), Verdict::None);
  EXPECT_NE(judge(input).reason.find("gives both answers now: old"), std::string::npos);
}

TEST(TestEvidence, WhatRunsShowIsNotReadAgain) {
  Case input = fix_with_a_test();
  input.contents["test_a.py"] = {
      "def test_a():\n    assert f(1) == 1\n    assert f(2) == 2\n",
      "def test_a():\n    for a in 1, 2, 3:\n        assert f(a) == a\n"};
  EXPECT_EQ(verdict(input), Verdict::Proved) << judge(input).reason;
  input.under_old_tests.clear();
  EXPECT_EQ(verdict(input), Verdict::Refuted);
}

TEST(TestEvidence, AFeatureOwesATestForEachCriterion) {
  Case input = fix_with_a_test();
  input.kind = Kind::Feature;
  EXPECT_EQ(verdict(input), Verdict::Proved) << judge(input).reason;
  input.criteria = 2;
  EXPECT_EQ(verdict(input), Verdict::None);
  EXPECT_NE(judge(input).reason.find("2 criteria"), std::string::npos) << judge(input).reason;
  input.after = {report({{"old", P}, {"new", P}, {"second", P}})};
  input.base_under_new_tests = {report({{"old", P}, {"new", F}, {"second", F}})};
  EXPECT_EQ(verdict(input), Verdict::Proved) << judge(input).reason;
  EXPECT_EQ(criteria_in("Add x:\n- a\n* b\n 2. c\n10) d\nnot - this\n3.14 is pi\n"), 4U);
  EXPECT_EQ(criteria_in("Add x"), 0U);
  EXPECT_EQ(criteria_in("Add mul()\n\nNotes:\n- keep it small\n- Python 3.9\n"), 0U);
  EXPECT_EQ(criteria_in("Add mul()\n- keep it small\n- multiplies\n"), 1U);
}

TEST(AskedToPass, OnlyABriefAboutTheSuiteMeansEveryRedTest) {
  Case input;
  core::CheckReport report;
  report.by_test = true;
  report.tests = {{"test_network", core::TestStatus::Failed}};
  input.baseline = {report};
  for (const char* brief :
       {"Fix: first() fails on an empty text", "Fix: an empty text is required in first()",
        "Fix first() and add a test for it", "check that first() is right",
        "Fix the latest error"}) {
    input.brief = brief;
    EXPECT_TRUE(asked_to_pass(input).empty()) << brief;
  }
  for (const char* brief :
       {"Fix the failing test", "The tests fail since May", "make the suite pass",
        "Get all tests green", "Fix the unit tests", "the network is slow"}) {
    input.brief = brief;
    EXPECT_EQ(asked_to_pass(input).size(), 1U) << brief;
  }
}

}  // namespace
}  // namespace nightjar::verify
