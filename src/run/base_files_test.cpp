#include "run/base_files.h"

#include <gtest/gtest.h>

#include "git/testing_repo.h"

namespace nightjar::run {
namespace {

// The mirror goes away after the first run: what is read then was kept.
class BaseFilesTest : public testing::Test {
 protected:
  BaseFilesTest() {
    repo_.write("Makefile", "test:\n\t./run\n");
    repo_.write("binary", std::string("\xff\x00\xfe", 3));
    commit_ = repo_.commit();
    mirror_.fetch(commit_);
  }
  fs::path checkouts() const { return state_.path() / "checkouts"; }

  TempDir state_;
  git::Repo repo_;
  git::Mirror mirror_ = git::Mirror::open(state_.path() / "mirrors", repo_.path());
  std::string commit_;
};

TEST_F(BaseFilesTest, TheNextRunAsksGitForNothing) {
  const auto look = [this] {
    BaseFiles files(mirror_, checkouts(), commit_);
    const project::Tree tree = files.tree();
    EXPECT_EQ(tree.paths, (std::vector<std::string>{"Makefile", "binary"}));
    EXPECT_EQ(tree.read("Makefile"), "test:\n\t./run\n");
    EXPECT_EQ(tree.read("nightjar.toml"), std::nullopt);
    files.keep();
  };
  look();
  ASSERT_TRUE(remove_tree(mirror_.path()));
  look();
}

TEST_F(BaseFilesTest, WhatIsNoTextIsReadAsItIsEachTime) {
  for (int i = 0; i < 2; ++i) {
    BaseFiles files(mirror_, checkouts(), commit_);
    EXPECT_EQ(files.read("binary"), std::string("\xff\x00\xfe", 3));
    files.keep();
  }
}

TEST_F(BaseFilesTest, DamageIsNotBelieved) {
  fs::create_directories(checkouts());
  for (const std::string_view damage : {"{\"Makefile\": \"te", "[1]", "{\"Makefile\": 7}", ""}) {
    write_durably(checkouts() / (commit_ + ".manifests"), damage);
    BaseFiles files(mirror_, checkouts(), commit_);
    EXPECT_EQ(files.read("Makefile"), "test:\n\t./run\n") << damage;
  }
}

}  // namespace
}  // namespace nightjar::run
