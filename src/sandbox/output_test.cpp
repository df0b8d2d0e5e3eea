#include "sandbox/output.h"

#include <gtest/gtest.h>

namespace nightjar::sandbox {
namespace {

TEST(Output, KeepsAllOfWhatFits) {
  Output output(4, 4);
  output.add("abc");
  output.add("defgh");
  EXPECT_EQ(output.text(), "abcdefgh");
  EXPECT_EQ(output.bytes(), 8u);
}

TEST(Output, KeepsHeadAndTailAndSaysWhatIsMissing) {
  Output output(4, 4);
  for (const char c : std::string_view("abcdefghijklmnop")) output.add({&c, 1});
  EXPECT_EQ(output.text(), "abcd\n… 8 bytes left out …\nmnop");
}

TEST(Output, IsTheSameHoweverTheBytesWereCut) {
  std::string all;
  for (int i = 0; i < 1000; ++i) all += std::to_string(i);
  Output whole(100, 70);
  whole.add(all);
  for (const size_t step : {1u, 3u, 64u, 69u, 70u, 71u, 1000u}) {
    Output pieces(100, 70);
    for (size_t at = 0; at < all.size(); at += step)
      pieces.add(std::string_view(all).substr(at, step));
    EXPECT_EQ(pieces.text(), whole.text()) << step;
  }
}

TEST(Output, MayKeepNothing) {
  Output output(0, 0);
  output.add("abc");
  EXPECT_EQ(output.text(), "\n… 3 bytes left out …\n");
}

}  // namespace
}  // namespace nightjar::sandbox
