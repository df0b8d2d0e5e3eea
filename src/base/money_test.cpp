#include "base/money.h"

#include <gtest/gtest.h>

namespace nightjar {
namespace {

TEST(Money, AnAmountBelowACentIsNotRoundedToAnother) {
  EXPECT_EQ(dollars(2), "$2.00");
  EXPECT_EQ(dollars(2.5), "$2.50");
  EXPECT_EQ(dollars(0.005), "$0.005");
  EXPECT_EQ(dollars(0.004), "$0.004");
  EXPECT_EQ(dollars(12.345678), "$12.345678");
}

}  // namespace
}  // namespace nightjar
