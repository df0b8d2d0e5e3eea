#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "base/digest.h"
#include "base/error.h"
#include "forge/local.h"
#include "git/testing_repo.h"

namespace nightjar::forge {
namespace {

using core::Change;
using git::plain_git;

constexpr const char* kBranch = "nightjar/k3-rename";

Change file(const std::string& path, const std::string& content) {
  return {.path = path, .content = content, .size = content.size()};
}

class MergeTest : public ::testing::Test {
 protected:
  MergeTest() {
    repo_.write("a", "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
    repo_.write("b", "1\n");
    repo_.write("gone/x", "1\n");
    base_ = repo_.commit("base");
  }
  git::Mirror mirror() const { return git::Mirror::open(state_.path(), repo_.path()); }
  /// The pull request's branch, with one commit on the base.
  void propose(const std::vector<Change>& changes) {
    const git::Mirror mirror = this->mirror();
    mirror.fetch(base_);
    head_ = **mirror.commit({base_, "the change\n", {}, changes});
    ASSERT_TRUE(git::publish(mirror, repo_.path(), kBranch, head_, ""));
  }
  void propose() {
    propose({file("a", "one\n2\n3\n4\n5\n6\n7\n8\n9\n"),
             file("new/file", "n\n"),
             {.path = "gone", .what = Change::What::Deleted}});
  }
  std::expected<Merged, MergeRefused> merge(MergeMethod method = MergeMethod::Auto) {
    return forge::merge(mirror(), repo_.path(),
                        {kBranch,
                         head_,
                         "main",
                         method,
                         "Rename A to B",
                         "Nightjar-Task: k3\n",
                         {"Ada", "ada@example.org"}});
  }
  void expect_merged(const std::expected<Merged, MergeRefused>& merged) {
    ASSERT_TRUE(merged) << merged.error().reason;
    EXPECT_EQ(repo_.head("main"), merged->commit);
    EXPECT_EQ(repo_.status(), "");
    EXPECT_EQ(repo_.read("a").substr(0, 4), "one\n");
    EXPECT_EQ(repo_.read("new/file"), "n\n");
    EXPECT_FALSE(fs::exists(repo_.path() / "gone"));
    EXPECT_EQ(repo_.git({"fsck", "--connectivity-only", "--no-dangling"}), "");
  }
  void expect_refused(const std::expected<Merged, MergeRefused>& merged, const std::string& says) {
    ASSERT_FALSE(merged) << "merged as " << merged->commit;
    EXPECT_NE(merged.error().reason.find(says), std::string::npos) << merged.error().reason;
  }
  /// Somebody else's commit on main.
  void move_on(const std::string& path, const std::string& content) {
    repo_.write(path, content);
    repo_.commit("meanwhile");
  }
  fs::path note_of_main() const {
    return mirror().path() / ("moving-" + sha256("main").substr(0, 16));
  }
  std::string notes() const {
    std::string out;
    for (const auto& entry : fs::directory_iterator(mirror().path())) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("moving-")) out += name;
    }
    return out;
  }
  TempDir state_;
  git::Repo repo_;
  std::string base_, head_;
};

TEST_F(MergeTest, FastForwardsWhereThatIsPossibleAndTheWorkTreeFollows) {
  propose();
  const auto merged = merge();
  expect_merged(merged);
  EXPECT_EQ(merged->commit, head_);
  EXPECT_EQ(merged->work_tree, repo_.path().string());
  EXPECT_FALSE(merged->already);
  EXPECT_EQ(repo_.git({"reflog", "-1", "--format=%gs", "main"}),
            "nightjar: merge " + std::string(kBranch));
  const auto again = merge();
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->already);
  EXPECT_EQ(notes(), "");
}

TEST_F(MergeTest, MakesAMergeCommitWhereTheBaseMovedOn) {
  propose();
  move_on("b", "2\n");
  const std::string before = repo_.head();
  expect_refused(merge(MergeMethod::FastForward), "--method merge");
  const auto merged = merge();
  expect_merged(merged);
  EXPECT_EQ(repo_.read("b"), "2\n");
  EXPECT_EQ(repo_.git({"log", "-1",
                       "--format=%P|%an <%ae>|%cn|%s|%(trailers:key=Nightjar-Task,valueonly)"}),
            before + " " + head_ +
                "|Ada <ada@example.org>|Ada|Merge nightjar/k3-rename: Rename A to B|k3");
}

TEST_F(MergeTest, SquashesIntoOneCommitOnceOnly) {
  propose();
  move_on("b", "2\n");
  const std::string before = repo_.head();
  const auto merged = merge(MergeMethod::Squash);
  expect_merged(merged);
  EXPECT_EQ(repo_.git({"log", "-1", "--format=%P|%s"}), before + "|Rename A to B");
  const auto again = merge(MergeMethod::Squash);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->already);
  EXPECT_EQ(again->commit, merged->commit);
}

TEST_F(MergeTest, AMergeCommitIsMadeAlsoWhereFastForwardWouldDo) {
  propose();
  expect_merged(merge(MergeMethod::MergeCommit));
  EXPECT_EQ(repo_.git({"log", "-1", "--format=%P"}), base_ + " " + head_);
}

TEST_F(MergeTest, ConflictsAreListedAndNothingMoves) {
  propose();
  move_on("a", "uno\n2\n3\n4\n5\n6\n7\n8\n9\n");
  const std::string before = repo_.head();
  const auto merged = merge();
  expect_refused(merged, "conflicts with main in 1 file: a");
  EXPECT_EQ(merged.error().conflicts, std::vector<std::string>{"a"});
  EXPECT_EQ(repo_.head(), before);
  EXPECT_EQ(repo_.status(), "");
}

TEST_F(MergeTest, TheRulesOfTheBaseForMergingCount) {
  repo_.write(".gitattributes", "CHANGES merge=union\n*.lock -merge\n");
  repo_.write("CHANGES", "old\n");
  repo_.write("x.lock", "1\n2\n3\n4\n5\n6\n");
  base_ = repo_.commit();
  propose({file("CHANGES", "ours\nold\n"), file("x.lock", "one\n2\n3\n4\n5\n6\n")});
  move_on("CHANGES", "theirs\nold\n");
  const auto merged = merge();
  ASSERT_TRUE(merged) << merged.error().reason;
  EXPECT_EQ(repo_.read("CHANGES"), "theirs\nours\nold\n");
  repo_.git({"reset", "-q", "--hard", base_});
  move_on("x.lock", "1\n2\n3\n4\n5\nsix\n");
  expect_refused(merge(), "in 1 file: x.lock");
}

TEST_F(MergeTest, ABranchThatMovedOrWentIsRefusedWithTheWayBack) {
  propose();
  repo_.git({"branch", "-q", "-f", kBranch, base_});
  expect_refused(merge(), "git branch -f nightjar/k3-rename " + head_);
  repo_.git({"branch", "-q", "-D", kBranch});
  expect_refused(merge(), "not there any more");
  repo_.git({"branch", "-q", "-f", kBranch, head_});
  expect_merged(merge());
}

TEST_F(MergeTest, AnIntoThatDoesNotExistIsRefused) {
  propose();
  expect_refused(forge::merge(mirror(), repo_.path(),
                              {.branch = kBranch, .head_commit = head_, .into = "nowhere"}),
                 "--into");
}

TEST_F(MergeTest, ChangesInTheWorkTreeAreNeverLost) {
  propose();
  repo_.write("b", "mine\n");
  expect_refused(merge(), repo_.path().string());
  expect_refused(merge(), "commit or stash");
  repo_.git({"add", "b"});
  expect_refused(merge(), "1 change of yours");
  EXPECT_EQ(repo_.read("b"), "mine\n");
  EXPECT_EQ(repo_.head(), base_);
  EXPECT_EQ(notes(), "");
  repo_.git({"stash", "-q"});
  expect_merged(merge());
}

TEST_F(MergeTest, UntrackedFilesCountOnlyWhereTheyWouldBeOverwritten) {
  propose();
  repo_.write("other", "mine\n");
  repo_.write(".git/info/exclude", "new/\n");
  repo_.write("new/file", "mine, and ignored\n");
  expect_refused(merge(), "1 untracked file there would be overwritten: new/file");
  EXPECT_EQ(repo_.read("new/file"), "mine, and ignored\n");
  EXPECT_EQ(repo_.head(), base_);
  fs::rename(repo_.path() / "new/file", repo_.path() / "moved");
  const auto merged = merge();
  ASSERT_TRUE(merged) << merged.error().reason;
  EXPECT_EQ(repo_.read("other") + repo_.read("new/file"), "mine\nn\n");
}

TEST_F(MergeTest, AFileInThePlaceOfAFolderAndAFolderInThePlaceOfAFileAreInTheWayToo) {
  propose({file("new/file", "n\n")});
  repo_.write("new", "mine\n");
  expect_refused(merge(), "overwritten: new");
  EXPECT_EQ(repo_.read("new"), "mine\n");
}

TEST_F(MergeTest, AnUntrackedFileInAFolderThatBecomesAFileIsInTheWay) {
  propose({{.path = "gone", .what = Change::What::Deleted}, file("gone", "a file\n")});
  repo_.write("gone/mine", "mine\n");
  expect_refused(merge(), "overwritten: gone");
  fs::remove(repo_.path() / "gone/mine");
  ASSERT_TRUE(merge());
  EXPECT_EQ(repo_.read("gone"), "a file\n");
}

TEST_F(MergeTest, AFileMarkedAsUnchangedIsNotOverwritten) {
  propose();
  repo_.git({"update-index", "--assume-unchanged", "a"});
  repo_.write("a", "mine\n");
  expect_refused(merge(), "--no-assume-unchanged");
  EXPECT_EQ(repo_.read("a"), "mine\n");
}

TEST_F(MergeTest, LinkedWorkTreesFollowAndHoldTheirChanges) {
  propose();
  const fs::path linked = repo_.beside("linked tree");
  repo_.git({"checkout", "-q", "--detach"});
  repo_.git({"worktree", "add", "-q", linked.string(), "main"});
  git::put(linked / "b", "mine\n");
  expect_refused(merge(), linked.string());
  plain_git(linked, {"checkout", "-q", "b"});
  const auto merged = merge();
  ASSERT_TRUE(merged) << merged.error().reason;
  EXPECT_EQ(merged->work_tree, linked.string());
  EXPECT_EQ(read_file(linked / "new/file"), "n\n");
  EXPECT_EQ(plain_git(linked, {"status", "--porcelain"}), "");
  EXPECT_EQ(repo_.head(), base_) << "the detached one stays";
  EXPECT_EQ(repo_.status(), "");
}

TEST_F(MergeTest, AWorkTreeWhoseFolderIsGoneIsNoObstacleUnlessItIsLocked) {
  propose();
  const fs::path linked = repo_.beside("linked");
  repo_.git({"checkout", "-q", "--detach"});
  repo_.git({"worktree", "add", "-q", linked.string(), "main"});
  repo_.git({"worktree", "lock", linked.string()});
  fs::rename(linked, repo_.beside("unplugged"));
  expect_refused(merge(), "cannot be reached");
  repo_.git({"worktree", "unlock", linked.string()});
  EXPECT_TRUE(merge());
}

TEST_F(MergeTest, ABareRepositoryIsMerged) {
  const fs::path bare = repo_.beside("bare.git");
  plain_git(repo_.path(), {"clone", "-q", "--bare", ".", bare.string()});
  const git::Mirror mirror = git::Mirror::open(state_.path(), bare);
  mirror.fetch("main");
  const std::string head = **mirror.commit({base_, "m\n", {}, {file("b", "2\n")}});
  ASSERT_TRUE(git::publish(mirror, bare, kBranch, head, ""));
  const auto merged =
      forge::merge(mirror, bare, {kBranch, head, "main", MergeMethod::MergeCommit, "t", "", {}});
  ASSERT_TRUE(merged) << merged.error().reason;
  EXPECT_EQ(merged->work_tree, "");
  EXPECT_EQ(plain_git(bare, {"rev-parse", "main"}), merged->commit);
}

TEST_F(MergeTest, AShallowCloneIsMerged) {
  move_on("b", "2\n");
  const fs::path shallow = repo_.beside("shallow");
  plain_git(repo_.path(),
            {"clone", "-q", "--depth=1", "file://" + repo_.path().string(), shallow.string()});
  const git::Mirror mirror = git::Mirror::open(state_.path(), shallow);
  const std::string head = **mirror.commit({mirror.fetch("main"), "m\n", {}, {file("b", "3\n")}});
  ASSERT_TRUE(git::publish(mirror, shallow, kBranch, head, ""));
  plain_git(shallow, {"commit", "-q", "--allow-empty", "-m", "meanwhile"});
  const auto merged =
      forge::merge(mirror, shallow, {kBranch, head, "main", MergeMethod::Auto, "t", "", {}});
  ASSERT_TRUE(merged) << merged.error().reason;
  EXPECT_EQ(plain_git(shallow, {"status", "--porcelain"}), "");
  EXPECT_EQ(read_file(shallow / "b"), "3\n");
}

TEST_F(MergeTest, ASparseCheckoutStaysSparse) {
  repo_.write("in/x", "1\n");
  repo_.write("out/x", "1\n");
  base_ = repo_.commit();
  repo_.git({"sparse-checkout", "set", "--cone", "in"});
  propose(
      {file("in/x", "2\n"), file("in/new", "n\n"), file("out/x", "2\n"), file("out/new", "n\n")});
  const auto merged = merge();
  ASSERT_TRUE(merged) << merged.error().reason;
  EXPECT_EQ(repo_.read("in/x") + repo_.read("in/new"), "2\nn\n");
  EXPECT_FALSE(fs::exists(repo_.path() / "out"));
  EXPECT_EQ(repo_.status(), "");
}

TEST_F(MergeTest, WhatIsUnderWayInAWorkTreeIsNotDisturbed) {
  propose();
  move_on("b", "2\n");
  repo_.git({"checkout", "-q", "-b", "side", base_});
  move_on("b", "3\n");
  repo_.git({"checkout", "-q", "main"});
  EXPECT_THROW(repo_.git({"merge", "side"}), Error);
  expect_refused(merge(), "under way");
  repo_.git({"merge", "--abort"});
  EXPECT_THROW(repo_.git({"rebase", "side"}), Error);
  expect_refused(merge(), "rebase or bisect of main is under way");
  repo_.git({"rebase", "--abort"});
  expect_merged(merge());
}

TEST_F(MergeTest, ALockOfAnotherGitIsNamed) {
  propose();
  git::put(repo_.path() / ".git" / "index.lock", "");
  expect_refused(merge(), "index.lock");
  EXPECT_TRUE(fs::exists(repo_.path() / ".git" / "index.lock"));
  fs::remove(repo_.path() / ".git" / "index.lock");
  git::put(repo_.path() / ".git" / "refs" / "heads" / "main.lock", "");
  expect_refused(merge(), "main.lock");
  EXPECT_EQ(repo_.status(), "") << "the files were taken back";
  EXPECT_EQ(repo_.read("b"), "1\n");
  EXPECT_EQ(repo_.head(), base_);
  EXPECT_EQ(notes(), "");
}

TEST_F(MergeTest, LineEndingsOfTheWorkTreeAreKept) {
  repo_.write(".gitattributes", "*.bat text eol=crlf\n");
  repo_.write("x.bat", "one\r\n");
  base_ = repo_.commit();
  propose({file("x.bat", "two\r\n")});
  ASSERT_TRUE(merge());
  EXPECT_EQ(repo_.read("x.bat"), "two\r\n");
  EXPECT_EQ(repo_.status(), "");
  EXPECT_EQ(repo_.git({"show", "main:x.bat"}), "two");
}

TEST_F(MergeTest, NoHookNoFilterAndNoSigningRuns) {
  repo_.write(".gitattributes", "*.bin filter=evil\n");
  repo_.write("x.bin", "1\n");
  base_ = repo_.commit();
  propose();
  move_on("b", "2\n");
  repo_.plant_hooks(repo_.path() / ".git" / "hooks");
  const std::string touch = "touch " + repo_.canary().string() + "; cat";
  for (const char* key : {"filter.evil.clean", "filter.evil.smudge", "core.fsmonitor",
                          "gpg.program", "merge.default.driver"}) {
    repo_.git({"config", key, touch});
  }
  repo_.git({"config", "commit.gpgSign", "true"});
  fs::remove(repo_.canary());
  const auto merged = merge();
  ASSERT_TRUE(merged) << merged.error().reason;
  EXPECT_EQ(repo_.canaries(), "");
  EXPECT_FALSE(fs::exists(repo_.canary()));
  EXPECT_EQ(repo_.read("new/file"), "n\n");
}

TEST_F(MergeTest, FilesOfAFilterAreLeftToThePersonsOwnGit) {
  repo_.write(".gitattributes", "*.bin filter=lfs\n");
  repo_.write("x.bin", "pointer\n");
  base_ = repo_.commit();
  propose({file("x.bin", "other pointer\n")});
  repo_.git({"config", "filter.lfs.smudge", "cat"});
  expect_refused(merge(), "git -C " + repo_.path().string() + " merge " + head_);
  repo_.git({"merge", "-q", head_});
  const auto merged = merge();
  ASSERT_TRUE(merged);
  EXPECT_TRUE(merged->already);
}

TEST_F(MergeTest, AFailureInTheMiddleTakesEverythingBack) {
  repo_.write("locked/x", "1\n");
  base_ = repo_.commit();
  propose({file("b", "2\n"), file("locked/x", "2\n"), file("new/file", "n\n")});
  EXPECT_TRUE(git::as_ordinary_user({repo_.beside(""), state_.path()}, [&] {
    ::chmod((repo_.path() / "locked").c_str(), 0555);
    expect_refused(merge(), "is as it was");
    ::chmod((repo_.path() / "locked").c_str(), 0755);
    EXPECT_EQ(repo_.status(), "");
    EXPECT_EQ(repo_.head(), base_);
    EXPECT_EQ(repo_.read("b"), "1\n");
    EXPECT_EQ(notes(), "");
    EXPECT_TRUE(merge());
  }));
}

/// Killed at a point, the merge is begun again by another process.
class MergeKilled : public MergeTest, public ::testing::WithParamInterface<const char*> {
 protected:
  void kill_at_the_point(MergeMethod method) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::setenv("NIGHTJAR_FAULT", GetParam(), 1);
      ::setenv("NIGHTJAR_FAULT_DIR", state_.path().c_str(), 1);
      [[maybe_unused]] const auto merged = merge(method);
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the fault never struck: this test proved nothing";
  }
};

TEST_P(MergeKilled, GoesOnWithTheSameCommit) {
  propose();
  move_on("b", "2\n");
  const std::string before = repo_.head();
  kill_at_the_point(MergeMethod::Squash);
  const auto merged = merge(MergeMethod::Squash);
  expect_merged(merged);
  EXPECT_EQ(merged->work_tree, repo_.path().string());
  EXPECT_EQ(repo_.git({"rev-list", "--count", before + "..main"}), "1");
  EXPECT_EQ(notes(), "");
}

TEST_P(MergeKilled, KeepsWhatThePersonDidAfterTheCrash) {
  propose();
  kill_at_the_point(MergeMethod::Auto);
  if (repo_.head("main") != base_) return;  // it was done
  repo_.write("b", "mine, after the crash\n");
  [[maybe_unused]] const auto merged = merge();
  EXPECT_EQ(repo_.read("b"), "mine, after the crash\n");
}

INSTANTIATE_TEST_SUITE_P(Each, MergeKilled,
                         ::testing::Values("merge_noted", "merge_files_moved", "merge_ref_moved"),
                         [](const auto& point) { return std::string(point.param); });

TEST_F(MergeTest, FilesThatAKilledUpdateLeftHalfWrittenAreFinished) {
  propose();
  // As a git that was killed in the middle leaves it: some files done, one cut short, the index as
  // before.
  git::put(repo_.path() / "a", "one\n2\n");
  repo_.write("new/file", "n\n");
  fs::remove(repo_.path() / "gone/x");
  git::put(repo_.path() / ".git" / "index.lock", "");
  expect_refused(merge(), "index.lock");
  fs::remove(repo_.path() / ".git" / "index.lock");
  expect_refused(merge(), "of yours");
  git::put(note_of_main(), base_ + " " + head_ + " " + head_ + "\n");
  git::put(repo_.path() / ".git" / "index.lock", "");
  expect_merged(merge());
}

}  // namespace
}  // namespace nightjar::forge
