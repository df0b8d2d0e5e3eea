// The copy-on-write work tree: what commands see of it, and how changes get in and out.
#include <sys/stat.h>

#include "session_fixture.h"

namespace nightjar::sandbox {
namespace {

using core::Change;

// Every promise holds however the tree was made.
class SessionTree : public SessionTest, public testing::WithParamInterface<TreeKind> {
 protected:
  SessionTree() { policy_.force_tree = GetParam(); }
};

INSTANTIATE_TEST_SUITE_P(Kinds, SessionTree,
                         testing::Values(TreeKind::Overlay, TreeKind::OverlayOnTmpfs,
                                         TreeKind::Clone),
                         [](const auto& kind) {
                           return kind.param == TreeKind::Overlay ? "Overlay"
                                  : kind.param == TreeKind::Clone ? "Clone"
                                                                  : "OverlayOnTmpfs";
                         });

Change file(std::string path, std::string content, bool executable = false) {
  const auto size = content.size();
  return {std::move(path), Change::What::File, executable, std::move(content), size};
}

TEST_P(SessionTree, StandsAtItsOwnPathAndTheBaseStaysUntouched) {
  EXPECT_EQ(
      output_of(
          "pwd; cat a.txt sub/b.txt; echo more >> a.txt; rm sub/b.txt; echo new > n; cat a.txt"),
      "/home/someone/src/thing\none\ntwo\none\nmore\n");
  EXPECT_EQ(read_file(lower() / "a.txt"), "one\n");
  EXPECT_EQ(read_file(lower() / "sub/b.txt"), "two\n");
  EXPECT_FALSE(fs::exists(lower() / "n"));
}

TEST_P(SessionTree, CollectsWhatWasWritten) {
  write("gone/x", "x");
  write("gone/y/z", "z");
  write("made/anew", "old");
  write("made/stays", "s");
  write("script", "s");
  write("to_link", "l");
  output_of(
      "echo more >> a.txt; rm sub/b.txt; rm -r gone; rm -r made && mkdir made && echo new > "
      "made/fresh;"
      "chmod +x script; rm to_link && ln -s /etc/passwd to_link; mkdir -p deep/er; echo d > "
      "deep/er/d; mkdir empty;"
      "mkfifo pipe");
  std::vector<Change> expected{
      file("a.txt", "one\nmore\n"),
      file("deep/er/d", "d\n"),
      {"gone", Change::What::Deleted},
      file("made/fresh", "new\n"),
      {"pipe", Change::What::Other},
      file("script", "s", true),
      {"sub/b.txt", Change::What::Deleted},
      {"to_link", Change::What::Symlink, false, "/etc/passwd", 11},
  };
  if (GetParam() == TreeKind::Clone) {
    expected.push_back({"made/anew", Change::What::Deleted});
    expected.push_back({"made/stays", Change::What::Deleted});
  } else {
    expected.push_back({"made", Change::What::OpaqueFolder});
  }
  std::ranges::sort(expected, {}, &Change::path);
  EXPECT_EQ(collected(), expected);
}

TEST_P(SessionTree, AnUntouchedTreeHasNoChanges) {
  output_of("cat a.txt > /dev/null; ls -lR > /dev/null");
  EXPECT_EQ(collected(), std::vector<Change>{});
}

TEST_P(SessionTree, NamesAreBytes) {
  output_of(
      "printf x > \"$(printf 'new\\nline')\"; printf y > \"$(printf 'bad\\377utf8')\"; printf z > "
      "' -rf *'");
  const std::vector<Change> expected{file(" -rf *", "z"), file("bad\377utf8", "y"),
                                     file("new\nline", "x")};
  EXPECT_EQ(collected(), expected);
}

TEST_P(SessionTree, WhatForbidsReadingIsReadAndKeepsItsMode) {
  output_of("mkdir -p shut/in; echo s > shut/in/f; chmod 000 shut/in/f shut/in shut");
  EXPECT_EQ(collected(), std::vector<Change>{file("shut/in/f", "s\n")});
  EXPECT_EQ(output_of("stat -c %a shut"), "0\n");
  EXPECT_EQ(
      output_of("chmod 700 shut; stat -c %a shut/in; chmod 700 shut/in; stat -c %a shut/in/f"),
      "0\n0\n");
}

TEST_P(SessionTree, ContentsAreLimitedAndSayTheirSize) {
  output_of("truncate -s 1T huge; echo small > small");
  const std::vector<Change> expected{
      {"huge", Change::What::File, false, "", std::uint64_t{1} << 40}, file("small", "small\n")};
  EXPECT_EQ(collected(1000), expected);
}

TEST_P(SessionTree, AppliedChangesAreTheRunsOwn) {
  write("folder/file", "f");
  write("becomes_folder", "f");
  session().apply({file("a.txt", "changed\n"),
                   file("bin/tool", "#!/bin/sh\necho tool\n", true),
                   {"sub/b.txt", Change::What::Deleted},
                   {"folder", Change::What::Deleted},
                   {"never/was", Change::What::Deleted},
                   {"link", Change::What::Symlink, false, "a.txt", 5},
                   {"becomes_folder", Change::What::OpaqueFolder},
                   file("becomes_folder/in", "in"),
                   file("new\nline/\xff", "odd")});
  EXPECT_EQ(
      output_of("cat link; bin/tool; ls; cat becomes_folder/in; stat -c %u.%a a.txt bin/tool"),
      "changed\ntool\na.txt\nbecomes_folder\nbin\nlink\nnever\nnew\nline\nsub\nin1000.644\n1000."
      "755\n");
  EXPECT_EQ(read_file(lower() / "a.txt"), "one\n");
}

TEST_P(SessionTree, CollectedChangesAppliedElsewhereGiveTheSameTree) {
  write("gone/x", "x");
  write("made/anew", "old");
  output_of(
      "echo more >> a.txt; rm -r gone made; mkdir made; echo n > made/n; ln -s made link; chmod +x "
      "sub/b.txt;"
      "printf z > \"$(printf 'b\\377\\nd')\"");
  const std::string listing = output_of(
      "find . -type f -exec stat -c '%n %a' {} + -exec cat {} + -o -type l -printf '%p %l\\n' | "
      "sort");
  const auto changes = collected();
  session_.reset();
  policy_.tree.upper = dir_.path() / "other";
  session().apply(changes);
  EXPECT_EQ(output_of("find . -type f -exec stat -c '%n %a' {} + -exec cat {} + -o -type l -printf "
                      "'%p %l\\n' | sort"),
            listing);
}

TEST_P(SessionTree, ChangesStayInsideTheTree) {
  output_of("ln -s /tmp out");
  session().apply({file("out/escaped", "x")});
  EXPECT_EQ(output_of("ls -A /tmp; cat out/escaped"), "x");
  for (const char* path : {"../x", "/x", "", "a/../b", "a//b", "./a", "a/"}) {
    EXPECT_THROW(session().apply({file(path, "x")}), Error) << path;
  }
}

TEST_P(SessionTree, ThousandsOfSmallFilesGoInAndOut) {
  // A disk under load makes a thousand files a second; memory shows that nothing of ours is slower.
  const int count = GetParam() == TreeKind::OverlayOnTmpfs ? 5000 : 500;
  std::vector<Change> changes;
  for (int i = 0; i < count; ++i) {
    changes.push_back(file("many/" + std::to_string(i % 50) + "/" + std::to_string(i),
                           "content " + std::to_string(i)));
  }
  session().apply(changes);
  std::ranges::sort(changes, {}, &Change::path);
  EXPECT_EQ(collected(), changes);
}

TEST_P(SessionTree, FilesInsideAreReadAndFound) {
  output_of(
      "mkdir -p r/s /tmp/reports; echo 1 > r/a.xml; echo 2 > r/s/b.xml; echo 3 > r/c.txt; echo 4 > "
      "/tmp/reports/d.xml;"
      "ln -s /tmp/reports r/link; mkfifo r/p.xml");
  const std::vector<std::string> expected{"/home/someone/src/thing/r/a.xml",
                                          "/home/someone/src/thing/r/s/b.xml"};
  EXPECT_EQ(session().find_files("/home/someone/src/thing", "*.xml"), expected);
  EXPECT_EQ(session().read_file("/tmp/reports/d.xml", 100), "4\n");
  EXPECT_EQ(session().read_file("/tmp/reports/d.xml", 1), std::nullopt);
  EXPECT_EQ(session().read_file("/home/someone/src/thing/r/p.xml", 100), std::nullopt);
  EXPECT_EQ(session().read_file("/home/someone/src/thing/r", 100), std::nullopt);
  EXPECT_EQ(session().read_file("/nowhere", 100), std::nullopt);
}

using SessionLayers = SessionTest;

TEST_F(SessionLayers, WhatWasWrittenSurvivesTheSandbox) {
  output_of("echo kept > kept; rm a.txt");
  session_.reset();
  EXPECT_EQ(output_of("cat kept; ls"), "kept\nkept\nsub\n");
}

TEST_F(SessionLayers, WhatWasWrittenCanBeALayerOfALaterSandbox) {
  output_of("echo first > first; rm a.txt");
  session_.reset();
  policy_.tree.lowers = {written_folder(policy_.tree.upper), lower()};
  policy_.tree.upper = dir_.path() / "second";
  EXPECT_EQ(output_of("ls; echo more >> first; echo t >> sub/b.txt; cat first sub/b.txt"),
            "first\nsub\nfirst\nmore\ntwo\nt\n");
  EXPECT_EQ(read_file(written_folder(dir_.path() / "upper") / "first"), "first\n");
}

TEST_F(SessionLayers, ALayerThatWasMadeAsACopyHidesWhatItWasMadeFrom) {
  policy_.force_tree = TreeKind::Clone;
  output_of("echo first > first; rm a.txt");
  session_.reset();
  for (const TreeKind kind : {TreeKind::Overlay, TreeKind::OverlayOnTmpfs, TreeKind::Clone}) {
    policy_.force_tree = kind;
    policy_.tree.lowers = {written_folder(dir_.path() / "upper"), lower()};
    policy_.tree.upper = dir_.path() / ("upper" + std::to_string(static_cast<int>(kind)));
    EXPECT_EQ(output_of("ls; cat first"), "first\nsub\nfirst\n");
    EXPECT_EQ(collected(), std::vector<Change>{});
    session_.reset();
  }
}

TEST_F(SessionLayers, ACopyGoesOnWhereItWasLeft) {
  policy_.force_tree = TreeKind::Clone;
  output_of("echo kept > kept; rm a.txt; echo more >> sub/b.txt");
  const auto before = collected();
  session_.reset();
  EXPECT_EQ(output_of("ls; cat kept"), "kept\nsub\nkept\n");
  EXPECT_EQ(collected(), before);
}

TEST_F(SessionLayers, TwoSandboxesShareABaseAndNothingElse) {
  output_of("echo mine > mine; echo changed > a.txt");
  Policy other = policy_;
  other.tree.upper = dir_.path() / "other";
  const auto second = Session::start(other);
  EXPECT_EQ(second->run(shell("ls; cat a.txt; ls /tmp")).output, "a.txt\nsub\none\n");
}

TEST_F(SessionLayers, FurtherTreesStandInHomeAndInTheWorkTree) {
  const fs::path cache = dir_.path() / "cache", venv = dir_.path() / "venv";
  fs::create_directories(cache);
  fs::create_directories(venv / "bin");
  std::ofstream(cache / "package") << "p";
  std::ofstream(venv / "bin/tool") << "t";
  policy_.overlays = {{{cache}, {}, "/home/nightjar/.cache/pip"},
                      {{venv}, {}, policy_.tree.target / ".venv"},
                      {{}, dir_.path() / "home", "/home/nightjar"}};
  EXPECT_EQ(output_of("cat ~/.cache/pip/package .venv/bin/tool; echo x > ~/.cache/pip/package; "
                      "echo y > .venv/new; echo z > ~/kept"),
            "pt");
  EXPECT_EQ(read_file(cache / "package"), "p");
  EXPECT_FALSE(fs::exists(venv / "new"));
  EXPECT_EQ(collected(), std::vector<Change>{});
  session_.reset();
  EXPECT_EQ(read_file(written_folder(dir_.path() / "home") / "kept"), "z\n");
}

TEST_F(SessionLayers, ALinkInTheTreeDoesNotMoveAMount) {
  const fs::path outside = dir_.path() / "outside";
  fs::create_directories(outside);
  fs::create_directory_symlink(outside, lower() / ".venv");
  policy_.overlays = {{{outside}, {}, policy_.tree.target / ".venv/deep"}};
  EXPECT_THROW(session(), Error);
  EXPECT_TRUE(fs::is_empty(outside));
}

TEST_F(SessionLayers, TheTreeMayStandAnywhere) {
  for (const char* target : {"/tmp/x/thing", "/root/thing", "/srv/thing", "/var/tmp/thing",
                             "/run/thing", "/home/nightjar/thing"}) {
    policy_.tree.target = target;
    policy_.tree.upper = dir_.path() / "upper" / fs::path(target).relative_path().parent_path();
    EXPECT_EQ(output_of("pwd; cat a.txt; touch new"), std::string(target) + "\none\n");
    session_.reset();
  }
}

TEST_F(SessionLayers, ToolsAndProgramsAreReadOnly) {
  const fs::path tool = dir_.path() / "tool";
  fs::create_directories(tool);
  std::ofstream(tool / "run") << "#!/bin/sh\necho ran\n";
  fs::permissions(tool / "run", fs::perms::all);
  policy_.tools = {{tool, "/opt/tool"}};
  policy_.programs = {tool / "run"};
  EXPECT_EQ(output_of("/opt/tool/run; /.nightjar/bin/run"), "ran\nran\n");
  EXPECT_NE(run("echo x > /opt/tool/run").exit_status, 0);
  EXPECT_NE(run("echo x > /.nightjar/bin/run").exit_status, 0);
}

}  // namespace
}  // namespace nightjar::sandbox
