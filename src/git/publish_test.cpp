#include <gtest/gtest.h>

#include "base/error.h"
#include "git/repository.h"
#include "git/testing_repo.h"

namespace nightjar::git {
namespace {

class PublishTest : public ::testing::Test {
 protected:
  PublishTest() {
    repo_.write("a", "1\n");
    base_ = repo_.commit();
  }
  Mirror mirror(const fs::path& repository) const {
    return Mirror::open(state_.path(), repository);
  }
  /// A commit on `parent` that the repository does not have yet.
  std::string candidate(const fs::path& repository, const std::string& parent,
                        const std::string& content = "2\n") const {
    const Mirror mirror = this->mirror(repository);
    if (!mirror.has_commit(parent)) mirror.fetch(parent);
    return **mirror.commit(
        {parent, "m\n", {}, {{.path = "a", .content = content, .size = content.size()}}});
  }
  bool put(const fs::path& repository, const std::string& commit,
           const std::string& expected = "") const {
    return publish(mirror(repository), repository, kBranch, commit, expected);
  }
  void expect_works(const fs::path& repository) const {
    const std::string commit = candidate(repository, base_);
    EXPECT_TRUE(put(repository, commit));
    EXPECT_EQ(branch_head(repository, kBranch), commit);
    EXPECT_EQ(plain_git(repository, {"show", commit + ":a"}), "2");
    EXPECT_EQ(plain_git(repository, {"fsck", "--connectivity-only", "--no-dangling"}), "");
  }
  static constexpr const char* kBranch = "nightjar/k3-rename";
  TempDir state_;
  Repo repo_;
  std::string base_;
};

TEST_F(PublishTest, TheBranchAppearsAndTheSameCallAgainIsFine) {
  const std::string commit = candidate(repo_.path(), base_);
  EXPECT_TRUE(put(repo_.path(), commit));
  EXPECT_TRUE(put(repo_.path(), commit));
  EXPECT_EQ(repo_.head(kBranch), commit);
  EXPECT_EQ(repo_.head(), base_);
  EXPECT_EQ(repo_.status(), "");
}

TEST_F(PublishTest, ABranchMovesOnlyFromWhereItWasLeft) {
  const std::string first = candidate(repo_.path(), base_);
  ASSERT_TRUE(put(repo_.path(), first));
  const std::string second = candidate(repo_.path(), first, "3\n");
  EXPECT_FALSE(put(repo_.path(), second)) << "it exists, and must not";
  EXPECT_FALSE(put(repo_.path(), second, base_));
  EXPECT_EQ(repo_.head(kBranch), first);
  EXPECT_TRUE(put(repo_.path(), second, first));
  EXPECT_EQ(repo_.head(kBranch), second);
  repo_.git({"branch", "-q", "-D", kBranch});
  EXPECT_FALSE(put(repo_.path(), candidate(repo_.path(), second, "4\n"), second))
      << "the person removed it";
}

TEST_F(PublishTest, ANameThatIsTakenIsNotOverwritten) {
  repo_.git({"branch", kBranch});
  EXPECT_FALSE(put(repo_.path(), candidate(repo_.path(), base_)));
  EXPECT_EQ(repo_.head(kBranch), base_);
}

TEST_F(PublishTest, ABranchThatBlocksTheFolderOfOursIsNamed) {
  repo_.git({"branch", "nightjar"});
  try {
    put(repo_.path(), candidate(repo_.path(), base_));
    FAIL() << "published into a branch that is a file";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Conflict);
    EXPECT_NE(std::string(error.what()).find("'nightjar'"), std::string::npos) << error.what();
  }
}

TEST_F(PublishTest, NoHookRunsAndNoOtherProgramOfTheConfiguration) {
  repo_.plant_hooks(repo_.path() / ".git" / "hooks");
  repo_.plant_hooks(repo_.beside("other-hooks"));
  const std::string commit = candidate(repo_.path(), base_);
  EXPECT_TRUE(put(repo_.path(), commit));
  repo_.git({"config", "core.hooksPath", repo_.beside("other-hooks").string()});
  const std::string touch = "touch " + repo_.canary().string();
  for (const char* key : {"core.fsmonitor", "core.alternateRefsCommand", "gpg.program",
                          "core.sshCommand", "core.pager"}) {
    repo_.git({"config", key, touch});
  }
  repo_.git({"config", "commit.gpgSign", "true"});
  git::put(repo_.path() / ".git" / "objects" / "info" / "alternates",
           (repo_.path() / ".git" / "objects").string() + "\n");
  fs::remove(repo_.canary());
  EXPECT_TRUE(put(repo_.path(), candidate(repo_.path(), commit, "3\n"), commit));
  EXPECT_EQ(repo_.canaries(), "");
  // The canaries sing where a person pushes: the test can fail.
  plain_git(mirror(repo_.path()).path(),
            {"push", "-q", repo_.path().string(), commit + ":refs/heads/other"});
  EXPECT_NE(repo_.canaries(), "");
}

TEST_F(PublishTest, BareLinkedDetachedAndStrictRepositoriesWork) {
  plain_git(repo_.beside(""),
            {"clone", "-q", "--bare", repo_.path().string(), repo_.beside("bare.git").string()});
  expect_works(repo_.beside("bare.git"));
  repo_.git({"worktree", "add", "-q", "-b", "side", repo_.beside("linked").string()});
  expect_works(repo_.beside("linked"));
  EXPECT_EQ(repo_.status(), "");

  const Repo strict;
  strict.write("a", "1\n");
  strict.commit();
  base_ = strict.head();
  strict.git({"checkout", "-q", "--detach"});
  strict.git({"config", "transfer.fsckObjects", "true"});
  strict.git({"config", "receive.denyNonFastForwards", "true"});
  strict.git({"config", "receive.denyCurrentBranch", "refuse"});
  expect_works(strict.path());
}

TEST_F(PublishTest, AShallowCloneStaysShallowAndGetsTheBranch) {
  repo_.write("a", "2\n");
  base_ = repo_.commit();
  const fs::path shallow = repo_.beside("shallow");
  plain_git(repo_.beside(""),
            {"clone", "-q", "--depth=1", "file://" + repo_.path().string(), shallow.string()});
  const std::string commit = candidate(shallow, base_, "3\n");
  EXPECT_TRUE(put(shallow, commit));
  EXPECT_EQ(plain_git(shallow, {"rev-list", "--count", commit}), "2");
}

TEST_F(PublishTest, TheObjectsArriveAlsoWhereTheRepositoryHasLostTheBase) {
  repo_.write("a", "lost\n");
  repo_.write("more", "only here\n");
  const std::string lost = repo_.commit();
  const std::string commit = candidate(repo_.path(), lost);
  repo_.git({"reset", "-q", "--hard", base_});
  repo_.git({"reflog", "expire", "--expire=now", "--all"});
  repo_.git({"gc", "-q", "--prune=now"});
  EXPECT_TRUE(put(repo_.path(), commit));
  EXPECT_EQ(repo_.git({"show", commit + ":more"}), "only here");
  EXPECT_EQ(repo_.git({"fsck", "--connectivity-only", "--no-dangling"}), "");
}

TEST_F(PublishTest, ALockThatAKilledGitLeftBehindIsCleared) {
  const fs::path folder = repo_.path() / ".git" / "refs" / "heads" / "nightjar";
  fs::create_directories(folder);
  git::put(folder / "k3-rename.lock", "");
  const std::string commit = candidate(repo_.path(), base_);
  EXPECT_TRUE(put(repo_.path(), commit));
  EXPECT_EQ(repo_.head(kBranch), commit);
  EXPECT_FALSE(fs::exists(folder / "k3-rename.lock"));
}

TEST_F(PublishTest, AWorkTreeThatShowsTheBranchFollows) {
  const std::string first = candidate(repo_.path(), base_);
  ASSERT_TRUE(put(repo_.path(), first));
  repo_.git({"checkout", "-q", kBranch});
  const std::string second = candidate(repo_.path(), first, "3\n");
  EXPECT_TRUE(put(repo_.path(), second, first));
  EXPECT_EQ(repo_.read("a"), "3\n");
  EXPECT_EQ(repo_.status(), "");
  EXPECT_EQ(repo_.head(), second);
}

TEST_F(PublishTest, AWorkTreeWithChangesKeepsThemAndTheBranchStays) {
  const std::string first = candidate(repo_.path(), base_);
  ASSERT_TRUE(put(repo_.path(), first));
  repo_.git({"checkout", "-q", kBranch});
  repo_.write("a", "mine\n");
  try {
    put(repo_.path(), candidate(repo_.path(), first, "3\n"), first);
    FAIL() << "moved a branch under changes";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Conflict);
    EXPECT_NE(std::string(error.what()).find(repo_.path().string()), std::string::npos)
        << error.what();
  }
  EXPECT_EQ(repo_.read("a"), "mine\n");
  EXPECT_EQ(repo_.head(kBranch), first);
}

}  // namespace
}  // namespace nightjar::git
