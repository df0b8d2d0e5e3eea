#include <gtest/gtest.h>

#include "verify/verify.h"

namespace nightjar::verify {
namespace {

using core::CheckReport;
using core::TestStatus;
using Names = std::vector<std::string>;
constexpr auto P = TestStatus::Passed;
constexpr auto F = TestStatus::Failed;
constexpr auto S = TestStatus::Skipped;

CheckReport report(const std::map<std::string, TestStatus>& tests, int exit_status = 0) {
  CheckReport out;
  out.name = "tests";
  out.command = "run the tests";
  out.format = "pytest";
  out.by_test = true;
  out.tests = tests;
  out.exit_status = exit_status;
  for (const auto& [name, status] : tests) {
    out.counts.passed += status == P;
    out.counts.failed += status == F;
    out.counts.skipped += status == S;
  }
  return out;
}

CheckReport counts(int passed, int failed, int skipped = 0,
                   const std::map<std::string, TestStatus>& named = {}) {
  CheckReport out = report(named, failed ? 1 : 0);
  out.by_test = false;
  out.counts = {passed, failed, skipped};
  return out;
}

core::CheckComparison compared(const CheckReport& before, const CheckReport& after) {
  return compare(before, after, std::nullopt);
}

TEST(Compare, TellsNewlyFailingFromFixedAndStillFailing) {
  const auto out = compared(report({{"a", P}, {"b", F}, {"c", F}, {"d", P}}),
                            report({{"a", F}, {"b", P}, {"c", F}, {"d", P}}));
  EXPECT_EQ(out.newly_failing, Names{"a"});
  EXPECT_EQ(out.fixed, Names{"b"});
  EXPECT_EQ(out.still_failing, Names{"c"});
  EXPECT_EQ(out.vanished, Names{});
  EXPECT_EQ(out.before, (core::Counts{2, 2, 0}));
  EXPECT_TRUE(out.by_test);
}

TEST(Compare, ANewTestThatFailsIsNewlyFailing) {
  EXPECT_EQ(compared(report({{"a", P}}), report({{"a", P}, {"new", F}})).newly_failing,
            Names{"new"});
  EXPECT_EQ(compared(report({{"a", P}}), report({{"a", P}, {"new", P}})).newly_failing, Names{});
}

TEST(Compare, ASkippedTestThatFailsNowIsNewlyFailing) {
  EXPECT_EQ(compared(report({{"a", S}}), report({{"a", F}})).newly_failing, Names{"a"});
}

TEST(Compare, AVanishedTestIsALossUnlessItWasSkipped) {
  const auto out = compared(report({{"passed", P}, {"failed", F}, {"skipped", S}, {"stays", P}}),
                            report({{"stays", P}}));
  EXPECT_EQ(out.vanished, (Names{"failed", "passed"}));
}

TEST(Compare, ARenamedParameterIsTheSameTest) {
  const std::pair<std::string, std::string> renamed{"Parser", "Reader"};
  const auto out =
      compare(report({{"t[Parser]", P}, {"t[OldParser]", P}, {"x.Parser::m", F}}),
              report({{"t[Reader]", P}, {"t[OldParser]", P}, {"x.Reader::m", F}}), renamed);
  EXPECT_EQ(out.vanished, Names{});
  EXPECT_EQ(out.newly_failing, Names{});
  EXPECT_EQ(out.still_failing, Names{"x.Reader::m"});
}

TEST(Compare, ARenamedTestThatFailsNowIsNewlyFailingAndNotVanished) {
  const auto out = compare(report({{"test_Parser", P}}), report({{"test_Reader", F}}),
                           std::pair<std::string, std::string>{"Parser", "Reader"});
  EXPECT_EQ(out.newly_failing, Names{"test_Reader"});
  EXPECT_EQ(out.vanished, Names{});
}

TEST(Compare, ARenameHidesNoTestThatWasThereAlready) {
  const auto out = compare(report({{"t[Parser]", P}, {"t[Reader]", P}}), report({{"t[Reader]", P}}),
                           std::pair<std::string, std::string>{"Parser", "Reader"});
  EXPECT_EQ(out.vanished, Names{"t[Parser]"});
}

TEST(Compare, FlakyTestsAreListedAndProveNothing) {
  CheckReport before = report({{"a", P}, {"b", P}});
  before.flaky = {"a"};
  CheckReport after = report({{"a", F}, {"b", F}}, 1);
  after.flaky = {"b"};
  const auto out = compared(before, after);
  EXPECT_EQ(out.newly_failing, Names{});
  EXPECT_EQ(out.flaky, (Names{"a", "b"}));
}

TEST(Compare, TheFailureOfACheckIsNewButItsAbsenceIsNoLoss) {
  CheckReport crashed = report({{"a", P}, {"tests (exit status 134)", F}}, 134);
  EXPECT_EQ(compared(report({{"a", P}}), crashed).newly_failing, Names{"tests (exit status 134)"});
  EXPECT_EQ(compared(crashed, report({{"a", P}})).vanished, Names{});
}

TEST(Compare, ACheckThatFailsBeforeAnyTestLosesAllOfThem) {
  CheckReport broken = report({{"run the tests", F}}, 2);
  broken.format = "command";
  const auto out = compared(report({{"a", P}, {"b", P}}), broken);
  EXPECT_EQ(out.newly_failing, Names{"run the tests"});
  EXPECT_EQ(out.vanished, (Names{"a", "b"}));
  EXPECT_EQ(compared(broken, report({{"a", P}})).vanished, Names{});
}

TEST(Compare, CountsAreComparedWhereThereAreNoNames) {
  EXPECT_EQ(compared(counts(5, 0), counts(5, 0)).newly_failing, Names{});
  EXPECT_EQ(compared(counts(5, 0), counts(6, 0)).newly_failing, Names{});
  EXPECT_EQ(compared(counts(5, 1), counts(6, 0)).newly_failing, Names{});
  EXPECT_EQ(compared(counts(5, 0), counts(4, 1)).newly_failing,
            Names{"tests: 1 more test fails (only counts were reported)"});
  EXPECT_EQ(compared(counts(5, 0), counts(3, 0, 2)).newly_failing,
            Names{"tests: 2 tests fewer passed (only counts were reported)"});
  EXPECT_FALSE(compared(counts(5, 0), counts(5, 0)).by_test);
  EXPECT_FALSE(compared(report({{"a", P}}), counts(1, 0)).by_test);
}

TEST(Compare, NamedFailuresCountEvenWhereTheRestHasNoNames) {
  const auto out = compared(counts(5, 1, 0, {{"a", F}}), counts(5, 1, 0, {{"b", F}}));
  EXPECT_EQ(out.newly_failing, Names{"b"});
}

TEST(Merge, BothAnswersMakeATestFlaky) {
  const auto out =
      merge(report({{"a", F}, {"b", P}, {"c", F}}, 1), report({{"a", P}, {"b", P}, {"c", F}}, 1));
  EXPECT_EQ(out.flaky, Names{"a"});
  EXPECT_EQ(out.counts, (core::Counts{1, 2, 0}));
}

TEST(Merge, SameAnswersMakeNothingFlaky) {
  EXPECT_EQ(merge(report({{"a", F}}, 1), report({{"a", F}}, 1)).flaky, Names{});
}

TEST(Merge, ACheckThatCrashedOnceIsFlaky) {
  const auto out =
      merge(report({{"a", P}, {"tests (exit status 139)", F}}, 139), report({{"a", P}}, 0));
  EXPECT_EQ(out.flaky, Names{"tests (exit status 139)"});
  EXPECT_EQ(compared(report({{"a", P}}), out).newly_failing, Names{});
}

TEST(Merge, ATestThatOnlyOneRunReportedIsKept) {
  const auto out = merge(report({{"a", F}}, 1), report({{"a", F}, {"b", P}}, 1));
  EXPECT_EQ(out.tests.size(), 2U);
  EXPECT_EQ(out.flaky, Names{});
}

TEST(Merge, DifferentCountsWithoutNamesAreFlaky) {
  EXPECT_EQ(merge(counts(4, 1), counts(5, 0)).flaky, Names{"tests"});
  EXPECT_EQ(merge(counts(4, 1), counts(4, 1)).flaky, Names{});
}

}  // namespace
}  // namespace nightjar::verify
