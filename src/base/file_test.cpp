#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace nightjar {
namespace {

TEST(WriteDurably, ReplacesTheWholeFileAndLeavesNoTemporary) {
  const TempDir dir;
  const fs::path file = dir.path() / "state";
  write_durably(file, "one", 0600);
  write_durably(file, "two", 0600);
  EXPECT_EQ(read_file(file), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), {}), 1);
  struct stat info{};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(WriteDurably, ToAFolderThatIsMissingSaysWhich) {
  const TempDir dir;
  try {
    write_durably(dir.path() / "none" / "file", "x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::NotFound);
    EXPECT_NE(std::string(error.what()).find("none"), std::string::npos);
  }
}

TEST(ReadFile, RefusesWhatIsLargerThanAsked) {
  const TempDir dir;
  write_durably(dir.path() / "big", std::string(100, 'x'));
  EXPECT_THROW(read_file(dir.path() / "big", 99), Error);
  EXPECT_EQ(try_read_file(dir.path() / "none"), std::nullopt);
}

TEST(FileLock, HoldsOffASecondHolderUntilTheFirstIsGone) {
  const TempDir dir;
  const fs::path file = dir.path() / "lock";
  EXPECT_FALSE(FileLock::is_held(file));
  {
    const auto first = FileLock::try_acquire(file);
    ASSERT_TRUE(first);
    EXPECT_FALSE(FileLock::try_acquire(file));
    EXPECT_TRUE(FileLock::is_held(file));
  }
  EXPECT_FALSE(FileLock::is_held(file));
  EXPECT_TRUE(FileLock::try_acquire(file));
}

TEST(RemoveTree, TakesAwayLockedFoldersAndNeverFollowsALink) {
  const TempDir dir;
  const fs::path victim = dir.path() / "victim";
  fs::create_directories(victim);
  write_durably(victim / "kept", "x");
  const fs::path tree = dir.path() / "tree";
  fs::create_directories(tree / "locked" / "deep");
  write_durably(tree / "locked" / "deep" / "file", "x");
  fs::create_directory_symlink(victim, tree / "link");
  ASSERT_EQ(::mkfifo((tree / "fifo").c_str(), 0600), 0);
  fs::permissions(tree / "locked" / "deep", fs::perms::none);
  fs::permissions(tree / "locked", fs::perms::none);
  EXPECT_TRUE(remove_tree(tree));
  EXPECT_FALSE(fs::exists(fs::symlink_status(tree)));
  EXPECT_TRUE(fs::exists(victim / "kept"));
  EXPECT_TRUE(remove_tree(tree)) << "what is gone already is no failure";
}

TEST(RemoveTree, GoesDeeperThanAnyPathMayBeLong) {
  const TempDir dir;
  const fs::path tree = dir.path() / "deep";
  ASSERT_TRUE(fs::create_directory(tree));
  const fs::path before = fs::current_path();
  fs::current_path(tree);
  const std::string name(200, 'd');
  for (int i = 0; i < 2000; ++i) {
    ASSERT_EQ(::mkdir(name.c_str(), 0700), 0);
    ASSERT_EQ(::chdir(name.c_str()), 0);
  }
  fs::current_path(before);
  EXPECT_TRUE(remove_tree(tree));
  EXPECT_FALSE(fs::exists(tree));
}

}  // namespace
}  // namespace nightjar
