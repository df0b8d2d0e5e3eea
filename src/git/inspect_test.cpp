#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "base/error.h"
#include "git/person.h"
#include "git/repository.h"
#include "git/testing_repo.h"

namespace nightjar::git {
namespace {

/// A home of our own for the person's settings.
class InspectTest : public ::testing::Test {
 protected:
  InspectTest() {
    for (const char* name : {"HOME", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL"}) {
      const char* value = std::getenv(name);
      before_[name] = value ? std::optional<std::string>(value) : std::nullopt;
      ::unsetenv(name);
    }
    ::setenv("HOME", home_.path().c_str(), 1);
  }
  ~InspectTest() override {
    for (const auto& [name, value] : before_) {
      if (value) {
        ::setenv(name.c_str(), value->c_str(), 1);
      } else {
        ::unsetenv(name.c_str());
      }
    }
    ::unsetenv("GIT_TEST_ASSUME_DIFFERENT_OWNER");
  }
  void expect_refused(const fs::path& folder, const std::string& base, const std::string& says) {
    const auto found = inspect(folder, base);
    ASSERT_FALSE(found) << found->base;
    EXPECT_NE(found.error().find(says), std::string::npos) << found.error();
  }
  Inspection look(const fs::path& folder, const std::string& base = "") {
    auto found = inspect(folder, base);
    if (!found) throw std::runtime_error(found.error());
    return std::move(*found);
  }
  TempDir home_;
  Repo repo_;
  std::map<std::string, std::optional<std::string>> before_;
};

TEST_F(InspectTest, FindsTheRepositoryFromASubfolderALinkedWorkTreeAndABareOne) {
  repo_.write("sub/x", "1\n");
  const std::string head = repo_.commit();
  const Inspection main = look(repo_.path() / "sub");
  EXPECT_EQ(main.root, repo_.path());
  EXPECT_EQ(main.git_dir, repo_.path() / ".git");
  EXPECT_EQ(main.branch + main.base, "mainmain");
  EXPECT_EQ(main.base_commit, head);
  EXPECT_FALSE(main.bare || main.detached);

  repo_.git({"worktree", "add", "-q", "-b", "side", repo_.beside("linked").string()});
  const Inspection linked = look(repo_.beside("linked") / "sub");
  EXPECT_EQ(linked.root, repo_.beside("linked"));
  EXPECT_EQ(linked.git_dir, repo_.path() / ".git");
  EXPECT_EQ(linked.base, "side");

  plain_git(repo_.path(), {"clone", "-q", "--bare", ".", repo_.beside("bare.git").string()});
  const Inspection bare = look(repo_.beside("bare.git"));
  EXPECT_TRUE(bare.bare);
  EXPECT_EQ(bare.root, repo_.beside("bare.git"));
  EXPECT_EQ(bare.base_commit, head);
}

TEST_F(InspectTest, TheBaseMayBeABranchATagOrACommit) {
  repo_.write("x", "1\n");
  const std::string first = repo_.commit();
  repo_.git({"tag", "-a", "-m", "v", "v1"});
  repo_.git({"branch", "topic/one"});
  repo_.write("x", "2\n");
  const std::string second = repo_.commit();
  EXPECT_EQ(look(repo_.path(), "topic/one").base_commit, first);
  EXPECT_FALSE(look(repo_.path(), "topic/one").detached);
  EXPECT_EQ(look(repo_.path(), "v1").base_commit, first);
  EXPECT_TRUE(look(repo_.path(), "v1").detached);
  EXPECT_EQ(look(repo_.path(), "HEAD~1").base_commit, first);
  EXPECT_EQ(look(repo_.path(), second.substr(0, 10)).base_commit, second);
  repo_.git({"tag", "main", first});
  EXPECT_EQ(look(repo_.path(), "main").base_commit, second)
      << "the branch, not the tag of its name";
}

TEST_F(InspectTest, ADetachedHeadIsItsCommit) {
  repo_.commit();
  repo_.git({"checkout", "-q", "--detach"});
  const Inspection found = look(repo_.path());
  EXPECT_TRUE(found.detached);
  EXPECT_EQ(found.branch, "");
  EXPECT_EQ(found.base, repo_.head());
}

TEST_F(InspectTest, WhatCannotBeWorkedOnIsRefusedWithTheReason) {
  expect_refused(repo_.beside("nowhere"), "", "no folder");
  expect_refused(home_.path(), "", "no git repository");
  expect_refused(repo_.path(), "", "no commit yet");
  expect_refused(repo_.path(), "main", "no commit yet");
  repo_.commit();
  expect_refused(repo_.path(), "no-such-branch", "'no-such-branch'");
  expect_refused(repo_.path(), "--all", "no branch, tag or commit");
  expect_refused(repo_.path(), "a\x1b[2Jb", "\\x1b");
  expect_refused(repo_.path(), "main..main", "no branch, tag or commit");
  expect_refused(repo_.path() / ".git", "", "inside a git directory");
  repo_.git({"checkout", "-q", "--orphan", "fresh"});
  expect_refused(repo_.path(), "", "'fresh'");
}

TEST_F(InspectTest, UncommittedChangesAreCountedAsThePersonSeesThem) {
  repo_.write("x", "1\n");
  repo_.write("y", "1\n");
  repo_.write(".gitignore", "*.o\n");
  repo_.commit();
  EXPECT_EQ(look(repo_.path()).uncommitted.get(), 0);
  repo_.write("x", "2\n");
  repo_.write("y", "2\n");
  repo_.git({"add", "y"});
  repo_.write("new/a", "1\n");
  repo_.write("new/b", "1\n");
  repo_.write("x.o", "1\n");
  repo_.write("x.mine", "1\n");
  EXPECT_EQ(look(repo_.path()).uncommitted.get(), 4);
  fs::create_directories(home_.path() / ".config" / "git");
  put(home_.path() / ".config" / "git" / "ignore", "*.mine\n");
  EXPECT_EQ(look(repo_.path()).uncommitted.get(), 3);
}

TEST_F(InspectTest, ThePersonComesFromTheRepositoryThenFromTheirOwnSettings) {
  repo_.commit();
  EXPECT_EQ(look(repo_.path()).person, "");
  put(home_.path() / ".gitconfig", "[user]\n\tname = Ada <Evil>\n\temail = ada@home\n");
  EXPECT_EQ(look(repo_.path()).person, "Ada Evil <ada@home>");
  repo_.git({"config", "user.email", "ada@work"});
  EXPECT_EQ(look(repo_.path()).person, "Ada Evil <ada@work>");
}

TEST_F(InspectTest, NothingOfTheConfigurationIsExecuted) {
  repo_.write("x.bin", "1\n");
  repo_.write(".gitattributes", "*.bin filter=evil diff=evil\n");
  repo_.commit();
  const std::string touch = "touch " + repo_.canary().string() + "; cat";
  for (const char* key : {"filter.evil.clean", "filter.evil.process", "core.fsmonitor",
                          "core.pager", "diff.evil.textconv", "diff.external",
                          "core.alternateRefsCommand", "core.askPass", "alias.status"}) {
    repo_.git({"config", key, key == std::string("alias.status") ? "!" + touch : touch});
  }
  repo_.git({"config", "filter.evil.required", "true"});
  put(home_.path() / ".gitconfig",
      "[filter \"evil\"]\n\tclean = " + touch + "\n[core]\n\tfsmonitor = " + touch + "\n");
  repo_.plant_hooks(repo_.path() / ".git" / "hooks");
  repo_.write("x.bin", "2\n");
  EXPECT_EQ(look(repo_.path()).uncommitted.get(), 1);
  EXPECT_FALSE(fs::exists(repo_.canary()));
  EXPECT_THROW(repo_.git({"add", "x.bin"}), Error) << "a person's own git does run the filter";
  EXPECT_TRUE(fs::exists(repo_.canary()));
}

TEST_F(InspectTest, ARepositoryOfSomebodyElseIsRefusedAndTheOwnerNamed) {
  repo_.write("x", "1\n");
  repo_.commit();
  if (::geteuid() == 0) {
    ASSERT_EQ(::lchown(repo_.path().c_str(), 65534, 65534), 0);
    ASSERT_EQ(::lchown((repo_.path() / ".git").c_str(), 65534, 65534), 0);
    expect_refused(repo_.path(), "", "owned by " + user_name(65534));
    expect_refused(repo_.path(), "", "sudo -u " + user_name(65534) + " nightjar");
  } else {
    ::setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1", 1);  // as git's own tests do
    expect_refused(repo_.path(), "", "is owned by");
  }
}

TEST_F(InspectTest, ARepositoryThatThePersonToldGitToTrustWorksThroughout) {
  // Only root can give a folder away; for anybody else this is a folder of their own.
  repo_.write("x", "1\n");
  const std::string head = repo_.commit();
  if (::geteuid() == 0) {
    ASSERT_EQ(::lchown(repo_.path().c_str(), 65534, 65534), 0);
    ASSERT_EQ(::lchown((repo_.path() / ".git").c_str(), 65534, 65534), 0);
  }
  put(home_.path() / ".gitconfig", "[safe]\n\tdirectory = " + repo_.path().string() + "\n");
  EXPECT_EQ(look(repo_.path()).base_commit, head);
  const TempDir state;
  const Mirror mirror = Mirror::open(state.path(), repo_.path());
  EXPECT_EQ(mirror.fetch("main"), head);
  const auto made = mirror.commit({head, "m\n", {}, {{.path = "x", .content = "2\n", .size = 2}}});
  ASSERT_TRUE(made && *made);
  EXPECT_TRUE(publish(mirror, repo_.path(), "nightjar/x", **made, ""));
  EXPECT_EQ(branch_head(repo_.path(), "nightjar/x"), **made);
}

TEST_F(InspectTest, ARepositoryThatCannotBeWrittenIsRefused) {
  repo_.commit();
  EXPECT_TRUE(as_ordinary_user({repo_.beside("")}, [&] {
    ::chmod((repo_.path() / ".git" / "refs" / "heads").c_str(), 0555);
    expect_refused(repo_.path(), "", "cannot be written");
    ::chmod((repo_.path() / ".git" / "refs" / "heads").c_str(), 0755);
    EXPECT_EQ(look(repo_.path()).base, "main");
  }));
}

TEST_F(InspectTest, NamesWithNewlinesAndBytesOfNoEncodingAreFound) {
  const Repo outer;
  const fs::path odd = outer.beside("odd\n\xff name");
  fs::create_directory(odd);
  plain_git(odd, {"init", "-q", "-b", "main"});
  plain_git(odd, {"commit", "-q", "--allow-empty", "-m", "m"});
  const Inspection found = look(odd);
  EXPECT_EQ(found.root, odd);
  EXPECT_EQ(found.git_dir, odd / ".git");
  const TempDir state;
  EXPECT_EQ(Mirror::open(state.path(), odd).fetch("main"), found.base_commit);
}

TEST_F(InspectTest, SparseAndShallowRepositoriesWork) {
  repo_.write("in/x", "1\n");
  repo_.write("out/x", "1\n");
  repo_.commit();
  repo_.git({"sparse-checkout", "set", "--cone", "in"});
  ASSERT_FALSE(fs::exists(repo_.path() / "out"));
  EXPECT_EQ(look(repo_.path()).uncommitted.get(), 0);
}

}  // namespace
}  // namespace nightjar::git
