#include <gtest/gtest.h>

#include <thread>

#include "base/error.h"
#include "git/repository.h"
#include "git/testing_repo.h"

namespace nightjar::git {
namespace {

class MirrorTest : public ::testing::Test {
 protected:
  Mirror mirror() const { return Mirror::open(state_.path() / "mirrors", repo_.path()); }
  fs::path checkouts() const { return state_.path() / "checkouts"; }
  TempDir state_;
  Repo repo_;
};

TEST_F(MirrorTest, FetchBringsTheCommitOfARefAndOfAnId) {
  repo_.write("a", "1\n");
  const std::string first = repo_.commit();
  repo_.write("a", "2\n");
  const std::string second = repo_.commit();
  const Mirror mirror = this->mirror();
  EXPECT_FALSE(mirror.has_commit(first));
  EXPECT_EQ(mirror.fetch("main"), second);
  EXPECT_EQ(mirror.fetch(first), first);
  EXPECT_TRUE(mirror.has_commit(first));
  EXPECT_EQ(mirror.fetch("main"), second) << "again, with nothing new";
}

TEST_F(MirrorTest, ACommitThatNoRefOfTheSourceNamesCanBeFetched) {
  repo_.write("a", "1\n");
  repo_.commit();
  repo_.write("a", "2\n");
  const std::string lost = repo_.commit();
  repo_.git({"reset", "-q", "--hard", "HEAD~1"});
  EXPECT_EQ(mirror().fetch(lost), lost);
}

TEST_F(MirrorTest, AGarbageCollectionOfTheSourceDoesNotHurtTheMirror) {
  repo_.write("a", "1\n");
  repo_.commit();
  repo_.write("a", "2\n");
  const std::string lost = repo_.commit();
  const Mirror mirror = this->mirror();
  mirror.fetch("main");
  repo_.git({"reset", "-q", "--hard", "HEAD~1"});
  repo_.git({"reflog", "expire", "--expire=now", "--all"});
  repo_.git({"gc", "-q", "--prune=now"});
  EXPECT_EQ(mirror.file(lost, "a", 100), "2\n");
}

TEST_F(MirrorTest, ALockThatAKilledGitLeftOnARunsRefIsTakenAway) {
  repo_.write("a", "1\n");
  const std::string id = repo_.commit();
  const Mirror mirror = this->mirror();
  mirror.fetch(id);
  const fs::path lock = mirror.path() / "refs" / "nightjar" / "runs" / "x.1" / "candidate.lock";
  fs::create_directories(lock.parent_path());
  put(lock, "");
  mirror.keep("runs/x.1/candidate", id);
  EXPECT_FALSE(fs::exists(lock));
}

TEST_F(MirrorTest, LocksThatAKilledFetchLeftBehindAreNoObstacle) {
  const std::string head = repo_.commit();
  const Mirror mirror = this->mirror();
  put(mirror.path() / "refs/nightjar/base" / (head + ".lock"), "");
  put(mirror.path() / "shallow.lock", "");
  EXPECT_EQ(mirror.fetch("main"), head);
}

TEST_F(MirrorTest, ARefThatDoesNotExistIsNotFound) {
  repo_.commit();
  try {
    mirror().fetch("nowhere");
    FAIL() << "fetched a branch that does not exist";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::NotFound);
    EXPECT_NE(std::string(error.what()).find("nowhere"), std::string::npos) << error.what();
  }
}

TEST_F(MirrorTest, LinkedWorkTreesShareOneMirror) {
  repo_.commit();
  repo_.git({"worktree", "add", "-q", repo_.beside("linked").string()});
  EXPECT_EQ(Mirror::open(state_.path(), repo_.path()).path(),
            Mirror::open(state_.path(), repo_.beside("linked")).path());
}

TEST_F(MirrorTest, ShallowSourcesWork) {
  repo_.write("a", "1\n");
  repo_.commit();
  repo_.write("a", "2\n");
  const std::string head = repo_.commit();
  plain_git(repo_.beside(""), {"clone", "-q", "--depth=1", "file://" + repo_.path().string(),
                               repo_.beside("shallow").string()});
  const Mirror mirror = Mirror::open(state_.path(), repo_.beside("shallow"));
  EXPECT_EQ(mirror.fetch("main"), head);
  EXPECT_EQ(read_file(mirror.checkout(checkouts(), head) / "a"), "2\n");
}

TEST_F(MirrorTest, APartialCloneWorksWithWhatItHasAndElseSaysWhatToDo) {
  repo_.write("a", "1\n");
  repo_.commit();
  repo_.write("a", "2\n");
  const std::string head = repo_.commit();
  repo_.git({"config", "uploadpack.allowFilter", "true"});
  const auto clone = [&](const std::string& name, const std::string& filter) {
    plain_git(repo_.beside(""), {"clone", "-q", "--filter=" + filter, "--no-checkout",
                                 "file://" + repo_.path().string(), repo_.beside(name).string()});
    return repo_.beside(name);
  };
  const fs::path checked_out = clone("with-files", "blob:none");
  plain_git(checked_out, {"checkout", "-q", "main"});
  const Mirror works = Mirror::open(state_.path(), checked_out);
  EXPECT_EQ(works.fetch("main"), head);
  EXPECT_EQ(works.file(head, "a", 100), "2\n");

  const fs::path empty = clone("without-files", "blob:none");
  try {
    Mirror::open(state_.path(), empty).fetch("main");
    FAIL() << "fetched what is not there";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("partial clone"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("--refetch"), std::string::npos) << error.what();
  }
  plain_git(empty, {"fetch", "-q", "--refetch", "--no-filter"});
  EXPECT_EQ(Mirror::open(state_.path(), empty).fetch("main"), head) << "the advice helps";
}

TEST_F(MirrorTest, ARepositoryWithSha256IdsWorks) {
  const Repo modern({"-b", "main", "--object-format=sha256"});
  modern.write("a", "1\n");
  const std::string head = modern.commit();
  const Mirror mirror = Mirror::open(state_.path(), modern.path());
  EXPECT_EQ(mirror.fetch("main"), head);
  const auto made = mirror.commit({head, "m\n", {}, {{.path = "b", .content = "x", .size = 1}}});
  ASSERT_TRUE(made && *made);
  EXPECT_TRUE(publish(mirror, modern.path(), "nightjar/x", **made, ""));
  EXPECT_EQ(modern.head("nightjar/x"), **made);
}

TEST_F(MirrorTest, NothingOfTheSourceIsExecutedByAFetch) {
  repo_.write("a", "1\n");
  repo_.commit();
  repo_.plant_hooks(repo_.path() / ".git" / "hooks");
  repo_.plant_hooks(repo_.beside("other-hooks"));
  const std::string touch = "touch " + repo_.canary().string();
  repo_.git({"config", "core.hooksPath", repo_.beside("other-hooks").string()});
  repo_.git({"config", "core.fsmonitor", touch});
  repo_.git({"config", "core.alternateRefsCommand", touch});
  repo_.git({"config", "core.sshCommand", touch});
  repo_.git({"config", "uploadpack.packObjectsHook", touch + "; git"});
  put(repo_.path() / ".git" / "objects" / "info" / "alternates",
      (repo_.path() / ".git" / "objects").string() + "\n");
  mirror().fetch("main");
  EXPECT_EQ(repo_.canaries(), "");
  EXPECT_FALSE(fs::exists(repo_.canary()));
}

TEST_F(MirrorTest, ACheckoutHoldsTheFilesAndIsMadeOnce) {
  repo_.write("dir/a", "1\n");
  repo_.write("run.sh", "#!/bin/sh\n", 0755);
  fs::create_symlink("dir/a", repo_.path() / "link");
  fs::create_symlink("loop-b", repo_.path() / "loop-a");
  fs::create_symlink("loop-a", repo_.path() / "loop-b");
  repo_.write("Case", "upper\n");
  repo_.write("case", "lower\n");
  repo_.write("new\nline", "n\n");
  repo_.write(
      "not\xff"
      "utf8",
      "u\n");
  const std::string head = repo_.commit();
  const Mirror mirror = this->mirror();
  mirror.fetch("main");
  const fs::path tree = mirror.checkout(checkouts(), head);
  EXPECT_EQ(read_file(tree / "dir/a"), "1\n");
  EXPECT_EQ(read_file(tree / "Case") + read_file(tree / "case"), "upper\nlower\n");
  EXPECT_EQ(read_file(tree / "new\nline") + read_file(tree / "not\xff"
                                                             "utf8"),
            "n\nu\n");
  EXPECT_EQ(fs::read_symlink(tree / "loop-a"), "loop-b");
  EXPECT_TRUE((fs::status(tree / "run.sh").permissions() & fs::perms::owner_exec) !=
              fs::perms::none);
  EXPECT_FALSE(fs::exists(tree / ".git"));
  struct stat before{}, after{};
  ASSERT_EQ(::stat((tree / "dir/a").c_str(), &before), 0);
  EXPECT_EQ(mirror.checkout(checkouts(), head), tree);
  ASSERT_EQ(::stat((tree / "dir/a").c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
}

TEST_F(MirrorTest, ACheckoutThatWasCutShortOrIsOfAnEarlierBootIsMadeAnew) {
  repo_.write("a", "1\n");
  const std::string head = repo_.commit();
  const Mirror mirror = this->mirror();
  mirror.fetch("main");
  fs::create_directories(checkouts() / (head + ".making"));
  put(checkouts() / (head + ".making") / "half", "x");
  const fs::path tree = mirror.checkout(checkouts(), head);
  EXPECT_FALSE(fs::exists(tree / "half"));
  put(tree / "a", "");  // as a file that never reached the disk
  put(checkouts() / (head + ".complete"), "another boot");
  EXPECT_EQ(read_file(mirror.checkout(checkouts(), head) / "a"), "1\n");
  remove_tree(tree);  // by the janitor
  EXPECT_EQ(read_file(mirror.checkout(checkouts(), head) / "a"), "1\n");
}

TEST_F(MirrorTest, SeveralAskersGetOneCheckout) {
  for (int i = 0; i < 200; ++i) repo_.write("f" + std::to_string(i), std::to_string(i));
  const std::string head = repo_.commit();
  std::vector<std::jthread> threads;
  std::atomic<int> whole = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const Mirror mirror = this->mirror();
      mirror.fetch("main");
      const fs::path tree = mirror.checkout(checkouts(), head);
      whole += std::distance(fs::directory_iterator(tree), fs::directory_iterator()) == 200;
    });
  }
  threads.clear();
  EXPECT_EQ(whole, 4);
}

TEST_F(MirrorTest, LineEndingsAndEncodingsAreThoseOfAWorkTreeAndNoFilterRuns) {
  repo_.write(
      ".gitattributes",
      "*.bat text eol=crlf\n*.txt working-tree-encoding=UTF-16LE\n*.id ident\n*.bin filter=lfs\n");
  repo_.write("run.bat", "one\r\ntwo\r\n");
  repo_.write("wide.txt", std::string("h\0i\0\n\0", 6));
  repo_.write("x.id", "$Id$\n");
  repo_.write("big.bin", "version https://git-lfs.github.com/spec/v1\n");
  const std::string head = repo_.commit();
  repo_.git({"config", "filter.lfs.smudge", "touch " + repo_.canary().string()});
  EXPECT_EQ(repo_.git({"show", "HEAD:run.bat"}), "one\ntwo");
  const Mirror mirror = this->mirror();
  mirror.fetch("main");
  const fs::path tree = mirror.checkout(checkouts(), head);
  EXPECT_EQ(read_file(tree / "run.bat"), "one\r\ntwo\r\n");
  EXPECT_EQ(read_file(tree / "wide.txt"), std::string("h\0i\0\n\0", 6));
  EXPECT_TRUE(read_file(tree / "x.id").starts_with("$Id: "));
  EXPECT_EQ(read_file(tree / "big.bin"), "version https://git-lfs.github.com/spec/v1\n");
  EXPECT_FALSE(fs::exists(repo_.canary()));
}

TEST_F(MirrorTest, SubmodulesAreEmptyFolders) {
  const Repo other;
  other.write("inner", "x\n");
  other.commit();
  repo_.write("a", "1\n");
  repo_.git({"submodule", "--quiet", "add", other.path().string(), "vendor/lib"});
  const std::string head = repo_.commit();
  const Mirror mirror = this->mirror();
  mirror.fetch("main");
  const fs::path tree = mirror.checkout(checkouts(), head);
  EXPECT_TRUE(fs::is_directory(tree / "vendor/lib"));
  EXPECT_TRUE(fs::is_empty(tree / "vendor/lib"));
}

TEST_F(MirrorTest, ReadsFilesAndPathsOfACommit) {
  repo_.write("dir/a", "1\n");
  repo_.write("new\nline", "n\n");
  const std::string head = repo_.commit();
  const Mirror mirror = this->mirror();
  mirror.fetch("main");
  EXPECT_EQ(mirror.paths(head), (std::vector<std::string>{"dir/a", "new\nline"}));
  EXPECT_EQ(mirror.file(head, "dir/a", 100), "1\n");
  EXPECT_EQ(mirror.file(head, "new\nline", 100), "n\n");
  EXPECT_EQ(mirror.file(head, "dir/a", 1), std::nullopt) << "too large";
  EXPECT_EQ(mirror.file(head, "dir", 100), std::nullopt);
  EXPECT_EQ(mirror.file(head, "nothing", 100), std::nullopt);
}

TEST_F(MirrorTest, IgnoredPathsAreThoseOfTheCommitsOwnRules) {
  repo_.write(".gitignore", "*.pyc\nbuild/\n");
  repo_.write("sub/.gitignore", "!keep.pyc\n");
  fs::create_symlink("sub", repo_.path() / "link");
  const std::string head = repo_.commit();
  repo_.write(".gitignore", "*\n");
  const Mirror mirror = this->mirror();
  mirror.fetch("main");
  EXPECT_EQ(mirror.ignored(
                head, {"a.py", "a.pyc", "build/deep/x", "sub/keep.pyc", "link/a.pyc", "n\nl.pyc"},
                checkouts()),
            (std::vector<std::string>{"a.pyc", "build/deep/x", "n\nl.pyc"}));
  EXPECT_TRUE(mirror.ignored(head, {}, checkouts()).empty());
}

TEST_F(MirrorTest, KeptCommitsSurviveAGarbageCollectionAndForgottenOnesDoNot) {
  repo_.write("a", "1\n");
  const std::string head = repo_.commit();
  const Mirror mirror = this->mirror();
  mirror.fetch("main");
  const auto make = [&](const std::string& content) {
    return **mirror.commit(
        {head, "m\n", {}, {{.path = "a", .content = content, .size = content.size()}}});
  };
  const std::string kept = make("kept"), forgotten = make("forgotten");
  mirror.keep("runs/one/candidate", kept);
  mirror.keep("runs/two/candidate", forgotten);
  mirror.forget("runs/two/candidate");
  plain_git(mirror.path(), {"gc", "-q", "--prune=now"});
  EXPECT_TRUE(mirror.has_commit(kept));
  EXPECT_FALSE(mirror.has_commit(forgotten));
}

TEST_F(MirrorTest, TidyingKeepsWhatIsKeptAndWhatIsRecent) {
  repo_.write("a", "1\n");
  const std::string head = repo_.commit();
  const Mirror mirror = this->mirror();
  mirror.fetch("main");
  const auto make = [&](const std::string& content) {
    return **mirror.commit(
        {head, "m\n", {}, {{.path = "a", .content = content, .size = content.size()}}});
  };
  const std::string kept = make("kept"), recent = make("recent");
  mirror.keep("runs/one/candidate", kept);
  mirror.tidy();
  EXPECT_EQ(mirror.file(kept, "a", 100), "kept");
  EXPECT_EQ(mirror.file(recent, "a", 100), "recent");
  EXPECT_EQ(mirror.fetch("main"), head);
  const std::string loose = plain_git(mirror.path(), {"count-objects", "-v"});
  EXPECT_NE(loose.find("packs: 1\n"), std::string::npos) << loose;
}

TEST_F(MirrorTest, IsTidiedOnceAWeek) {
  repo_.write("a", "1\n");
  repo_.commit();
  const Mirror mirror = this->mirror();
  EXPECT_FALSE(mirror.tidy_if_due()) << "a new mirror is tidy";
  EXPECT_FALSE(mirror.tidy_if_due());
  fs::last_write_time(mirror.path() / "nightjar-tidied",
                      fs::file_time_type::clock::now() - std::chrono::hours(24 * 8));
  EXPECT_TRUE(mirror.tidy_if_due());
  EXPECT_FALSE(mirror.tidy_if_due());
}

}  // namespace
}  // namespace nightjar::git
