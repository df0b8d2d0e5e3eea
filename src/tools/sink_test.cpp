#include "tools/sink.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace nightjar::tools {
namespace {

TEST(Sink, APipeInThePlaceOfItsFileHoldsNothingUp) {
  const TempDir dir("nightjar-sink");
  const fs::path file = dir.path() / "output1.txt";
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  Sink sink(file);
  const std::string much(2 * kMostShown, 'x');
  sink.add(much);
  EXPECT_EQ(read_file(file), much);
  EXPECT_NE(sink.text().find("the whole is in " + file.string()), std::string::npos);
}

TEST(Sink, ALinkInThePlaceOfItsFileIsNotFollowed) {
  const TempDir dir("nightjar-sink");
  write_whole(dir.path() / "kept", "kept");
  fs::create_symlink("kept", dir.path() / "output1.txt");
  Sink sink(dir.path() / "output1.txt");
  sink.add(std::string(2 * kMostShown, 'x'));
  EXPECT_EQ(read_file(dir.path() / "kept"), "kept");
}

TEST(Sink, OutputThatCannotBeKeptIsShownWithoutIt) {
  const TempDir dir("nightjar-sink");
  Sink sink(dir.path() / "none" / "output1.txt");
  sink.add(std::string(2 * kMostShown, 'x'));
  EXPECT_EQ(sink.text().find("the whole"), std::string::npos);
  EXPECT_NE(sink.text().find("left out ...]"), std::string::npos);
}

}  // namespace
}  // namespace nightjar::tools
