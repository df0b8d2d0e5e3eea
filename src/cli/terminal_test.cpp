#include "cli/terminal.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace nightjar::cli {
namespace {

Terminal narrow(int width) {
  Terminal out;
  out.width = width;
  return out;
}

TEST(DisplayWidth, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("é"), 1u);
  EXPECT_EQ(display_width("日本語"), 6u);
  EXPECT_EQ(display_width("e\u0301"), 1u);
  EXPECT_EQ(display_width(""), 0u);
}

TEST(Fitted, CutsWideCharactersWhole) {
  EXPECT_EQ(fitted(narrow(80), "日本語", 6), "日本語");
  EXPECT_EQ(fitted(narrow(80), "日本語", 5), "日本…");
  EXPECT_EQ(fitted(narrow(80), "日本語", 4), "日…");
  EXPECT_EQ(display_width(fitted(narrow(80), "日本語", 4)), 3u);
}

TEST(Fitted, UsesAsciiWhereTheLocaleDoes) {
  Terminal ascii;
  ascii.utf8 = false;
  EXPECT_EQ(fitted(ascii, "Parser", 4), "Par~");
}

TEST(Table, CutsWhatMayBeCutThenDropsWhatMayGo) {
  const std::vector<Column> columns{{"ID"}, {"TITLE", 8}, {"EXTRA", 0, 1}};
  const std::vector<std::vector<Cell>> rows{{{"abc"}, {"a rather long title"}, {"something"}}};
  EXPECT_EQ(table(narrow(80), columns, rows),
            "ID   TITLE                EXTRA\nabc  a rather long title  something\n");
  EXPECT_EQ(table(narrow(26), columns, rows),
            "ID   TITLE       EXTRA\nabc  a rather …  something\n");
  EXPECT_EQ(table(narrow(22), columns, rows), "ID   TITLE\nabc  a rather long ti…\n");
}

TEST(Table, HasNoColumnThatIsEmptyInEveryRow) {
  EXPECT_EQ(table(narrow(80), {{"A"}, {"B"}, {"C"}}, {{{"1"}, {""}, {"3"}}}), "A  C\n1  3\n");
}

TEST(Table, LinesDoNotEndInBlanks) {
  EXPECT_EQ(table(narrow(80), {{"A"}, {"LONG"}}, {{{"1"}, {"x"}}, {{"22"}, {""}}}),
            "A   LONG\n1   x\n22\n");
}

TEST(Table, NumbersStandRight) {
  EXPECT_EQ(
      table(narrow(80), {{"SIZE", 0, 0, true}, {"W"}}, {{{"1 MB"}, {"a"}}, {{"10 MB"}, {"b"}}}),
      " SIZE  W\n 1 MB  a\n10 MB  b\n");
}

TEST(Paint, IsSilentWithoutColour) {
  Terminal plain;
  EXPECT_EQ(paint(plain, Tone::Bad, "x"), "x");
  plain.colour = true;
  EXPECT_EQ(paint(plain, Tone::Bad, "x"), "\x1b[1;31mx\x1b[0m");
}

TEST(Wrapped, BreaksBetweenWordsAndIndents) {
  EXPECT_EQ(wrapped(narrow(20), "one two three four five", 4), "one two three\n    four five");
  EXPECT_EQ(wrapped(narrow(20), "averyveryverylongwordindeed ok", 4),
            "averyveryverylongwordindeed\n    ok");
}

}  // namespace
}  // namespace nightjar::cli
