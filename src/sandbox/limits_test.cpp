#include "sandbox/limits.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/file.h"

namespace nightjar::sandbox {
namespace {

// The hierarchies as files: the kernel makes those of a group itself, so they are made beforehand
// here.
class Groups : public testing::Test {
 protected:
  void file(const fs::path& path, std::string_view content) {
    fs::create_directories((dir_.path() / path).parent_path());
    std::ofstream(dir_.path() / path) << content;
  }
  std::vector<std::string> names(const fs::path& folder) {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(dir_.path() / folder)) {
      if (entry.is_directory()) out.push_back(entry.path().filename().string());
    }
    return out;
  }
  TempDir dir_{"nightjar-groups"};
};

TEST_F(Groups, WithoutAMemoryHierarchyThereIsNone) {
  EXPECT_FALSE(MemoryGroup::make(dir_.path(), "1:cpu:/\n0::/a/b\n", 1000));
  EXPECT_FALSE(MemoryGroup::make(dir_.path(), "", 1000));
  EXPECT_FALSE(MemoryGroup::make(dir_.path(), "4:memory:/gone\n", 1000));
}

TEST_F(Groups, AGroupThatCannotBeLimitedIsRemovedAgain) {
  fs::create_directories(dir_.path() / "memory/own");
  EXPECT_FALSE(
      MemoryGroup::make(dir_.path(), "4:memory:/own\n", 1000));  // no file to write the limit to
  EXPECT_EQ(names("memory/own"), std::vector<std::string>{});
}

TEST_F(Groups, LeftOversOfTheDeadAreRemovedAndOthersStay) {
  const std::string alive = "nightjar-" + std::to_string(::getpid()) + "-x";
  for (const std::string& name :
       {alive, std::string("nightjar-999999999-x"), std::string("other")}) {
    fs::create_directories(dir_.path() / "memory/own" / name);
  }
  MemoryGroup::make(dir_.path(), "4:memory:/own\n", 1000);
  auto left = names("memory/own");
  std::ranges::sort(left);
  EXPECT_EQ(left, (std::vector<std::string>{alive, "other"}));
}

TEST_F(Groups, OfTheSecondVersionOnlyWhereMemoryIsGivenOn) {
  fs::create_directories(dir_.path() / "service/run");
  file("service/cgroup.subtree_control", "cpu pids\n");
  EXPECT_FALSE(MemoryGroup::make(dir_.path(), "0::/service/run\n", 1000));
  EXPECT_EQ(names("service"), std::vector<std::string>{"run"});
}

TEST_F(Groups, OfTheFirstVersionAChildPutsItselfInside) {
  fs::create_directories(dir_.path() / "memory/own");
  const MemoryGroup group(dir_.path() / "memory/own", false);
  EXPECT_LT(group.fork_inside(), 0) << "the kernel made no group of it";
  file("memory/own/tasks", "");
  const pid_t child = group.fork_inside();
  if (child == 0) ::_exit(7);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ(read_file(dir_.path() / "memory/own/tasks"), "0") << "0 is who writes it";
}

TEST(Memory, IsTheSumOfAllBelow) {
  constexpr size_t kSize = 32 << 20;
  const std::uint64_t before = memory_below(::getpid());
  void* memory = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  const std::uint64_t after = memory_below(::getpid());
  // Pages shared with others of this program count in parts: another one that starts makes ours
  // fewer.
  EXPECT_GT(after, before + kSize / 2);
  EXPECT_LT(after, before + 2 * kSize);
  ::munmap(memory, kSize);
}

}  // namespace
}  // namespace nightjar::sandbox
