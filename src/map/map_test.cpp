#include "map/map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/digest.h"
#include "base/file.h"
#include "map/rank.h"
#include "map/tag_store.h"

namespace nightjar::map {
namespace {

struct Source {
  const char *path, *text, *definition, *reference;
};

class TagsOf : public testing::TestWithParam<Source> {};
INSTANTIATE_TEST_SUITE_P(
    Each, TagsOf,
    testing::Values(
        Source{"a.py", "class Reader(Base):\n    def next_token(self):\n        return helper()\n",
               "next_token", "helper"},
        Source{"a.js", "export function load() { return fetchAll(1); }\n", "load", "fetchAll"},
        Source{"a.ts", "interface Shape { area: number }\nconst f = (s: Shape) => measure(s);\n",
               "Shape", "measure"},
        Source{"a.tsx", "function View() { return render(1); }\n", "View", "render"},
        Source{"a.c", "int add(int a) { return combine(a); }\n", "add", "combine"},
        Source{"a.cpp", "int Reader::next() { return advance(); }\n", "next", "advance"},
        Source{"a.go", "package a\nfunc Load() int { return fetch() }\n", "Load", "fetch"},
        Source{"A.java", "class Reader { int next() { return advance(); } }\n", "Reader",
               "advance"},
        Source{"a.rs", "fn load() -> u32 { fetch_all() }\n", "load", "fetch_all"}),
    [](const auto& each) {
      return std::string(std::string_view(each.param.path)
                             .substr(std::string_view(each.param.path).find('.') + 1));
    });

TEST_P(TagsOf, DefinitionsAndReferencesOfALanguage) {
  syntax::Syntax syntax;
  const std::string packed = packed_tags(syntax, GetParam().path, GetParam().text);
  Tags tags;
  ASSERT_TRUE(unpack(packed, tags));
  EXPECT_TRUE(std::ranges::any_of(tags.definitions, [&](const auto& each) {
    return each.name == GetParam().definition && each.line > 0 && !each.head.empty();
  }));
  EXPECT_TRUE(std::ranges::any_of(
      tags.references, [&](const auto& each) { return each.name == GetParam().reference; }));
}

TEST(Tags, AMinifiedOrBinaryFileHasNone) {
  syntax::Syntax syntax;
  Tags tags;
  const std::string minified = "function f(){" + std::string(20'000, ';') + "}";
  ASSERT_TRUE(unpack(packed_tags(syntax, "a.js", minified), tags));
  EXPECT_TRUE(tags.definitions.empty());
  ASSERT_TRUE(unpack(packed_tags(syntax, "a.js", std::string("function f(){}\0", 15)), tags));
  EXPECT_TRUE(tags.definitions.empty());
}

TEST(Tags, BytesOfSomebodyElseAreRefused) {
  syntax::Syntax syntax;
  const std::string packed = packed_tags(syntax, "a.py", "def f_one():\n    return g_two()\n");
  Tags tags;
  ASSERT_TRUE(unpack(packed, tags));
  for (size_t size = 0; size < packed.size(); ++size)
    EXPECT_FALSE(unpack(packed.substr(0, size), tags)) << size;
  for (size_t at = 0; at < packed.size(); ++at) {
    std::string broken = packed;
    broken[at] = static_cast<char>(0xff);
    unpack(broken, tags);  // whatever it says, nothing beyond the bytes is read
  }
}

TEST(TagStore, ATornBlockHoldsWhatIsWholeInIt) {
  std::string block;
  TagStore::add(block, "id1", "first");
  const size_t one = block.size();
  TagStore::add(block, "id2", "second");
  const TagStore whole(block);
  EXPECT_EQ(whole.find("id1"), "first");
  EXPECT_EQ(whole.find("id2"), "second");
  EXPECT_EQ(whole.find("id3"), "");
  const std::string torn = block.substr(0, block.size() - 3);
  EXPECT_EQ(TagStore(torn).find("id1"), "first");
  EXPECT_EQ(TagStore(torn).find("id2"), "");
  EXPECT_EQ(TagStore(std::string_view("something else\n").substr(0)).size(), 0U);
  EXPECT_EQ(TagStore(std::string_view(block).substr(0, one)).size(), 1U);
}

TEST(PageRank, SumsUpToOneAndFollowsTheEdges) {
  const std::vector<std::vector<Edge>> edges{{{1, 1}}, {{2, 3}, {0, 1}}, {}};
  const std::vector<double> drawn{0.5, 0.25, 0.25};
  const auto rank = page_rank(edges, drawn);
  EXPECT_NEAR(std::accumulate(rank.begin(), rank.end(), 0.0), 1, 1e-6);
  EXPECT_GT(rank[2], rank[0] * 0.5);
  EXPECT_GT(rank[1], 0.25);
  // The equations of the fixed point, written out.
  const double stuck = rank[2];
  EXPECT_NEAR(rank[0], (0.15 + 0.85 * stuck) * 0.5 + 0.85 * rank[1] * 0.25, 1e-6);
  EXPECT_NEAR(rank[2], (0.15 + 0.85 * stuck) * 0.25 + 0.85 * rank[1] * 0.75, 1e-6);
}

class MapOf : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    fs::create_directories((dir_.path() / path).parent_path());
    write_durably(dir_.path() / path, text);
    files_.push_back({sha256(text), path});
  }
  Map map(std::string_view brief, size_t budget = 8'000, std::string_view known = "") {
    Request request;
    request.root = dir_.path();
    request.files = files_;
    request.brief = brief;
    request.budget = budget;
    request.known_tags = known;
    return make_map(request);
  }
  // A parser that many use, and a printer that nobody does.
  void project() {
    write("src/parser.py", "class Parser:\n    def parse_line(self):\n        pass\n");
    write("src/printer.py", "class Printer:\n    def print_line(self):\n        pass\n");
    for (int i = 0; i < 6; ++i)
      write("src/user" + std::to_string(i) + ".py", "from parser import Parser\ndef use" +
                                                        std::to_string(i) +
                                                        "():\n    return Parser().parse_line()\n");
  }
  TempDir dir_{"nightjar-map"};
  std::vector<Blob> files_;
};

TEST_F(MapOf, WhatManyUseComesFirst) {
  project();
  const std::string text = map("make it better").text;
  EXPECT_TRUE(text.starts_with("src/parser.py:\n  1: class Parser")) << text;
}

TEST_F(MapOf, WhatTheTaskNamesComesFirst) {
  project();
  EXPECT_TRUE(map("Printer prints twice").text.starts_with("src/printer.py:\n"))
      << map("Printer prints twice").text;
  EXPECT_TRUE(map("mend src/printer.py").text.starts_with("src/printer.py:\n"));
  EXPECT_TRUE(map("use3 is wrong").text.starts_with("src/user3.py:\n") ||
              map("use3 is wrong").text.find("src/user3.py") <
                  map("use3 is wrong").text.find("src/user2.py"));
}

TEST_F(MapOf, KeepsItsBudgetAndIsTheSameEachTime) {
  project();
  const std::string small = map("Parser", 120).text;
  EXPECT_LE(small.size(), 120U) << small;
  EXPECT_FALSE(small.empty());
  EXPECT_EQ(map("Parser", 0).text, "");
  EXPECT_EQ(map("Parser").text, map("Parser").text);
}

TEST_F(MapOf, KnownTagsGiveTheSameMapWithoutReading) {
  project();
  const Map cold = map("Parser");
  EXPECT_EQ(cold.parsed, files_.size());
  for (const auto& file : files_) fs::remove(dir_.path() / file.path);
  const Map warm = map("Parser", 8'000, cold.tags);
  EXPECT_EQ(warm.parsed, 0U);
  EXPECT_EQ(warm.text, cold.text);
  EXPECT_EQ(warm.tags, "") << "nothing new to keep";
}

TEST_F(MapOf, OnlyWhatChangedIsReadAgain) {
  project();
  const Map cold = map("Parser");
  write("src/fresh.py", "class Fresh:\n    pass\n");
  const Map next = map("Fresh", 8'000, cold.tags);
  EXPECT_EQ(next.parsed, 1U);
  EXPECT_TRUE(next.text.starts_with("src/fresh.py:\n")) << next.text;
  EXPECT_EQ(map("Fresh", 8'000, next.tags).parsed, 0U);
}

TEST_F(MapOf, AFewFilesNeedNoMap) {
  write("a.py", "class Parser:\n    pass\n");
  write("b.py", "class Other:\n    pass\n");
  write("README.md", "text\n");
  EXPECT_EQ(map("Parser").text, "");
}

TEST_F(MapOf, TestsTakeAtMostHalf) {
  for (int i = 0; i < 40; ++i)
    write("tests/test_" + std::to_string(i) + ".py",
          "class TestParser" + std::to_string(i) +
              ":\n    def test_parse(self):\n        Parser()\n");
  project();
  const std::string text = map("Parser", 2'000).text;
  EXPECT_NE(text.find("src/parser.py"), std::string::npos) << text;
  EXPECT_NE(text.find("src/user5.py"), std::string::npos) << text;
}

TEST_F(MapOf, HostileNamesAreShownAsText) {
  project();
  write("src/evil\x1b[31m.py", "class Parser2(Parser):\n    pass\n");
  EXPECT_EQ(map("Parser2").text.find('\x1b'), std::string::npos);
}

TEST(Blobs, AreReadFromGitsListing) {
  std::string listing;
  for (const char* entry : {"100644 blob aaaa\tsrc/a b.py", "120000 blob bbbb\tlink",
                            "160000 commit cccc\tsub", "100755 blob dddd\trun.sh"})
    listing += std::string(entry) + '\0';
  listing += "100644 torn";
  const auto blobs = blobs_in(listing);
  ASSERT_EQ(blobs.size(), 2U);
  EXPECT_EQ(blobs[0].id, "aaaa");
  EXPECT_EQ(blobs[0].path, "src/a b.py");
  EXPECT_EQ(blobs[1].path, "run.sh");
}

}  // namespace
}  // namespace nightjar::map
