#include "base/text.h"

#include <gtest/gtest.h>

namespace nightjar {
namespace {

TEST(Inert, ShowsEscapesAndBidirectionalOverridesInsteadOfObeyingThem) {
  EXPECT_EQ(inert("a\x1b[31mb"), "a\\x1b[31mb");
  EXPECT_EQ(inert("x\xE2\x80\xAEy"), "x\\u202ey");
  EXPECT_EQ(inert("\xC2\x9B"
                  "31m"),
            "\\x9b31m");
  EXPECT_EQ(inert("one\ntwo"), "one\\ntwo");
  EXPECT_EQ(inert("one\n\ttwo", true), "one\n\ttwo");
  EXPECT_EQ(inert("bad\xFF"), "bad\xEF\xBF\xBD");
}

TEST(Inert, LeavesOrdinaryTextOfAnyLanguageAlone) {
  EXPECT_EQ(inert("Größe 日本語 🙂"), "Größe 日本語 🙂");
  EXPECT_FALSE(has_control_characters("Größe\n\t日本語"));
  EXPECT_TRUE(has_control_characters("a\x07"));
}

TEST(Shortened, CountsCodePointsAndNeverSplitsOne) {
  EXPECT_EQ(shortened("日本語", 3), "日本語");
  EXPECT_EQ(shortened("日本語です", 3), "日本…");
  EXPECT_EQ(shortened("first\nsecond", 20), "first");
  EXPECT_EQ(shortened_lines("first\nsecond", 20), "first\nsecond");
  EXPECT_EQ(shortened_lines("first\nsecond", 8), "first\ns…");
}

TEST(Slug, IsSafeInABranchName) {
  EXPECT_EQ(slug("Rename class Parser to Reader!"), "rename-class-parser-to-reader");
  EXPECT_EQ(slug("../..//x"), "x");
  EXPECT_EQ(slug("日本語"), "");
  EXPECT_EQ(slug(std::string(100, 'a'), 10), "aaaaaaaaaa");
}

TEST(ShellQuoted, ReadsBackUnchanged) {
  EXPECT_EQ(shell_quoted("plain-1.0/x"), "plain-1.0/x");
  EXPECT_EQ(shell_quoted("it's $HOME"), "'it'\\''s $HOME'");
  EXPECT_EQ(shell_quoted(""), "''");
}

TEST(HumanSize, PicksTheUnitThatReadsBest) {
  EXPECT_EQ(human_size(999), "999 B");
  EXPECT_EQ(human_size(1500), "1.5 kB");
  EXPECT_EQ(human_size(999'999), "1.0 MB");
}

TEST(RandomId, IsOfTheAlphabetAndDiffers) {
  const std::string id = random_id();
  EXPECT_EQ(id.size(), 6u);
  EXPECT_EQ(id.find_first_not_of("0123456789abcdefghjkmnpqrstvwxyz"), std::string::npos);
  EXPECT_NE(random_id(20), random_id(20));
}

}  // namespace
}  // namespace nightjar
