#include "agent/native/budget.h"

#include <gtest/gtest.h>

namespace nightjar::agent::native {
namespace {

Reach reach(const core::Limits& limits, int turns, const Spent& spent, const Spent& next) {
  return budget_state(limits, turns, spent, next, std::chrono::hours(1)).reach;
}

TEST(Budget, TheLastReplyStaysWithinTheLimit) {
  core::Limits money;
  money.cost_usd = 1.0;
  EXPECT_EQ(reach(money, 3, {0.70, 0}, {0.12, 0}), Reach::Free);
  EXPECT_EQ(reach(money, 3, {0.80, 0}, {0.12, 0}), Reach::Last) << "one fits, two do not";
  EXPECT_EQ(reach(money, 3, {0.90, 0}, {0.12, 0}), Reach::Over) << "not even one";
  core::Limits tokens;
  tokens.tokens = 6'000;
  EXPECT_EQ(reach(tokens, 3, {0, 4'400}, {0, 1'100}), Reach::Last);
  EXPECT_EQ(reach(tokens, 3, {0, 5'500}, {0, 1'100}), Reach::Over);
}

TEST(Budget, AllTurnsOfALimitAreUsed) {
  core::Limits limits;
  limits.turns = 5;
  EXPECT_EQ(reach(limits, 3, {}, {}), Reach::Free);
  EXPECT_EQ(reach(limits, 4, {}, {}), Reach::Last);
  EXPECT_EQ(reach(limits, 5, {}, {}), Reach::Over);
}

TEST(Budget, TheFirstRequestOfAllIsAlwaysMade) {
  core::Limits limits;
  limits.cost_usd = 0.001;
  EXPECT_EQ(reach(limits, 0, {}, {}), Reach::Free);
}

}  // namespace
}  // namespace nightjar::agent::native
