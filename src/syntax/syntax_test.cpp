#include "syntax/syntax.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "syntax/symbols.h"

namespace nightjar::syntax {
namespace {

// tree-sitter before 0.22 wrote outside its memory there.
TEST(Syntax, ANodeMayHaveMoreThan65535Children) {
  Syntax syntax;
  for (const char* path : {"a.py", "a.js", "a.ts", "a.go", "a.rs", "a.java", "a.c", "a.cpp"}) {
    for (const std::string_view piece : {"{ ", ") ", "@ ", "a b "}) {
      std::string text;
      for (int i = 0; i < 70'000; ++i) text += piece;
      EXPECT_NE(syntax.parse(*language_of(path), text), nullptr) << path << ": " << piece;
      EXPECT_GE(syntax_of(syntax, path, text).errors, 0);
    }
  }
}

TEST(Syntax, ListsOfAHundredThousandItemsAreRead) {
  std::string text = "x = [\n";
  for (int i = 0; i < 100'000; ++i) text += "  " + std::to_string(i) + ",\n";
  text += "]\n\ndef last():\n    pass\n";
  Syntax syntax;
  EXPECT_EQ(syntax_of(syntax, "a.py", text).errors, 0);
  const auto symbols = symbols_of(syntax, "a.py", text);
  ASSERT_EQ(symbols.size(), 1U);
  EXPECT_EQ(symbols[0].name, "last");
}

TEST(Syntax, SymbolsOfAFileOfOneLineTakeNoLongerThanOthers) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "function f" + std::to_string(i) + "(a,b){return a+b};";
  Syntax syntax;
  const auto begun = std::chrono::steady_clock::now();
  const auto symbols = symbols_of(syntax, "app.min.js", text);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10));
  ASSERT_EQ(symbols.size(), 2000U);
  EXPECT_TRUE(symbols[1].head.starts_with("function f1(a,b){return a+b};function f2(a,b)"));
  EXPECT_TRUE(symbols[1].head.ends_with("…"));
  EXPECT_EQ(symbols[1999].head, "function f1999(a,b){return a+b};");
}

TEST(Syntax, SymbolsBeyondTheLimitsAreLeftOut) {
  const std::string text =
      "class A:\n  def f():\n    def g(): pass\n  def h(): pass\nclass B: pass\n";
  Syntax syntax;
  const auto names = [&](const SymbolLimits& limits) {
    std::string out;
    for (const auto& symbol : symbols_of(syntax, "a.py", text, limits)) out += symbol.name;
    return out;
  };
  EXPECT_EQ(names({}), "AfghB");
  EXPECT_EQ(names({.deepest = 1}), "AfhB");
  EXPECT_EQ(names({.most = 3, .deepest = 1}), "Afh");
}

}  // namespace
}  // namespace nightjar::syntax
