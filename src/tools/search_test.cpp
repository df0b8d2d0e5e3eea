#include "tools/search.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/file.h"
#include "tools/glob.h"
#include "tools/ignore.h"
#include "tools/walk.h"

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

TEST_F(SearchTest, GlobsHaveAlternativesAndExceptions) {
  for (const char* path : {"a.ts", "b.tsx", "c.js", "sub/d.ts", "sub/e.test.ts", "lib/f.ts"})
    write(path, "x\n");
  const auto files = [&](const std::string& glob, const std::string& path = "") {
    return found({.pattern = "x", .path = path, .glob = glob, .files_only = true});
  };
  EXPECT_EQ(files("*.{ts,tsx}"), "a.ts\nb.tsx\nlib/f.ts\nsub/d.ts\nsub/e.test.ts\n");
  EXPECT_EQ(files("*.tsx, *.js"), "b.tsx\nc.js\n");
  EXPECT_EQ(files("*.tsx *.js"), "b.tsx\nc.js\n");
  EXPECT_EQ(files("!*.ts"), "b.tsx\nc.js\n");
  EXPECT_EQ(files("*.ts !*.test.ts,!lib"), "a.ts\nsub/d.ts\n");
  EXPECT_EQ(files("{sub,lib}/*.ts"), "lib/f.ts\nsub/d.ts\nsub/e.test.ts\n");
  EXPECT_EQ(files("sub/"), "sub/d.ts\nsub/e.test.ts\n");
  EXPECT_EQ(files("./sub"), "sub/d.ts\nsub/e.test.ts\n");
  EXPECT_EQ(files("/d.ts", "sub"), "sub/d.ts\n") << "from the folder that is searched, too";
  EXPECT_EQ(files("{oops"), "nothing found");
}

TEST_F(SearchTest, AnEmptyPatternListsFilesWhateverTheyHold) {
  write("empty", "");
  write("binary", std::string_view("a\0b", 3));
  write("text", "x\n");
  EXPECT_EQ(found({.pattern = "", .files_only = true}), "binary\nempty\ntext\n");
}

TEST_F(SearchTest, ALinkThatIsNamedIsFollowedInsideTheTree) {
  write("real/a", "x\n");
  fs::create_directory_symlink("real", dir_.path() / "folder");
  fs::create_symlink("real/a", dir_.path() / "file");
  fs::create_directory_symlink("/usr", dir_.path() / "out");
  EXPECT_EQ(found({.pattern = "x"}), "real/a\n1:x\n");
  EXPECT_EQ(found({.pattern = "x", .path = "folder"}), "real/a\n1:x\n");
  EXPECT_EQ(found({.pattern = "x", .path = "folder/a"}), "real/a\n1:x\n");
  EXPECT_EQ(found({.pattern = "x", .path = "file"}), "real/a\n1:x\n");
  EXPECT_NE(found({.pattern = "x", .path = "out"}).find("is a link out of the work tree, to /usr"),
            std::string::npos);
}

TEST_F(SearchTest, IgnoreFilesOfAllKindsHold) {
  for (const char* path : {"a", "b", "c", "d", "e", "f", "build/keep.txt", "build/x", "sub/secret",
                           "sub/open", "node/g"})
    write(path, "x\n");
  write(".gitignore", "/build/**\n!/build/keep.txt\nb\nf\n");
  write(".git/info/exclude", "a\n");
  write(".ignore", "c\n!f\nnode/*\n");
  write(".aiderignore", "d\n");
  write(".cursorignore", "secret\n");
  write(".geminiignore", "e\n");
  write("sub/.gitignore", "!secret\n");
  EXPECT_EQ(found({.pattern = "^x$", .files_only = true}), "build/keep.txt\nf\nsub/open\n");
  std::string walked;
  walk_files(dir_.path(), "sub", [&](const std::string& path) {
    walked += path + " ";
    return true;
  });
  EXPECT_EQ(walked, "sub/.gitignore sub/open ");
}

TEST_F(SearchTest, AMatchFarBehindInALongLineIsShown) {
  write("a.min.js", std::string(5000, 'a') + "needle" + std::string(5000, 'b') + "\n");
  const std::string out = found({.pattern = "needle"});
  EXPECT_NE(out.find("1:…aaa"), std::string::npos) << out;
  EXPECT_NE(out.find("aneedleb"), std::string::npos) << out;
  EXPECT_TRUE(out.ends_with("b…\n")) << out;
  std::string wide;
  for (int i = 0; i < 400; ++i) wide += "ä";
  write("a.min.js", wide + "needle" + wide + "\n");
  EXPECT_EQ(found({.pattern = "needle"}).find("\uFFFD"), std::string::npos)
      << "characters stay whole";
}

TEST_F(SearchTest, PlainTextIsFoundWhereverItStands) {
  write("a", "xabc\n");
  write("b", "ab\nabc");
  write("c", "aabc a.c\n");
  EXPECT_EQ(found({.pattern = "abc", .files_only = true}), "a\nb\nc\n");
  EXPECT_EQ(found({.pattern = "a\\.c"}), "c\n1:aabc a.c\n");
  EXPECT_EQ(found({.pattern = "a.c", .literal = true}), "c\n1:aabc a.c\n");
  EXPECT_EQ(found({.pattern = "^abc$"}), "b\n2:abc\n");
  EXPECT_EQ(found({.pattern = "$", .path = "a"}), "a\n1:xabc\n") << "behind the last line is none";
}

TEST_F(SearchTest, ManyFilesAreFoundInTheirOrder) {
  std::string wanted;
  for (int i = 100; i < 350; ++i) {
    const std::string path = "d" + std::to_string(i % 7) + "/e" + std::to_string(i) + "/f";
    write(path, "x\n" + std::string(static_cast<size_t>(i) * 2000, 'y'));
  }
  walk_files(dir_.path(), "", [&](const std::string& path) {
    wanted += path + "\n";
    return true;
  });
  EXPECT_EQ(found({.pattern = "x", .files_only = true}), wanted);
}

TEST(Globs, HostileOnesEnd) {
  std::string braces;
  for (int i = 0; i < 200; ++i) braces += "{a,b}";
  EXPECT_FALSE(Globs(braces).matches(SplitPath("c")));
  EXPECT_FALSE(Globs(std::string(5000, '{') + std::string(5000, '}')).matches(SplitPath("c")));
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
  const IgnoreFile below("/build/**\n");
  EXPECT_EQ(below.of("build", true), V::Unsaid);
  EXPECT_EQ(below.of("build/x/y", false), V::Ignored);
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
