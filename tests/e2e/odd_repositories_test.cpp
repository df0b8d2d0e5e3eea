// Repositories as they are found in the wild: each of these works.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc/process.h"
#include "support/repo.h"
#include "support/service.h"

namespace nightjar::test {
namespace {

void expect_proved(const json::object& task) {
  EXPECT_EQ(get_string(task, "state"), "in_review") << to_pretty(task);
  EXPECT_EQ(get_string(get_object(task, "proof"), "verdict"), "proved") << to_pretty(task);
}

TEST(OddRepositories, BareAndASubfolderAndALinkedWorkTree) {
  Repo repo = parser_project();
  Service nightjar;
  const TempDir dir;
  const fs::path bare = dir.path() / "thing.git";
  repo.git({"clone", "-q", "--bare", repo.path().string(), bare.string()});
  expect_proved(nightjar.finish({"Rename Parser to Reader", "--repo", bare.string()}, dir.path()));

  fs::create_directories(repo.path() / "sub" / "folder");
  expect_proved(nightjar.finish({"Rename Parser to Reader"}, repo.path() / "sub" / "folder"));

  const fs::path linked = dir.path() / "linked";
  repo.git({"worktree", "add", "-q", "-b", "side", linked.string()});
  const json::object task = nightjar.finish({"Rename Parser to Reader"}, linked);
  expect_proved(task);
  EXPECT_EQ(get_string(task, "base"), "side");
}

TEST(OddRepositories, ADetachedHeadMergesOnlyWithInto) {
  Repo repo = parser_project();
  repo.git({"checkout", "-q", "--detach"});
  Service nightjar;
  const json::object task = nightjar.finish({"Rename Parser to Reader"}, repo.path());
  expect_proved(task);
  const auto refused = nightjar.run({"merge", get_string(task, "id")});
  EXPECT_EQ(refused.exit_status, 2) << refused.err;
  EXPECT_NE(refused.err.find("--into"), std::string::npos) << refused.err;
  EXPECT_EQ(nightjar.run({"merge", get_string(task, "id"), "--into", "main"}).exit_status, 0);
  EXPECT_NE(repo.git({"show", "main:parser.py"}).find("class Reader"), std::string::npos);
}

TEST(OddRepositories, StrangeNamesLinksModesAndLineEndingsStayAsTheyAre) {
  Repo repo = parser_project();
  repo.write("new\nline.txt", "Parser\n");
  repo.write("inva\xFFlid.txt", "x\n");
  repo.write("Case.txt", "a\n");
  repo.write("case.txt", "b\n");
  repo.write("crlf.py", "class Other:\r\n    uses = Parser\r\n");
  repo.write(".gitattributes", "*.bat text eol=crlf\n");
  repo.write("run.bat", "rem nothing\r\n");
  repo.write("tool.sh", "#!/bin/sh\necho Parser\n");
  ASSERT_EQ(::chmod((repo.path() / "tool.sh").c_str(), 0755), 0);
  fs::create_symlink("loop-b", repo.path() / "loop-a");
  fs::create_symlink("loop-a", repo.path() / "loop-b");
  repo.commit("oddities");
  Service nightjar;
  const json::object task = nightjar.finish({"Rename Parser to Reader"}, repo.path());
  expect_proved(task);
  const std::string head = get_string(get_object(task, "pull_request"), "head_commit");
  EXPECT_EQ(proc::run({.argv = {"git", "-C", repo.path().string(), "show", head + ":crlf.py"}}).out,
            "class Other:\r\n    uses = Reader\r\n");
  EXPECT_EQ(repo.git({"diff", "--name-only", "main", head, "--", "run.bat", ".gitattributes",
                      "loop-a", "Case.txt", "case.txt"}),
            "");
  EXPECT_EQ(repo.git({"diff", "--summary", "main", head}), "")
      << "no mode changes, no files added or removed";
}

TEST(OddRepositories, SubmodulesAndLargeFilePointersAndShallowClones) {
  Repo repo = parser_project();
  const Repo other = parser_project();
  repo.git({"-c", "protocol.file.allow=always", "submodule", "add", "-q", other.path().string(),
            "vendor"});
  repo.write(
      "big.bin",
      "version https://git-lfs.github.com/spec/v1\noid "
      "sha256:0000000000000000000000000000000000000000000000000000000000000000\nsize 12345\n");
  repo.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
  repo.commit("a submodule and a pointer");
  Service nightjar;
  expect_proved(nightjar.finish({"Rename Parser to Reader"}, repo.path()));

  const TempDir dir;
  const fs::path shallow = dir.path() / "shallow";
  repo.git({"clone", "-q", "--depth", "1", "file://" + repo.path().string(), shallow.string()});
  expect_proved(nightjar.finish({"Rename Parser to Reader"}, shallow));
}

TEST(OddRepositories, UncommittedChangesAreNotPartOfTheTaskAndAreCounted) {
  Repo repo = parser_project();
  repo.write("parser.py", "class Broken\n");
  repo.write("new.txt", "x\n");
  Service nightjar;
  const json::object task = nightjar.finish({"Rename Parser to Reader"}, repo.path());
  expect_proved(task);
  EXPECT_EQ(get_int(task, "uncommitted"), 2);
  const auto refused = nightjar.run({"merge", get_string(task, "id")});
  EXPECT_EQ(refused.exit_status, 1);
  EXPECT_NE(refused.err.find(repo.path().string()), std::string::npos) << refused.err;
  EXPECT_EQ(repo.read("parser.py"), "class Broken\n");
}

TEST(OddRepositories, AHookOfTheOwnerDoesNotRunOnOurCommits) {
  Repo repo = parser_project();
  const fs::path canary = repo.path().parent_path() / "canary";
  for (const char* hook : {"pre-commit", "post-commit", "pre-receive", "update", "post-receive",
                           "reference-transaction", "post-checkout", "post-merge", "pre-push"}) {
    const fs::path file = repo.path() / ".git" / "hooks" / hook;
    write_durably(file, "#!/bin/sh\necho " + std::string(hook) + " >> " + canary.string() + "\n");
    ASSERT_EQ(::chmod(file.c_str(), 0755), 0);
  }
  Service nightjar;
  const json::object task = nightjar.finish({"Rename Parser to Reader"}, repo.path());
  expect_proved(task);
  EXPECT_EQ(nightjar.run({"merge", get_string(task, "id")}).exit_status, 0);
  EXPECT_FALSE(fs::exists(canary)) << read_file(canary);
}

TEST(OddRepositories, AVeryLongTitleIsShortened) {
  const Repo repo = parser_project();
  Service nightjar;
  const json::object task =
      nightjar.finish({"Rename Parser to Reader", "--title", std::string(5000, 'x')}, repo.path());
  expect_proved(task);
  EXPECT_LT(get_string(task, "title").size(), 200u);
}

TEST(OddRepositories, AnEndlessLogLineHurtsNobody) {
  Repo repo = parser_project();
  repo.write("nightjar.toml",
             "[[check]]\nname = \"tests\"\nrun = \"head -c 300000000 /dev/zero | tr '\\\\0' x; "
             "echo; sh tests.sh\"\n");
  repo.commit("a noisy check");
  Service nightjar;
  expect_proved(nightjar.finish({"Rename Parser to Reader"}, repo.path()));
}

TEST(Environments, SetupIsKeptWhereNoOverlayCanStandOnTheDisk) {
  Repo repo = parser_project();
  repo.write("nightjar.toml",
             "[environment]\nsetup = [\"mkdir built; echo 1 > built/a; echo 2 > ~/b; echo 3 > "
             "~/.npm/c\"]\n\n[[check]]\nname = \"tests\"\nrun = \"cat built/a ~/b ~/.npm/c "
             "~/.npm/mine && sh tests.sh\"\n");
  repo.write(".gitignore", "built/\n");
  repo.commit("setup");
  const TempDir home;
  fs::create_directory(home.path() / ".npm");
  write_durably(home.path() / ".npm" / "mine", "mine\n");
  Service nightjar;
  nightjar.extra = {{"HOME", home.path().string()}};
  std::vector<std::string> argv{"unshare", "--mount"};
  if (::getuid() != 0) argv.insert(argv.end(), {"--user", "--map-current-user", "--keep-caps"});
  argv.insert(argv.end(), {"sh", std::string(NIGHTJAR_SOURCE_DIR) + "/tests/e2e/no_overlay.sh",
                           nightjar.program.string(), nightjar.state().parent_path().string(),
                           repo.path().string()});
  const auto ran = nightjar.run_with_folders(argv);
  ASSERT_EQ(ran.exit_status, 0) << ran.out << ran.err;
  const auto task = parse_json(ran.out).value().as_object();
  EXPECT_EQ(get_string(get_object(task, "proof"), "verdict"), "proved") << to_pretty(task);
}

TEST(Environments, WhatSetupFetchedIntoAPackageCacheIsThereInTheSameRun) {
  Repo repo = parser_project();
  repo.write(
      "nightjar.toml",
      "[environment]\nsetup = [\"echo fetched > ~/.npm/package\"]\n\n"
      "[[check]]\nname = \"tests\"\nrun = \"cat ~/.npm/package ~/.npm/mine && sh tests.sh\"\n");
  repo.commit("setup");
  const TempDir home;
  fs::create_directory(home.path() / ".npm");
  write_durably(home.path() / ".npm" / "mine", "mine\n");
  Service nightjar;
  nightjar.extra = {{"HOME", home.path().string()}};
  const json::object task = nightjar.finish({"Rename Parser to Reader"}, repo.path());
  EXPECT_EQ(get_string(get_object(task, "proof"), "verdict"), "proved") << to_pretty(task);
  EXPECT_FALSE(fs::exists(home.path() / ".npm" / "package"));
}

}  // namespace
}  // namespace nightjar::test
