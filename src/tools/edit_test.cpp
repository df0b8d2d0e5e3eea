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

TEST(Edit, LinesCopiedWithNumbersAreWholeLines) {
  const auto out = edit_text("max = 10\nx = 2", "2\tx = 1", "2\tx = 3", false);
  ASSERT_FALSE(out) << out->text;
  EXPECT_TRUE(out.error().starts_with("the text was not found")) << out.error();
  EXPECT_TRUE(edited("1\tAnn\n13\tBob\n", "12\tBob", "12\tRob").starts_with("! "));
  const auto moved = edit_text("top\nmax = 10\nx = 1\n", "2\tx = 1\n", "2\tx = 3\n", false);
  ASSERT_TRUE(moved) << moved.error();
  EXPECT_EQ(moved->text, "top\nmax = 10\nx = 3\n");
  EXPECT_NE(moved->note.find("line numbers"), std::string::npos) << moved->note;
}

TEST(Edit, OfEqualLinesCopiedWithNumbersTheOneAtTheNumberIsMeant) {
  const std::string text = "f(1)\n  g\nf(1)\n  g\nf(1)\n";
  EXPECT_EQ(edited(text, "3\tf(1)\n4\t  g", "3\tf(2)\n4\t  g"), "f(1)\n  g\nf(2)\n  g\nf(1)\n");
  EXPECT_TRUE(edited(text, "4\tf(1)", "4\tf(2)")
                  .starts_with("! the text stands at 3 places (lines 1, 3, 5)"));
  EXPECT_EQ(edited(text, "4\tf(1)", "4\tf(2)", true), "f(2)\n  g\nf(2)\n  g\nf(2)\n");
  // A line that the model put between them has no number.
  EXPECT_EQ(edited(text, "3\tf(1)", "3\tf(2)\n\th()"), "f(1)\n  g\nf(2)\n\th()\n  g\nf(1)\n");
}

TEST(Edit, ThreeDotsReachIntoNoOtherFunction) {
  const std::string two = "def f():\n    a()\n    return x\n\ndef g():\n    return x\n";
  EXPECT_TRUE(edited(two, "...\n    return x", "...\n    return y").starts_with("! "));
  EXPECT_NE(edited(two, "...\n    return x", "...\n    return y").find("3 |     return x"),
            std::string::npos);
  EXPECT_EQ(edited(two, "def f():\n...\n    return x", "def f():\n...\n    return y"),
            "def f():\n    a()\n    return y\n\ndef g():\n    return x\n");
  const std::string none = "def f():\n    a()\n\ndef g():\n    return x\n";
  const std::string refused =
      edited(none, "def f():\n...\n    return x", "def f():\n...\n    return y");
  EXPECT_TRUE(refused.starts_with("! ")) << refused;
  EXPECT_NE(refused.find("5 |     return x"), std::string::npos) << refused;
}

TEST(Edit, OfTwoEqualLinesBehindThreeDotsNoneIsTaken) {
  const std::string text = "def f():\n    if a:\n        return x\n    b()\n        return x\n";
  const std::string refused =
      edited(text, "def f():\n...\n        return x", "def f():\n...\n        return y");
  EXPECT_TRUE(refused.starts_with("! ")) << refused;
  EXPECT_NE(refused.find("(lines 3, 5)"), std::string::npos) << refused;
  EXPECT_EQ(refused.find("\"all\""), std::string::npos) << refused;
  EXPECT_EQ(edited(text, "def f():\n...\n    b()\n        return x",
                   "def f():\n...\n    b()\n        return y"),
            "def f():\n    if a:\n        return x\n    b()\n        return y\n");
}

TEST(Edit, ABlockBehindThreeDotsGoesPastBracketsBranchesAndLabels) {
  EXPECT_EQ(edited("int f(\n    int a\n) {\n#if A\n  g();\n#endif\n  return 1;\n}\n\nint h() {\n  "
                   "return 1;\n}\n",
                   "int f(\n...\n  return 1;\n}\n", "int f(\n...\n  return 2;\n}\n"),
            "int f(\n    int a\n) {\n#if A\n  g();\n#endif\n  return 2;\n}\n\nint h() {\n  return "
            "1;\n}\n");
  EXPECT_EQ(edited("if a:\n    b()\nelse:\n    c()\nd()\nif e:\n    c()\n", "if a:\n...\n    c()",
                   "if a:\n...\n    x()"),
            "if a:\n    b()\nelse:\n    x()\nd()\nif e:\n    c()\n");
  EXPECT_EQ(edited("switch (a)\n{\ncase 1:\n  b();\nout:\n  c();\n}\nf()\n{\n  c();\n}\n",
                   "switch (a)\n...\n  c();", "switch (a)\n...\n  x();"),
            "switch (a)\n{\ncase 1:\n  b();\nout:\n  x();\n}\nf()\n{\n  c();\n}\n");
  EXPECT_EQ(
      edited("def f():\n    a()\n#   b()\n# c\n    return x\n\n# of g\ndef g():\n    return x\n",
             "def f():\n...\n    return x", "def f():\n...\n    return y"),
      "def f():\n    a()\n#   b()\n# c\n    return y\n\n# of g\ndef g():\n    return x\n");
  // Of one among several cases, or keys, the next one is the end.
  EXPECT_TRUE(
      edited("case 1:\n  b();\ncase 2:\n  c();\n", "case 1:\n...\n  c();", "case 1:\n...\n  x();")
          .starts_with("! "));
  EXPECT_TRUE(
      edited("a:\n  y: 1\nb:\n  x: 1\n", "a:\n...\n  x: 1", "a:\n...\n  x: 2").starts_with("! "));
}

TEST(Edit, LinesBehindThreeDotsBelongToTheLastFunctionThatWasNamed) {
  EXPECT_EQ(edited("def f():\n    a\n\ndef g():\n    return x\n\ndef h():\n    return x\n",
                   "def f():\n...\ndef g():\n...\n    return x",
                   "def f():\n...\ndef g():\n...\n    return y"),
            "def f():\n    a\n\ndef g():\n    return y\n\ndef h():\n    return x\n");
}

TEST(Edit, NothingIsPutBesideDotsWhereNoLineSaysTheirEnd) {
  EXPECT_TRUE(edited("def f():\n    a\n    b\n", "def f():\n    ...", "def f():\n    ...\n    c")
                  .starts_with("! the new text"));
  EXPECT_TRUE(edited("a\nb\nc\n", "...\nb", "x\n...\nb").starts_with("! the new text"));
  EXPECT_TRUE(edited("a\nb\nc\n", "...\n", "...\nb\n").starts_with("! the "));
  EXPECT_EQ(edited("def f():\n    a\n    b\n", "def f():\n    ...", "def g():\n    ..."),
            "def g():\n    a\n    b\n");
}

TEST(Edit, AllReplacesEveryPlaceOfTheSameLikeness) {
  const auto out = edit_text("if a:\n    f( 1 )\n    g\nwhile b:\n        f( 1 )\n        g\n",
                             "f( 1 )\ng\n", "f(2)\nh\ng\n", true);
  ASSERT_TRUE(out) << out.error();
  EXPECT_EQ(out->text,
            "if a:\n    f(2)\n    h\n    g\nwhile b:\n        f(2)\n        h\n        g\n");
  EXPECT_EQ(out->places, 2U);
  EXPECT_NE(out->note.find("2 places"), std::string::npos) << out->note;
  EXPECT_EQ(edited("a \nb\na\t\n", "a\n", "c\n", true), "c\nb\nc\n");
  EXPECT_EQ(edited("a \na \na \n", "a\na\n", "c\n", true), "c\na \n");
}

TEST(Edit, ATextThatStandsAtVeryManyPlacesIsRefusedQuickly) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "f(x)\n";
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(edited(text, "f(", "g(").starts_with("! the text stands at 200000 places"));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10));
}

TEST(Edit, ALineIsShownOnceHoweverOftenItHoldsTheText) {
  const auto out = edit_text("x x x\n", "x", "y", false);
  ASSERT_FALSE(out);
  EXPECT_TRUE(out.error().starts_with("the text stands at 3 places (line 1); ")) << out.error();
  EXPECT_EQ(out.error().find("1 | x"), out.error().rfind("1 | x")) << out.error();
}

TEST(Edit, InAMixedFileLinesKeepTheEndsOfThoseThatTheyReplace) {
  const std::string text = "a\r\nb\nc\r\nd\n";
  EXPECT_EQ(edited(text, "a\nb\nc", "A\nB\nC"), "A\r\nB\nC\r\nd\n");
  EXPECT_EQ(edited(text, "a\r\nb", "a\r\nx\r\ny\r\nb"), "a\r\nx\r\ny\r\nb\nc\r\nd\n");
  EXPECT_EQ(edited(text, "b\nc\n", "c\n"), "a\r\nc\r\nd\n");
  EXPECT_EQ(edited(text, "c", "c\nx"), "a\r\nb\nc\r\nx\r\nd\n");
  EXPECT_EQ(edited("a\r\nx\nb\r\nx\nc\r\n", "x\n", "y\nz\n", true), "a\r\ny\nz\nb\r\ny\nz\nc\r\n");
  EXPECT_EQ(edited("x x\r\nx\nb\r\n", "x", "y\nz", true), "y\r\nz y\r\nz\r\ny\nz\nb\r\n");
  EXPECT_EQ(edited("f \r\n  a\r\n  b\nc\r\n", "f\n...\n  b\nc", "f\n...\n  B\nx\nc"),
            "f\r\n  a\r\n  B\nx\nc\r\n");
  EXPECT_EQ(edited("a\nb\n", "a\r\nb\r\n", "c\r\nd\r\n"), "c\nd\n");
  EXPECT_EQ(edited("a", "a", "b\r\nc"), "b\r\nc");
  EXPECT_TRUE(edited(text, "c\r\n", "c\n").starts_with("! the old and the new text differ in"));
}

TEST(Edit, AByteOrderMarkStaysBeforeTheFirstLine) {
  const std::string mark = "\xEF\xBB\xBF";
  EXPECT_EQ(edited(mark + "a \r\nb\r\n", "a\nb\n", "c\nd\n"), mark + "c\r\nd\r\n");
  EXPECT_EQ(edited(mark + "a\nb\n", mark + "a", "c"), mark + "c\nb\n");
  EXPECT_EQ(edited(mark + "a\nb\n", "b", "c"), mark + "a\nc\n");
  EXPECT_TRUE(
      edited(mark + "a\n", mark + "a", "a").starts_with("! the old and the new text differ"));
  EXPECT_TRUE(edited(mark, mark, "a").starts_with("! "));
}

TEST(Edit, PlacesThatOverlapAreSeveral) {
  const std::string refused = edited("x()\nx()\nx()\n", "x()\nx()\n", "y()\n");
  EXPECT_TRUE(refused.starts_with("! the text stands at 2 places (lines 1, 2)")) << refused;
  EXPECT_TRUE(edited("aaa", "aa", "b").starts_with("! the text stands at 2 places (line 1)"));
  EXPECT_EQ(edited("x()\nx()\nx()\n", "x()\nx()\n", "y()\n", true), "y()\nx()\n");
}

}  // namespace
}  // namespace nightjar::tools
