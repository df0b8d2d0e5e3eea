#include "tools/search.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/file.h"
#include "tools/ignore.h"

namespace nightjar::tools {
namespace {

class SearchTest : public testing::Test {
 protected:
  void write(const std::string& path, std::string_view text) {
    fs::create_directories((dir_.path() / path).parent_path());
    std::ofstream(dir_.path() / path, std::ios::binary) << text;
  }
  std::string found(const Search& what) { return search(dir_.path(), what).output; }
  TempDir dir_{"nightjar-search"};
};

TEST_F(SearchTest, ShowsLinesByFileAndPassesOverWhatGitDoesNotSee) {
  write("a.py", "import os\ndef parse(x):\n    return parse(x)\n");
  write("sub/b.txt", "no\nParse me\n");
  write(".gitignore", "build/\n*.log\n!keep.log\n/top.txt\n");
  write("build/c.py", "parse\n");
  write("x.log", "parse\n");
  write("keep.log", "parse\n");
  write("top.txt", "parse\n");
  write("sub/top.txt", "parse\n");
  write(".git/config", "parse\n");
  write("binary", std::string_view("parse\0", 6));
  EXPECT_EQ(found({.pattern = "parse"}),
            "a.py\n2:def parse(x):\n3:    return parse(x)\n\nkeep.log\n1:parse\n\nsub/top.txt\n"
            "1:parse\n");
  EXPECT_EQ(found({.pattern = "^parse", .ignore_case = true, .files_only = true}),
            "keep.log\nsub/b.txt\nsub/top.txt\n");
  EXPECT_EQ(found({.pattern = "parse(", .glob = "*.py", .literal = true}),
            "a.py\n2:def parse(x):\n3:    return parse(x)\n");
  EXPECT_EQ(found({.pattern = "return", .path = "a.py", .context = 1}),
            "a.py\n2-def parse(x):\n3:    return parse(x)\n");
  EXPECT_EQ(found({.pattern = "", .path = "sub", .files_only = true}), "sub/b.txt\nsub/top.txt\n");
}

TEST_F(SearchTest, SaysWhatIsWrong) {
  write("a", "x\n");
  EXPECT_EQ(found({.pattern = "y"}), "nothing found");
  EXPECT_NE(found({.pattern = "("}).find("cannot be read"), std::string::npos);
  EXPECT_NE(found({.pattern = "x", .path = "nowhere"}).find("there is no nowhere"),
            std::string::npos);
  EXPECT_NE(found({.pattern = "x", .path = "../"}).find("leads out"), std::string::npos);
}

TEST_F(SearchTest, StaysShort) {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "needle " + std::string(i == 0 ? 5000 : 5, 'x') + "\n";
  write("many.txt", many);
  const std::string out = found({.pattern = "needle"});
  EXPECT_LT(out.size(), kMostShown);
  EXPECT_NE(out.find("only the first 300"), std::string::npos);
  EXPECT_NE(out.find("…"), std::string::npos);
}

TEST(Ignore, ReadsPatternsAsGitDoes) {
  using V = IgnoreFile::Verdict;
  const IgnoreFile rules(
      "# comment\n\nfoo\nbar/\n/anchored\na/**/z\n*.o\n!main.o\n\\#x\nq/*.c\n[ab]1\n");
  EXPECT_EQ(rules.of("foo", false), V::Ignored);
  EXPECT_EQ(rules.of("x/y/foo", true), V::Ignored);
  EXPECT_EQ(rules.of("bar", false), V::Unsaid);
  EXPECT_EQ(rules.of("bar", true), V::Ignored);
  EXPECT_EQ(rules.of("anchored", false), V::Ignored);
  EXPECT_EQ(rules.of("x/anchored", false), V::Unsaid);
  EXPECT_EQ(rules.of("a/z", false), V::Ignored);
  EXPECT_EQ(rules.of("a/b/c/z", false), V::Ignored);
  EXPECT_EQ(rules.of("x.o", false), V::Ignored);
  EXPECT_EQ(rules.of("main.o", false), V::Kept);
  EXPECT_EQ(rules.of("#x", false), V::Ignored);
  EXPECT_EQ(rules.of("q/x.c", false), V::Ignored);
  EXPECT_EQ(rules.of("q/r/x.c", false), V::Unsaid);
  EXPECT_EQ(rules.of("a1", false), V::Ignored);
  EXPECT_EQ(rules.of("c1", false), V::Unsaid);
}

TEST(Ignore, HostilePatternsEnd) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "**/a*a*a*a*a*b/";
  const IgnoreFile rules(pattern);
  EXPECT_EQ(rules.of(std::string(2000, 'a') + "/" + std::string(2000, 'a'), true),
            IgnoreFile::Verdict::Unsaid);
}

}  // namespace
}  // namespace nightjar::tools
