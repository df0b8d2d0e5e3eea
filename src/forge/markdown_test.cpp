#include "forge/markdown.h"

#include <gtest/gtest.h>

namespace nightjar::forge {
namespace {

TEST(Markdown, TheMechanicsOwnStaysAsItIs) {
  const std::string text =
      "### What was renamed\n\n`Parser` is now `Reader`.\n\n| where | places |\n|---|---:|\n| "
      "comments | 2 |\n\n"
      "- in strings (2): `a.py:1`, `b.py:2`\n";
  EXPECT_EQ(tamed(text), "### What was renamed\n\n`Parser` is now `Reader`" + plain(".") +
                             "\n\n| where | places |\n|---|---:|\n| comments | 2 |\n\n- " +
                             plain("in strings (2): ") + "`a.py:1`" + plain(", ") + "`b.py:2`\n");
}

// Without code spans and escaped characters, in which nothing acts.
std::string acting(std::string_view text) {
  std::string out;
  bool in_code = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '`')
      in_code = !in_code;
    else if (!in_code && text[i] == '\\')
      ++i;
    else if (!in_code)
      out += text[i];
  }
  return out;
}

TEST(Markdown, NothingOfAStrangerActs) {
  for (const char* hostile :
       {"<script>alert(1)</script>", "![x](http://evil/x.png)", "[click](http://evil)",
        "@everyone look", "Fixes #12", "| a | <b>x</b> |", "### <img src=x>", "- [ ] done ![x](y)",
        "`code` <i>and</i> `more`", "` <b>unclosed</b>"}) {
    const std::string out = acting(tamed(hostile));
    for (const char* bad : {"<", "[", "](", "@everyone", "Fixes #12"})
      EXPECT_EQ(out.find(bad), std::string::npos) << hostile << " became " << out;
  }
}

}  // namespace
}  // namespace nightjar::forge
