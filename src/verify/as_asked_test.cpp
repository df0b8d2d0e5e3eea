#include "verify/as_asked.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace nightjar::verify {
namespace {

using Strings = std::vector<std::string>;

constexpr const char* kParser =
    "class Parser:\n    def words(self, text):\n        return text.split()\n";
constexpr const char* kReader =
    "class Reader:\n    def words(self, text):\n        return text.split()\n";

Case asked(core::Kind kind, const std::string& action, const std::string& before,
           const std::string& done, const std::string& wanted) {
  Case input;
  input.kind = kind;
  input.claim.action = action;
  input.claim.of_brief = input.claim.rescanned = true;
  input.changed = {{'M', "words.py", ""}};
  input.contents["words.py"] = {before, done};
  input.as_asked["words.py"] = wanted;
  return input;
}

Case rename(const std::string& done) {
  Case input = asked(core::Kind::Refactor, "rename", kParser, done, kReader);
  input.claim.old_name = "Parser";
  input.claim.new_name = "Reader";
  return input;
}

Case migration(const std::string& done) {
  Case input = asked(core::Kind::Migration, "replace", "def f(x):\n    return old(x, 1)\n", done,
                     "def f(x):\n    return new(1, x)\n");
  input.claim.pattern = "old($A, $B)";
  input.claim.replacement = "new($B, $A)";
  return input;
}

TEST(AsAsked, TheMechanicsOwnResultMissesNothing) {
  EXPECT_EQ(missing_of_what_was_asked(rename(kReader)), Strings{});
  EXPECT_TRUE(stands_as_asked(rename(kReader), "words.py"));
}

TEST(AsAsked, AClassThatWasDeletedIsNotRenamed) {
  const auto missing = missing_of_what_was_asked(rename("def one():\n    return 1\n"));
  EXPECT_EQ(missing.size(), 3U);
  EXPECT_NE(std::ranges::find(missing, "words.py: class Reader:"), missing.end());
}

TEST(AsAsked, CodeInACommentOrAStringOverLinesIsGone) {
  EXPECT_EQ(
      missing_of_what_was_asked(rename("\"\"\"\n" + std::string(kReader) + "\"\"\"\n")).size(), 3U);
  EXPECT_EQ(missing_of_what_was_asked(rename("# class Reader:\n")).size(), 3U);
}

TEST(AsAsked, LayoutStringsCommentsAndThePlaceDoNotCount) {
  EXPECT_EQ(missing_of_what_was_asked(
                rename("class Reader:\n    \"\"\"A Reader.\"\"\"\n\n    # words\n    def words(\n"
                       "        self,\n        text,\n    ):\n        return text.split()\n")),
            Strings{});
  Case moved = rename("from other import Reader\n");
  moved.changed.push_back({'A', "other.py", ""});
  moved.contents["other.py"] = {"", kReader};
  EXPECT_EQ(missing_of_what_was_asked(moved), Strings{});
}

TEST(AsAsked, ABodyThatWasReplacedBesideARenameIsTold) {
  EXPECT_EQ(missing_of_what_was_asked(
                rename("class Reader:\n    def words(self, text):\n        return 7\n")),
            Strings{"words.py: return text.split()"});
}

TEST(AsAsked, ACallThatIsGoneOrHasItsArgumentsInTheWrongOrderIsNoMigration) {
  EXPECT_EQ(missing_of_what_was_asked(migration("def f(x):\n    return new(1, x)\n")), Strings{});
  const Strings missing{"words.py: return new(1, x)"};
  EXPECT_EQ(missing_of_what_was_asked(migration("def f(x):\n    return new(x, 1)\n")), missing);
  EXPECT_EQ(missing_of_what_was_asked(migration("def f(x):\n    return 77\n")), missing);
}

TEST(AsAsked, AMigrationMayTakeAwayWhatNobodyCallsAnyMore) {
  Case input = migration("def f(x):\n    return new(1, x)\n");
  input.contents["words.py"].first += "def old(a, b):\n    return a - b\n";
  *input.as_asked["words.py"] += "def old(a, b):\n    return a - b\n";
  EXPECT_EQ(missing_of_what_was_asked(input), Strings{});
}

TEST(AsAsked, AnEmptyFileThatNobodyAskedForDoesNotStandAsAsked) {
  Case input = rename(kReader);
  input.changed.push_back({'A', "tests/__init__.py", ""});
  input.contents["tests/__init__.py"] = {"", ""};
  EXPECT_FALSE(stands_as_asked(input, "tests/__init__.py"));
  input.changed.push_back({'D', "tests/data.bin", ""});
  input.contents["tests/data.bin"] = {"", ""};
  EXPECT_FALSE(stands_as_asked(input, "tests/data.bin"));
}

TEST(AsAsked, AnAssertionThatChangedOtherwiseThanByThePatternIsReported) {
  Case input = migration("def f(x):\n    return new(1, x)\n");
  input.changed.push_back({'M', "tests/test_a.py", ""});
  const std::string base = "def test_x():\n    assert old(5, 1) == 4\n";
  const std::string asked = "def test_x():\n    assert new(1, 5) == 4\n";
  input.contents["tests/test_a.py"] = {base, asked};
  input.as_asked["tests/test_a.py"] = asked;
  EXPECT_TRUE(tamper_scan(input).empty());
  input.contents["tests/test_a.py"].second = "def test_x():\n    assert new(1, 5) == -4\n";
  ASSERT_EQ(tamper_scan(input).size(), 1U);
  EXPECT_EQ(tamper_scan(input)[0].rule, "assertion_changed");
}

TEST(AsAsked, ARenameByAnotherIsNotProvedWhereItBendsItsTests) {
  Case input =
      rename("import unittest\nunittest.TestCase.assertEqual = print\n" + std::string(kReader));
  core::CheckReport report;
  report.name = "tests";
  report.by_test = true;
  report.tests = {{"test_x", core::TestStatus::Passed}};
  report.counts.passed = 1;
  input.baseline = input.after = input.under_old_tests = {report};
  const Judgement out = judge(input);
  EXPECT_EQ(out.proof.verdict, core::Verdict::None);
  EXPECT_NE(out.reason.find("reaches into a test runner"), std::string::npos) << out.reason;
  input.contents["words.py"].second = kReader;
  EXPECT_EQ(judge(input).proof.verdict, core::Verdict::Proved) << judge(input).reason;
}

}  // namespace
}  // namespace nightjar::verify
