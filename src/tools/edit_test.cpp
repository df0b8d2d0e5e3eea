#include "tools/edit.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace nightjar::tools {
namespace {

std::string edited(std::string_view text, std::string_view piece, std::string_view with,
                   bool all = false) {
  const auto out = edit_text(text, piece, with, all);
  return out ? out->text : "! " + out.error();
}

TEST(Edit, ReplacesWhatStandsThereExactlyOnce) {
  EXPECT_EQ(edited("a b c", "b", "x"), "a x c");
  EXPECT_EQ(edited("a\nb\nc\n", "b\nc\n", ""), "a\n");
  const auto out = edit_text("one\ntwo\nthree\n", "three", "3", false);
  EXPECT_EQ(out->first_line, 3U);
  EXPECT_EQ(out->note, "");
}

TEST(Edit, RefusesWhatIsAmbiguousAndShowsTheCandidates) {
  const auto out = edit_text("f(1)\ng()\nf(1)\n", "f(1)", "f(2)", false);
  ASSERT_FALSE(out);
  EXPECT_NE(out.error().find("2 places (lines 1, 3)"), std::string::npos) << out.error();
  EXPECT_NE(out.error().find("2 | g()"), std::string::npos) << out.error();
  EXPECT_EQ(edited("f(1)\ng()\nf(1)\n", "f(1)", "f(2)", true), "f(2)\ng()\nf(2)\n");
  EXPECT_TRUE(edited("  f( 1 )\n  f( 1 )\n", "f( 1 ) ", "x").starts_with("! the text stands at 2"));
}

TEST(Edit, LooksPastBlanksAtLineEndsAndOtherQuotes) {
  EXPECT_EQ(edited("a = 1  \nb = 2\t\n", "a = 1\nb = 2\n", "c\n"), "c\n");
  EXPECT_EQ(edited("say(\u201chi\u201d) \u2013 x\nend\n", "say(\"hi\") - x\nend", "done\nend"),
            "done\nend\n");
}

TEST(Edit, TakesTheFilesOwnIndentation) {
  EXPECT_EQ(edited("class A:\n    def f(self):\n        return 1\n", "def f(self):\n    return 1\n",
                   "def f(self):\n    if x:\n        return 2\n    return 1\n"),
            "class A:\n    def f(self):\n        if x:\n            return 2\n        return 1\n");
  EXPECT_EQ(edited("\tif a {\n\t\tb()\n\t}\n", "if a {\n    b()\n}", "if a {\n    c()\n    b()\n}"),
            "\tif a {\n\t\tc()\n\t\tb()\n\t}\n");
  // Deeper in the model's text than in the file.
  EXPECT_EQ(edited("f():\n  a\n", "        f():\n          a\n", "        g():\n          a\n"),
            "g():\n  a\n");
}

TEST(Edit, KeepsWhatThreeDotsStandFor) {
  const std::string text = "def f():\n    a = 1\n    b = 2\n    c = 3\n    return a\n\ndef g():\n";
  EXPECT_EQ(edited(text, "def f():\n    ...\n    return a\n", "def h():\n    ...\n    return b\n"),
            "def h():\n    a = 1\n    b = 2\n    c = 3\n    return b\n\ndef g():\n");
  EXPECT_EQ(edited(text, "def f():\n    # ... existing code ...\n    c = 3\n",
                   "def f():\n    # ...\n    c = 4\n"),
            "def f():\n    a = 1\n    b = 2\n    c = 4\n    return a\n\ndef g():\n");
  EXPECT_TRUE(
      edited(text, "def f():\n    ...\n    return a", "pass").starts_with("! the old text"));
}

TEST(Edit, TakesOnePlaceThatIsNearlyTheSameAndSaysSo) {
  const std::string text =
      "int total_of(const std::vector<int>& all) {\n  int sum = 0;\n  for (int one : all) sum += "
      "one;\n  return sum;\n}\n";
  const auto out = edit_text(text,
                             "int total_of(const std::vector<int> &all) {\n  int sum = 0;\n  for "
                             "(int one : all) sum += one;\n  return sum;\n}\n",
                             "int total_of(const std::vector<int>& all);\n", false);
  ASSERT_TRUE(out) << out.error();
  EXPECT_EQ(out->text, "int total_of(const std::vector<int>& all);\n");
  EXPECT_NE(out->note, "");
  const auto nothing = edit_text(text, "struct Other {\n  int x;\n};\n", "x", false);
  ASSERT_FALSE(nothing);
  const auto near =
      edit_text(text, "  int sum = 0;\n  for (long o : everything) s += o;\n", "x", false);
  ASSERT_FALSE(near);
  EXPECT_NE(near.error().find("2 |   int sum = 0;"), std::string::npos) << near.error();
}

TEST(Edit, KeepsLineEndsAndTheMissingOneAtTheEnd) {
  EXPECT_EQ(edited("a\r\nb\r\nc\r\n", "b\nc", "x\ny"), "a\r\nx\r\ny\r\n");
  EXPECT_EQ(edited("a\r\nb\nc\r\n", "b", "x"), "a\r\nx\nc\r\n");
  EXPECT_EQ(edited("  a\n  b", "a\nb", "c\nb"), "  c\n  b");
}

TEST(Edit, SaysWhatIsWrongWithTheRequest) {
  EXPECT_TRUE(edited("a", "", "b").starts_with("! the old text is empty"));
  EXPECT_TRUE(edited("a", "a", "a").starts_with("! the old and the new"));
  EXPECT_TRUE(edited("", "a", "b").starts_with("! the text was not found"));
  EXPECT_TRUE(edited("\n\n\n", " \n ", "b").starts_with("! the text was not found"));
}

TEST(Edit, TakesOnlyDotsAloneOrInACommentForLinesLeftOut) {
  const std::string text = "f({\n  a: 1,\n  b: 2,\n  c: 3,\n});\n";
  EXPECT_TRUE(edited(text, "f({\n  ...spread,\n  c: 3,\n", "f({\n  ...spread,\n  c: 4,\n")
                  .starts_with("! the text was not found"));
  EXPECT_TRUE(edited("g(a, b)\nh()\n", "g(\n  ...args\nh()\n", "g(\n  ...args\ni()\n")
                  .starts_with("! the text was not found"));
  EXPECT_EQ(edited(text, "f({\n  /* ... */\n  c: 3,\n", "f({\n  /* ... */\n  c: 4,\n"),
            "f({\n  a: 1,\n  b: 2,\n  c: 4,\n});\n");
}

TEST(Edit, TakesOffTheNumbersThatReadingShows) {
  EXPECT_EQ(edited("a\n  b\nc\n", "2\t  b\n3\tc", "2\t  x\n3\tc"), "a\n  x\nc\n");
  EXPECT_EQ(edited("a\nb\n", " 2\tb\n", "c\n"), "a\nc\n");
  EXPECT_EQ(edited("1\ta\n", "1\ta\n", "1\tb\n"), "1\tb\n");
}

TEST(Edit, RefusesWhatChangesNothing) {
  EXPECT_TRUE(
      edited("x\na\nb\n", "a \nb\n", "a\nb\n").starts_with("! this changes nothing: at line 2"));
}

TEST(Edit, ReplacesNoNumbersAndNamesThatWereNotGiven) {
  const std::string text =
      "def limits_of(request):\n    timeout_of_the_request_in_seconds = 90\n    "
      "return timeout_of_the_request_in_seconds\n";
  const auto stale = edit_text(text,
                               "def limits_of(request):\n    timeout_of_the_request_in_seconds = "
                               "30\n    return timeout_of_the_request_in_seconds\n",
                               "def limits_of(request):\n    return 31\n", false);
  ASSERT_FALSE(stale);
  EXPECT_NE(stale.error().find("2 |     timeout_of_the_request_in_seconds = 90"),
            std::string::npos);
  const std::string call =
      "first = compute_the_total_of_all_the_items(request, 1)\nsecond = compute(request,  2)\n";
  EXPECT_TRUE(edited(call,
                     "compute_the_total_of_all_the_items(request, 1)\nsecond = compute(request, "
                     "2)\n",
                     "x\n")
                  .starts_with("! the text was not found; nearest:\n  1 | first = "));
}

TEST(Edit, FindsLinesThatTheNewTextLeavesOut) {
  EXPECT_EQ(left_out("a\nb\n", "a\n  // ... existing code ...\n"), "// ... existing code ...");
  EXPECT_EQ(left_out("a\n# ... rest of the file\n", "# ... rest of the file\n"), std::nullopt);
  EXPECT_EQ(left_out("a\n", "# ... and so on\n...\n"), std::nullopt);
}

TEST(Edit, IndentsWhatWasGivenWithoutAnyIndentation) {
  const auto edited =
      edit_text("def add(a, b):\n    return a\n\n\ndef one():\n    return 1\n",
                "def one():\nreturn 1", "def one():\nvalue = 1\nreturn value", false);
  ASSERT_TRUE(edited) << edited.error();
  EXPECT_NE(edited->text.find("def one():\n    value = 1\n    return value\n"), std::string::npos)
      << edited->text;
}

TEST(Edit, AWrongLineInALongFileOfLikeOnesIsFoundQuickly) {
  std::string text, piece;
  for (int i = 0; i < 20'000; ++i) {
    const std::string line =
        "    registry.add(\"entry_number_" + std::to_string(i) + "\", make_entry(flags));\n";
    text += line;
    if (i >= 15'000 && i < 15'190) piece += i == 15'100 ? "    registry.remove(this);\n" : line;
  }
  const auto begun = std::chrono::steady_clock::now();
  const auto out = edit_text(text, piece, "x\n", false);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10));
  ASSERT_FALSE(out);
  EXPECT_NE(out.error().find("15001 | "), std::string::npos) << out.error();
}

}  // namespace
}  // namespace nightjar::tools
