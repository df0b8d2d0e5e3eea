#include <gtest/gtest.h>

#include "git/repository.h"
#include "git/testing_repo.h"

namespace nightjar::git {
namespace {

using core::Change;

Change file(const std::string& path, const std::string& content, bool executable = false) {
  return {.path = path, .executable = executable, .content = content, .size = content.size()};
}
Change link(const std::string& path, const std::string& target) {
  return {.path = path, .what = Change::What::Symlink, .content = target, .size = target.size()};
}
Change deleted(const std::string& path) { return {.path = path, .what = Change::What::Deleted}; }
Change anew(const std::string& path) { return {.path = path, .what = Change::What::OpaqueFolder}; }

class CommitTest : public ::testing::Test {
 protected:
  /// The commit of these changes on the repository's head, or "refused: ..." or "empty".
  std::string make(const std::vector<Change>& changes) {
    const Mirror mirror = this->mirror();
    const auto made = mirror.commit({mirror.fetch("main"), "title\n\nKey: value\n", {}, changes});
    if (!made) return "refused: " + made.error();
    return made->value_or("empty");
  }
  Mirror mirror() const { return Mirror::open(state_.path() / "mirrors", repo_.path()); }
  std::string show(const std::string& commit, const std::string& path) {
    return mirror().file(commit, path, 1 << 20).value_or("(no file)");
  }
  std::string mirror_git(const std::vector<std::string>& args) {
    return plain_git(mirror().path(), args);
  }
  /// "M a", one a line: what the commit does.
  std::string effect(const std::string& commit) {
    return mirror_git(
        {"diff-tree", "-r", "--no-renames", "--no-commit-id", "--name-status", commit});
  }
  void expect_refused(const std::vector<Change>& changes, const std::string& says) {
    const std::string made = make(changes);
    EXPECT_TRUE(made.starts_with("refused: ")) << made;
    EXPECT_NE(made.find(says), std::string::npos) << made;
  }
  TempDir state_;
  Repo repo_;
};

TEST_F(CommitTest, FilesAreWrittenAddedAndDeletedWithMessageAndAuthor) {
  repo_.write("a", "1\n");
  repo_.write("b", "1\n");
  repo_.write("deep/er/c", "1\n");
  const std::string base = repo_.commit();
  const Mirror mirror = this->mirror();
  mirror.fetch("main");
  const auto made = mirror.commit(
      {base,
       "a title\n\nA body.\n\nNightjar-Task: k3\n",
       {"Bo <x>\n", "bo@example.org"},
       {file("a", "2\n"), deleted("b"), file("new/one", "x", true), deleted("deep/er/c")}});
  ASSERT_TRUE(made && *made);
  EXPECT_EQ(effect(**made), "M\ta\nD\tb\nD\tdeep/er/c\nA\tnew/one");
  EXPECT_EQ(
      mirror_git({"log", "-1", "--format=%P|%an|%ae|%cn|%s|%(trailers:key=Nightjar-Task,valueonly)",
                  **made}),
      base + "|Bo x|bo@example.org|Bo x|a title|k3");
  EXPECT_EQ(mirror_git({"ls-tree", "-r", **made, "new/one"}).substr(0, 6), "100755");
  EXPECT_EQ(mirror_git({"fsck", "--strict", "--no-dangling", **made}), "");
  EXPECT_EQ(mirror_git({"for-each-ref", "refs/nightjar/making"}), "");
}

TEST_F(CommitTest, NothingChangedIsNoCommit) {
  repo_.write("a", "1\n");
  repo_.write(".gitmodules", "[submodule \"x\"]\n");
  fs::create_symlink("/etc/passwd", repo_.path() / "out");
  repo_.commit();
  EXPECT_EQ(make({}), "empty");
  EXPECT_EQ(make({file("a", "1\n"), deleted("not-there"), anew("not-there-either")}), "empty");
  EXPECT_EQ(make({file(".gitmodules", "[submodule \"x\"]\n"), link("out", "/etc/passwd")}), "empty")
      << "what the base has already is nobody's change";
}

TEST_F(CommitTest, ModesFollowTheWorkTree) {
  repo_.write("run", "1\n", 0755);
  repo_.write("plain", "1\n");
  repo_.commit();
  const std::string made = make({file("run", "2\n", true), file("plain", "1\n", true)});
  EXPECT_EQ(mirror_git({"diff-tree", "-r", "--no-commit-id", "--summary", made}),
            "mode change 100644 => 100755 plain");
}

TEST_F(CommitTest, FoldersFilesAndLinksTakeEachOthersPlaces) {
  repo_.write("folder/a", "1\n");
  repo_.write("folder/b", "1\n");
  repo_.write("file", "1\n");
  repo_.write("gone/deep/x", "1\n");
  fs::create_symlink("folder", repo_.path() / "link");
  repo_.commit();
  const std::string made =
      make({file("folder", "now a file"), deleted("file"), file("file/inside", "x"),
            deleted("gone"), anew("link"), file("link/real", "y")});
  EXPECT_EQ(effect(made),
            "D\tfile\nA\tfile/inside\nA\tfolder\nD\tfolder/a\nD\tfolder/b\nD\tgone/deep/"
            "x\nD\tlink\nA\tlink/real");
}

TEST_F(CommitTest, AFolderMadeAnewHoldsOnlyWhatIsListedInWhateverOrder) {
  repo_.write("d/kept", "1\n");
  repo_.write("d/lost", "1\n");
  repo_.write("d-not", "1\n");
  repo_.commit();
  const std::string made = make({file("d/kept", "1\n"), file("d/new", "2\n"), anew("d")});
  EXPECT_EQ(effect(made), "D\td/lost\nA\td/new");
}

TEST_F(CommitTest, StrangeNamesStayAsTheyAre) {
  const std::vector<std::string> names{"new\nline",
                                       "quote\"s",
                                       "back\\slash",
                                       "tab\there",
                                       " blanks ",
                                       "not\xff"
                                       "utf8",
                                       "-dash",
                                       "ünïcode",
                                       "#hash",
                                       "a:b",
                                       "D old"};
  std::vector<Change> changes;
  for (const auto& name : names) changes.push_back(file("in/" + name, name));
  repo_.commit();
  const std::string made = make(changes);
  for (const auto& name : names) EXPECT_EQ(show(made, "in/" + name), name);
  EXPECT_EQ(mirror().paths(made).size(), names.size());
}

TEST_F(CommitTest, GitsOwnFolderIsRefusedInEverySpelling) {
  repo_.commit();
  for (const std::string name :
       {".git", ".GIT", ".Git", "git~1", "GIT~1", ".git.", ".git ", ".git . .", ".git:x",
        ".git::$INDEX_ALLOCATION", ".g\u200cit", "\u200e.git", ".git\ufeff", "a\\.git\\b"}) {
    expect_refused({file("sub/" + name + "/config", "x")}, "git's own folder");
    expect_refused({file(name, "x")}, "git's own folder");
    expect_refused({link(name, "x")}, "git's own folder");
  }
  EXPECT_FALSE(make({file(".github/workflows/x.yml", "x"), file(".gitignore", "x"),
                     file("git~2", "x"), file("digit", "x")})
                   .starts_with("refused"));
}

TEST_F(CommitTest, PathsThatLeaveTheTreeOrAreMalformedAreRefused) {
  repo_.commit();
  for (const std::string path :
       {"", "..", "../x", "a/../b", "/etc/passwd", "a//b", "a/", "./a", "a/.", "a\\..\\b"}) {
    expect_refused({file(path, "x")}, "refused: ");
  }
  expect_refused({file(std::string("a\0b", 3), "x")}, "NUL");
  expect_refused({file(std::string(5000, 'x'), "x")}, "too long");
  expect_refused({file(std::string(300, 'x'), "x")}, "too long");
  expect_refused({{.path = "fifo", .what = Change::What::Other}}, "device, socket or pipe");
  expect_refused({{.path = "large", .content = "", .size = 5'000'000'000}}, "too large (5.0 GB)");
}

TEST_F(CommitTest, OnlyNewOrChangedLinksThatLeaveTheTreeAreRefused) {
  fs::create_symlink("../../outside", repo_.path() / "old");
  repo_.write("d/x", "1\n");
  repo_.commit();
  for (const std::string target : {"/etc/passwd", "../x", "d/../../x", "d/../x", "..", ""}) {
    expect_refused({link("new", target)}, "leads out of the repository");
  }
  expect_refused({link("d/new", "../../x")}, "leads out of the repository");
  expect_refused({link("old", "../elsewhere")}, "leads out of the repository");
  EXPECT_EQ(
      effect(make({link("d/new", "../d/x"), link("here", "./d/x"), link("old", "../../outside")})),
      "A\td/new\nA\there");
}

TEST_F(CommitTest, SubmodulesAreLeftAloneOrTheChangeIsRefused) {
  const Repo other;
  other.write("inner", "x\n");
  other.commit();
  repo_.write("a", "1\n");
  repo_.git({"submodule", "--quiet", "add", other.path().string(), "vendor/lib"});
  repo_.commit();
  expect_refused({file("vendor/lib/inner", "y")}, "submodule 'vendor/lib'");
  expect_refused({deleted("vendor")}, "submodule 'vendor/lib'");
  expect_refused({deleted("vendor/lib")}, "submodule 'vendor/lib'");
  expect_refused({anew("vendor")}, "submodule 'vendor/lib'");
  expect_refused({file("vendor/lib", "a file now")}, "submodule 'vendor/lib'");
  expect_refused({file(".gitmodules", "[submodule \"evil\"]\n")}, ".gitmodules");
  expect_refused({file("sub/.GitModules", "x")}, ".GitModules");
  expect_refused({deleted(".gitmodules")}, ".gitmodules");
  EXPECT_EQ(effect(make({file("a", "2\n"), anew("vendor/lib")})), "M\ta")
      << "an empty folder made anew";
}

class AttributesTest : public CommitTest {
 protected:
  /// The change of one file, whose content in a fresh checkout goes through `edit`.
  std::string edited(const std::string& path, const std::function<std::string(std::string)>& edit) {
    const Mirror mirror = this->mirror();
    const fs::path tree = mirror.checkout(state_.path() / "checkouts", mirror.fetch("main"));
    return make({file(path, edit(read_file(tree / path)))});
  }
  static std::string same(std::string text) { return text; }
};

TEST_F(AttributesTest, AnUnchangedButRewrittenFileIsNoChange) {
  repo_.write(
      ".gitattributes",
      "*.bat text eol=crlf\n*.txt working-tree-encoding=UTF-16LE\n*.id ident\n*.auto text=auto\n");
  repo_.write("crlf.bat", "one\r\ntwo\r\n");
  repo_.write("wide.txt", std::string("h\0i\0\n\0", 6));
  repo_.write("x.id", "$Id$\nmore\n");
  repo_.write("lf.auto", "one\ntwo\n");
  repo_.write("crlf.py", "one\r\ntwo\r\n");
  repo_.commit();
  for (const char* path :
       {"crlf.bat", "wide.txt", "x.id", "lf.auto", "crlf.py", ".gitattributes"}) {
    EXPECT_EQ(edited(path, same), "empty") << path;
  }
}

TEST_F(AttributesTest, ARepositoryThatIsNotNormalisedShowsNoChurn) {
  repo_.write("windows.bat", "one\r\ntwo\r\n");
  repo_.write("windows.txt", "one\r\ntwo\r\n");
  repo_.commit("before there were attributes");
  repo_.write(".gitattributes", "*.bat text eol=crlf\n*.txt text=auto\n");
  repo_.git({"add", ".gitattributes"});
  repo_.git({"commit", "-q", "-m", "attributes, without a renormalisation"});
  ASSERT_EQ(repo_.git({"cat-file", "-s", "HEAD:windows.bat"}), "10");
  for (const char* path : {"windows.bat", "windows.txt"}) {
    EXPECT_EQ(edited(path, same), "empty") << path;
    const std::string made =
        edited(path, [](std::string text) { return text.replace(5, 3, "2nd"); });
    EXPECT_EQ(show(made, path), "one\r\n2nd\r\n");
  }
}

TEST_F(AttributesTest, AnEditIsConvertedBackAsGitWould) {
  repo_.write(".gitattributes",
              "*.bat text eol=crlf\n*.txt working-tree-encoding=UTF-16LE\n*.auto text=auto\n");
  repo_.write("sub/.gitattributes", "*.bat -text\n");
  repo_.write("crlf.bat", "one\r\n");
  repo_.write("sub/raw.bat", "one\r\n");
  repo_.write("wide.txt", std::string("h\0\n\0", 4));
  repo_.write("lf.auto", "one\n");
  repo_.commit();
  const auto add = [](std::string text) { return text + "two\r\n"; };
  EXPECT_EQ(show(edited("crlf.bat", add), "crlf.bat"), "one\ntwo\n");
  EXPECT_EQ(show(edited("sub/raw.bat", add), "sub/raw.bat"), "one\r\ntwo\r\n");
  EXPECT_EQ(show(edited("lf.auto", add), "lf.auto"), "one\ntwo\n");
  EXPECT_EQ(
      show(edited("wide.txt", [](std::string text) { return text + std::string("o\0\n\0", 4); }),
           "wide.txt"),
      "h\no\n");
  EXPECT_EQ(show(make({file("new.bat", "x\r\n"), file("a\n\"b.bat", "y\r\n")}), "a\n\"b.bat"),
            "y\n");
}

TEST_F(AttributesTest, TheRulesAreTheBasesNotTheChanges) {
  repo_.write("a.bat", "one\r\n");
  repo_.commit();
  const std::string made =
      make({file(".gitattributes", "*.bat text eol=crlf\n"), file("a.bat", "one\r\ntwo\r\n")});
  EXPECT_EQ(show(made, "a.bat"), "one\r\ntwo\r\n");
}

TEST_F(AttributesTest, AContentThatIsNotInItsEncodingIsRefusedWithItsName) {
  repo_.write(".gitattributes", "*.txt working-tree-encoding=UTF-16LE\n");
  repo_.write("wide.txt", std::string("h\0\n\0", 4));
  repo_.commit();
  expect_refused({file("wide.txt", "odd")}, "wide.txt");
}

TEST_F(AttributesTest, NoFilterDriverRuns) {
  repo_.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
  repo_.write("big.bin", "version https://git-lfs.github.com/spec/v1\n");
  repo_.commit();
  for (const char* key : {"clean", "smudge", "process"}) {
    repo_.git(
        {"config", std::string("filter.lfs.") + key, "touch " + repo_.canary().string() + "; cat"});
  }
  EXPECT_EQ(edited("big.bin", same), "empty");
  EXPECT_EQ(show(edited("big.bin", [](const std::string&) { return std::string("other\r\n"); }),
                 "big.bin"),
            "other\r\n");
  EXPECT_FALSE(fs::exists(repo_.canary()));
}

TEST_F(AttributesTest, AWorkTreeGetsWhatAFreshCheckoutWouldHold) {
  repo_.write(".gitattributes", "*.bat text eol=crlf\n*.txt working-tree-encoding=UTF-16LE\n");
  repo_.write("crlf.bat", "one\r\n");
  repo_.write("gone/deep/x", "1\n");
  repo_.write("stays/x", "1\n");
  repo_.write("stays/y", "1\n");
  repo_.write("becomes-file/x", "1\n");
  const std::string base = repo_.commit();
  repo_.write("crlf.bat", "two\r\n");
  repo_.write("wide.txt", std::string("h\0\n\0", 4));
  repo_.write("run me", "#!\n", 0755);
  fs::create_symlink("crlf.bat", repo_.path() / "link");
  for (const char* path : {"gone/deep/x", "stays/x", "becomes-file/x"})
    repo_.git({"rm", "-q", path});
  repo_.write("becomes-file", "f\n");
  const std::string commit = repo_.commit();
  const Mirror mirror = this->mirror();
  mirror.fetch(base);
  mirror.fetch(commit);
  EXPECT_EQ(mirror.changes_between(base, commit),
            (std::vector<Change>{deleted("becomes-file"), deleted("gone"), deleted("stays/x"),
                                 file("becomes-file", "f\n"), file("crlf.bat", "two\r\n"),
                                 link("link", "crlf.bat"), file("run me", "#!\n", true),
                                 file("wide.txt", std::string("h\0\n\0", 4))}));
}

TEST_F(CommitTest, AChangeGoesOutAndComesBackUnaltered) {
  repo_.write("a", "1\n");
  repo_.write("d/x", "1\n");
  const std::string base = repo_.commit();
  const std::vector<Change> changes{deleted("d"), file("a", "2\n", true), link("l", "a"),
                                    file("n/new", std::string("\0\1", 2))};
  EXPECT_EQ(mirror().changes_between(base, make(changes)), changes);
}

TEST_F(CommitTest, ContentsOfBothSidesAreAsGitStoresThem) {
  repo_.write(".gitattributes", "*.bat text eol=crlf\n");
  repo_.write("a.bat", "one\n");
  repo_.write("gone", "g\n");
  const std::string base = repo_.commit();
  const std::string commit =
      make({file("a.bat", "two\r\n"), deleted("gone"), file("new\nline", "n\n")});
  const std::map<std::string, std::pair<std::string, std::string>> wanted{
      {"a.bat", {"one\n", "two\n"}}, {"gone", {"g\n", ""}}, {"new\nline", {"", "n\n"}}};
  EXPECT_EQ(mirror().contents(base, commit, {"a.bat", "gone", "new\nline"}), wanted);
}

TEST_F(CommitTest, PathsNumbersAndTheDiffTellOfRenames) {
  std::string text;
  for (int i = 0; i < 30; ++i) text += "line " + std::to_string(i) + "\n";
  repo_.write("old.py", text);
  repo_.write("b", "1\n");
  repo_.write("bin", std::string("\0\1\2", 3));
  const std::string base = repo_.commit();
  const std::string made =
      make({deleted("old.py"), file("new.py", text + "one more\n"), file("b", "2\n"),
            file("bin", std::string("\0\1\3", 3)), file("c\td", "x\n")});
  const auto paths = mirror().changed_paths(base, made);
  ASSERT_EQ(paths.size(), 4u);
  EXPECT_EQ(paths[0].status, 'M');
  EXPECT_EQ(paths[2].status, 'A');
  EXPECT_EQ(paths[2].path, "c\td");
  EXPECT_EQ(paths[3].status, 'R');
  EXPECT_EQ(paths[3].old_path + ">" + paths[3].path, "old.py>new.py");
  const DiffStat stat = mirror().stat(base, made);
  EXPECT_EQ(stat.files, 4);
  EXPECT_EQ(stat.insertions, 3);
  EXPECT_EQ(stat.deletions, 1);
  const std::string diff = mirror().diff(base, made);
  EXPECT_NE(diff.find("rename from old.py"), std::string::npos) << diff;
  EXPECT_NE(diff.find("Binary files a/bin and b/bin differ"), std::string::npos) << diff;
  const std::string cut = mirror().diff(base, made, 100);
  EXPECT_LT(cut.size(), 200u);
  EXPECT_NE(cut.find("left out"), std::string::npos) << cut;
}

TEST_F(CommitTest, ThousandsOfFilesGoIntoOneCommit) {
  for (int i = 0; i < 40; ++i) {
    for (int j = 0; j < 50; ++j)
      repo_.write("d" + std::to_string(i) + "/f" + std::to_string(j), std::to_string(i * j));
  }
  repo_.commit();
  std::vector<Change> changes;
  for (int i = 0; i < 40; ++i) {
    for (int j = 0; j < 50; ++j) {
      changes.push_back(
          file("d" + std::to_string(i) + "/f" + std::to_string(j), "now " + std::to_string(i * j)));
    }
  }
  EXPECT_EQ(mirror().stat(repo_.head(), make(changes)).files, 2000);
}

TEST_F(CommitTest, MessagesAreReadBackWithTheirTrailers) {
  repo_.commit();
  const std::string message = commit_message(
      "a title\nwith a second line", "Why.\n\nNot-A: trailer, but text\n",
      {{"Nightjar-Task", "k3"}, {"Empty", ""}, {"Co-authored-by", "A <a@b>\nEvil: x"}});
  const Mirror mirror = this->mirror();
  const auto made = mirror.commit({mirror.fetch("main"), message, {}, {file("a", "1")}});
  ASSERT_TRUE(made && *made);
  EXPECT_EQ(mirror_git({"log", "-1", "--format=%s|%(trailers:only,separator=%x2C)", **made}),
            "a title\\nwith a second line|Nightjar-Task: k3,Co-authored-by: A <a@b>\\nEvil: x");
}

}  // namespace
}  // namespace nightjar::git
