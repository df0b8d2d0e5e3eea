#include "agent/mechanic/worker.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "agent/mechanic/work_tree.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace nightjar::agent::mechanic {
namespace {

class Worker : public testing::Test {
 protected:
  void write(const std::string& path, std::string_view content) {
    fs::create_directories((root() / path).parent_path());
    write_durably(root() / path, content);
  }
  std::string read(const std::string& path) const { return read_file(root() / path); }
  const fs::path& root() const { return dir_.path(); }

  static Order order(std::string_view brief) {
    auto parsed = parse_order(brief, {});
    if (!parsed) throw std::runtime_error(parsed.error());
    return *parsed;
  }
  WorkResult work(std::string_view brief) { return work_on(root(), {.order = order(brief)}); }
  std::vector<core::Finding> recheck(const WorkResult& result) {
    return work_on(root(), {.wanted = Request::Wanted::Recheck, .claim = result.claim}).findings;
  }
  static size_t blocking(const std::vector<core::Finding>& findings) {
    return static_cast<size_t>(std::ranges::count_if(findings, &core::Finding::blocks));
  }

 private:
  TempDir dir_;
};

TEST_F(Worker, KeepsEveryOtherByte) {
  const std::string bom = "\xEF\xBB\xBF";
  write("crlf.py", bom + "class Parser:\r\n    x = '\xff\xfe'\r\n\tpass\r\n# \xe9 Parser");
  const auto result = work("rename class Parser to Reader");
  EXPECT_EQ(result.outcome, Outcome::Changed) << result.reason;
  EXPECT_EQ(read("crlf.py"),
            bom + "class Reader:\r\n    x = '\xff\xfe'\r\n\tpass\r\n# \xe9 Reader");
}

TEST_F(Worker, KeepsTheMode) {
  write("tool.py", "class Parser: pass\n");
  ASSERT_EQ(::chmod((root() / "tool.py").c_str(), 0751), 0);
  ASSERT_EQ(work("rename class Parser to Reader").outcome, Outcome::Changed);
  struct stat status{};
  ASSERT_EQ(::stat((root() / "tool.py").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0751u);
  EXPECT_EQ(std::distance(fs::directory_iterator(root()), fs::directory_iterator()), 1)
      << "no temporary file stays";
}

TEST_F(Worker, FollowsNoLinkAndTouchesNoGitFolder) {
  const TempDir outside;
  write_durably(outside.path() / "secret.py", "class Parser: pass\n");
  write("a.py", "class Parser: pass\n");
  write(".git/hooks/x.py", "class Parser: pass\n");
  write("sub/.git/config.py", "class Parser: pass\n");
  fs::create_symlink(outside.path() / "secret.py", root() / "link.py");
  fs::create_symlink(outside.path(), root() / "folder");
  fs::create_symlink("loop", root() / "loop");
  const auto result = work("rename class Parser to Reader everywhere");
  EXPECT_EQ(result.paths, std::vector<std::string>{"a.py"});
  // Also where somebody claims that these are changed files.
  Request request{.order = order("rename class Reader to Loader everywhere")};
  const TempDir base;
  request.base = base.path();
  request.changed = {"a.py",
                     "link.py",
                     "folder/secret.py",
                     "../" + outside.path().filename().string() + "/secret.py",
                     (outside.path() / "secret.py").string(),
                     ".git/hooks/x.py",
                     "loop",
                     "gone.py",
                     ""};
  write(".git/hooks/x.py", "class Reader: pass\n");
  write_durably(outside.path() / "secret.py", "class Reader: pass\n");
  EXPECT_EQ(work_on(root(), request).paths, std::vector<std::string>{"a.py"});
  EXPECT_EQ(read_file(outside.path() / "secret.py"), "class Reader: pass\n");
  EXPECT_EQ(read(".git/hooks/x.py"), "class Reader: pass\n");
  EXPECT_EQ(read("sub/.git/config.py"), "class Parser: pass\n");
}

TEST_F(Worker, LeavesBinariesAndHugeFilesAlone) {
  const std::string binary = std::string("class Parser: pass\n") + '\0' + "Parser";
  write("data.py", binary);
  write("huge.py", "class Parser: pass\n" + std::string(kMostFile, '#'));
  write("a.py", "class Parser: pass\n");
  EXPECT_EQ(work("rename class Parser to Reader").paths, std::vector<std::string>{"a.py"});
  EXPECT_EQ(read("data.py"), binary);
}

TEST_F(Worker, LooksOnlyAtTheCommitsFilesWhereTheyAreGiven) {
  const TempDir base;
  write_durably(base.path() / "a.py", "class Parser: pass\n");
  write_durably(base.path() / "gone.py", "Parser()\n");
  write("a.py", "class Parser: pass\n");
  write("build/lib/a.py", "class Parser: pass\n");
  Request request{.order = order("rename class Parser to Reader")};
  request.base = base.path();
  request.changed = {"gone.py"};
  const auto result = work_on(root(), request);
  EXPECT_EQ(result.paths, std::vector<std::string>{"a.py"});
  EXPECT_EQ(read("a.py"), "class Reader: pass\n");
  EXPECT_EQ(read("build/lib/a.py"), "class Parser: pass\n");
  Request again{.wanted = Request::Wanted::Recheck, .claim = result.claim};
  again.base = base.path();
  again.changed = {"a.py", "gone.py"};
  EXPECT_EQ(blocking(work_on(root(), again).findings), 0u);
  write("new.py", "Parser()\n");
  again.changed.push_back("new.py");
  EXPECT_EQ(blocking(work_on(root(), again).findings), 1u);
  again.changed = {};
  EXPECT_GT(blocking(work_on(root(), again).findings), 0u)
      << "what is not said to differ is as in the base";
}

TEST_F(Worker, FindsAReferenceThatSomebodyPutsBack) {
  write("a.py", "class Parser: pass\n");
  write("b.py", "from a import Parser\nx = Parser()\n");
  const auto result = work("rename class Parser to Reader");
  ASSERT_EQ(blocking(recheck(result)), 0u);
  for (const char* wrong :
       {"from a import Parser\n", "import a\nx = a.Parser()\n", "# uses Parser\n",
        "\"\"\"A Parser.\"\"\"\n", "def f(x: 'Parser'): pass\n", "__all__ = ['Parser']\n",
        "class Parser: pass\n"}) {
    write("c.py", wrong);
    EXPECT_GT(blocking(recheck(result)), 0u) << wrong;
  }
  write("c.py", "x = 'Parser'\n");
  EXPECT_EQ(blocking(recheck(result)), 0u);
  write("c.md", "Use `Parser`.\n");
  EXPECT_GT(blocking(recheck(result)), 0u);
}

TEST_F(Worker, FindsACallOfTheOldApiThatSomebodyPutsBack) {
  write("a.py", "def old(a, b): return new(b, a)\ndef new(b, a): return b\nold(1, 2)\n");
  const auto result = work("replace `old($A, $B)` with `new($B, $A)`");
  ASSERT_EQ(blocking(recheck(result)), 0u) << "a definition is no use";
  for (const char* wrong : {"from a import old\nold(1, 2)\n", "from a import old\nold(1)\n",
                            "import a\na.old(1, 2)\n"}) {
    write("b.py", wrong);
    EXPECT_GT(blocking(recheck(result)), 0u) << wrong;
  }
  write("b.py", "from a import old\nf = old\n");
  EXPECT_EQ(blocking(recheck(result)), 0u) << "a value is told, and blocks nothing";
}

TEST_F(Worker, FlipsAStringForWhichThereIsEvidence) {
  write("a.py", "class Parser: pass\n");
  write("test_a.py", "x = '<Parser>'\ny = 'Parser'\n");
  const auto result = work("rename class Parser to Reader");
  ASSERT_EQ(read("test_a.py"), "x = '<Parser>'\ny = 'Parser'\n");
  const Request strings{.wanted = Request::Wanted::Strings,
                        .claim = result.claim,
                        .evidence = {{"test_a.py", 1}, {"gone.py", 1}}};
  EXPECT_EQ(work_on(root(), strings).paths, std::vector<std::string>{"test_a.py"});
  EXPECT_EQ(read("test_a.py"), "x = '<Reader>'\ny = 'Parser'\n");
}

TEST_F(Worker, AppliesTheSameOrderTwiceWithoutHarm) {
  write("a.py", "class Parser: pass\nParser()\n");
  ASSERT_EQ(work("rename class Parser to Reader").outcome, Outcome::Changed);
  const std::string once = read("a.py");
  EXPECT_EQ(work("rename class Parser to Reader").outcome, Outcome::Nothing);
  EXPECT_EQ(read("a.py"), once);
}

TEST_F(Worker, RefusesAPatternThatIsNoCode) {
  write("a.py", "old(1)\n");
  EXPECT_EQ(work("replace `old(($A` with `new($A)`").outcome, Outcome::CannotDo);
  EXPECT_EQ(work("replace `$A` with `f($A)`").outcome, Outcome::CannotDo)
      << "it would match everything";
}

TEST_F(Worker, PutsBracketsWhereTheMeaningNeedsThem) {
  write("a.py", "x = double(1 + 2)\ny = wrap(a + b) * 2\nz = plain(a or b)\n");
  ASSERT_EQ(work("replace `double($A)` with `$A * 2`").outcome, Outcome::Changed);
  ASSERT_EQ(work("replace `wrap($A)` with `$A`").outcome, Outcome::Changed);
  ASSERT_EQ(work("replace `plain($A)` with `f($A)`").outcome, Outcome::Changed);
  EXPECT_EQ(read("a.py"), "x = (1 + 2) * 2\ny = (a + b) * 2\nz = f(a or b)\n");
}

TEST_F(Worker, FillsListsAndTheirCommas) {
  write("a.py", "f(1)\nf(1, 2, 3)\nf(1, *a, k=2,)\n");
  ASSERT_EQ(work("replace `f($A, $$$R)` with `g($$$R, $A)`").outcome, Outcome::Changed);
  EXPECT_EQ(read("a.py"), "g(1)\ng(2, 3, 1)\ng(*a, k=2, 1)\n");
}

TEST_F(Worker, SurvivesDeepNesting) {
  const size_t depth = 20'000;
  write("deep.py", "class Parser: pass\nx = " + std::string(depth, '(') + "Parser" +
                       std::string(depth, ')') + "\n");
  std::string calls = "y = ";
  for (int i = 0; i < 500; ++i) calls += "old(";
  calls += "1, 1";
  for (int i = 0; i < 500; ++i) calls += ", 1)";
  write("calls.py", calls + "\n");
  write("a.js", std::string(10'000, '[') + "Parser" + std::string(10'000, ']'));
  write("a.cpp", std::string(10'000, '{') + "Parser");
  EXPECT_EQ(work("rename class Parser to Reader").outcome, Outcome::Changed);
  EXPECT_NE(work("replace `old($A, $B)` with `new($B, $A, $A)`").outcome, Outcome::Failed);
}

TEST_F(Worker, SurvivesLinesOfMegabytes) {
  std::string line = "class Parser: pass\nx = [";
  while (line.size() < size_t{1} << 20) line += "Parser, other, 'Parser', f(Parser), ";
  write("a.py", line + "]\n");
  write("b.js", "const Parser = 1;" + std::string(size_t{5} << 20, ' ') + "Parser");
  write("c.md", std::string(size_t{5} << 20, 'x') + " Parser " + std::string(1000, '`'));
  const auto result = work("rename class Parser to Reader");
  EXPECT_EQ(result.outcome, Outcome::Changed) << result.reason;
  EXPECT_EQ(read("a.py").find("f(Parser)"), std::string::npos);
  EXPECT_LE(result.findings.size(), 1100u);
}

TEST_F(Worker, SurvivesGarbage) {
  std::string garbage;
  unsigned state = 1;
  for (int i = 0; i < 2'000; ++i) {
    state = state * 1664525u + 1013904223u;
    garbage += (state >> 24) % 7 == 0 ? std::string(" Parser ")
                                      : std::string(1, static_cast<char>(1 + (state >> 16) % 254));
  }
  for (const char* end : {"py", "js", "ts", "tsx", "c", "cpp", "h", "go", "java", "rs", "md"})
    write(std::string("garbage.") + end, garbage);
  write("a.py", "class Parser: pass\n");
  EXPECT_EQ(work("rename class Parser to Reader everywhere").outcome, Outcome::Changed);
  EXPECT_NE(work("replace `Parser($A)` with `g($A)`").outcome, Outcome::CannotDo);
}

TEST_F(Worker, ReadsTheBasesTextsAsItsFiles) {
  const TempDir base;
  fs::create_directories(base.path() / "src");
  write_durably(base.path() / "src/a.py", "class Parser: pass\n");
  write_durably(base.path() / "b.py", "from src.a import Parser\n");
  write_durably(base.path() / "large.py", "Parser()\n" + std::string(300 << 10, '#') + "\n");
  write_durably(base.path() / "data.bin", std::string("Parser\0", 7));
  write_durably(base.path() / "changed.py", "Parser()\n");
  write_durably(base.path() / "empty.py", "");
  fs::create_symlink("b.py", base.path() / "link.py");
  fs::copy(base.path(), root(), fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  write("changed.py", "other()\n");
  const fs::path texts = base.path().string() + ".texts";
  write_texts(base.path(), texts);

  const auto request = [&](bool with_texts) {
    return Request{.order = order("rename class Parser to Reader everywhere"),
                   .base = base.path(),
                   .texts = with_texts ? texts.string() : "",
                   .changed = {"changed.py"}};
  };
  auto recheck = request(true);
  recheck.wanted = Request::Wanted::Recheck;
  const auto result = work_on(root(), request(true));
  EXPECT_EQ(result.outcome, Outcome::Changed) << result.reason;
  EXPECT_EQ(result.paths, (std::vector<std::string>{"b.py", "large.py", "src/a.py"}));
  EXPECT_EQ(read("changed.py"), "other()\n");

  recheck.claim = result.claim;
  EXPECT_EQ(blocking(work_on(root(), recheck).findings), 3u) << "as the base has them";
  recheck.changed = {"b.py", "changed.py", "large.py", "src/a.py"};
  EXPECT_EQ(blocking(work_on(root(), recheck).findings), 0u);
  fs::remove(texts);
}

TEST_F(Worker, RefusesTextsThatAreDamaged) {
  const fs::path texts = root() / "texts";
  write("a.py", "class Parser: pass\n");
  write_texts(root(), texts);
  const std::string whole = read_file(texts);
  for (size_t size = 1; size < whole.size(); ++size) {
    if (size == std::string_view("nightjar texts 1\n").size()) continue;  // of no files
    write_durably(texts, whole.substr(0, size));
    EXPECT_THROW(Texts::open(texts), Error) << size;
  }
  EXPECT_EQ(Texts::open(root() / "none"), nullptr);
}

TEST_F(Worker, LivesWithAFileThatVanishes) {
  for (int i = 0; i < 200; ++i) write("m" + std::to_string(i) + ".py", "class Parser: pass\n");
  std::jthread remover([this](const std::stop_token& stop) {
    for (int i = 199; i >= 0 && !stop.stop_requested(); --i)
      fs::remove(root() / ("m" + std::to_string(i) + ".py"));
  });
  const auto result = work("rename class Parser to Reader everywhere");
  remover.join();
  EXPECT_TRUE(result.outcome == Outcome::Changed || result.outcome == Outcome::Nothing);
}

TEST_F(Worker, KeepsPathsThatAreNoText) {
  const std::string odd = "caf\xe9\nx.py";
  write(odd, "class Parser: pass\n");
  const auto result = work("rename class Parser to Reader");
  EXPECT_EQ(result.paths, std::vector<std::string>{odd});
  const auto back = result_from(encode(result));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->paths, std::vector<std::string>{odd});
}

TEST(Wire, BringsARequestThroughUnchanged) {
  Request request;
  request.order = *parse_order("rename method A.b to c everywhere, strings too", {});
  request.order.interim = {"x"};
  request.changed = {"a", "b\n\xff"};
  request.claim = {{"action", "rename"}};
  request.wanted = Request::Wanted::Strings;
  request.evidence = {{"a", 3}};
  request.threads = 3;
  const Request back = request_from(encode(request));
  EXPECT_EQ(back.order, request.order);
  EXPECT_EQ(back.changed, request.changed);
  EXPECT_EQ(back.claim, request.claim);
  EXPECT_EQ(back.evidence, request.evidence);
  EXPECT_EQ(back.wanted, Request::Wanted::Strings);
  EXPECT_EQ(back.threads, 3u);
}

TEST(Wire, TrustsNoResult) {
  for (const char* text : {"", "x", "{}", "{}\n", "[]\n", "{\"version\":1,\"outcome\":9}\n",
                           "{\"version\":2,\"outcome\":0}\n", "{\"version\":1}\n"}) {
    EXPECT_FALSE(result_from(text)) << text;
  }
  EXPECT_TRUE(result_from("{\"version\":1,\"outcome\":0}\npath-without-end"));
}

TEST(WorkerMain, LeavesItsResultInAFile) {
  const TempDir scratch;
  const fs::path tree = scratch.path() / "tree";
  fs::create_directory(tree);
  write_durably(tree / "a.py", "class Parser: pass\n");
  Request request;
  request.order = *parse_order("rename class Parser to Reader", {});
  write_durably(scratch.path() / "request", encode(request));
  const pid_t child = ::fork();
  if (child == 0) {
    // The worker's place is the current folder, its order standard input.
    if (::chdir(tree.c_str()) != 0 || !::freopen((scratch.path() / "request").c_str(), "r", stdin))
      ::_exit(9);
    std::string option = "--result", file = (scratch.path() / "result").string();
    char* argv[] = {option.data(), file.data(), nullptr};
    ::_exit(worker_main(2, argv));
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  const auto result = result_from(read_file(scratch.path() / "result"));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->outcome, Outcome::Changed);
  EXPECT_EQ(read_file(tree / "a.py"), "class Reader: pass\n");
}

}  // namespace
}  // namespace nightjar::agent::mechanic
