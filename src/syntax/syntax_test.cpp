#include "syntax/syntax.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace nightjar::syntax
