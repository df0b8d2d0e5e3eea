#include "agent/native/budget.h"

#include <fmt/core.h>

#include <array>

#include "base/text.h"

namespace nightjar::agent::native {

namespace {

constexpr double kNear = 0.9, kLastPartOfTime = 0.05;

struct Limit {
  const char* option;
  double used, next, most;  ///< next: what one more reply takes
  std::string shown;
};

Reach reach_of(const Limit& limit) {
  if (limit.used >= limit.most) return Reach::Over;
  if (limit.used + limit.next >= limit.most) return Reach::Last;
  return limit.used >= kNear * limit.most ? Reach::Near : Reach::Free;
}

}  // namespace

BudgetState budget_state(const core::Limits& limits, int turns, const Spent& spent,
                         const Spent& last, Millis left) {
  const auto time = static_cast<double>(limits.time.count());
  const std::array<Limit, 4> all{{
      {"--limit-turns", static_cast<double>(turns), 1, static_cast<double>(limits.turns),
       count_of(static_cast<size_t>(limits.turns), "turn")},
      {"--limit-tokens", static_cast<double>(spent.tokens), static_cast<double>(last.tokens),
       static_cast<double>(limits.tokens), fmt::format("{} tokens", limits.tokens)},
      {"--limit-cost", spent.cost_usd, last.cost_usd, limits.cost_usd,
       fmt::format("${:.2f}", limits.cost_usd)},
      {"--limit-time", time - static_cast<double>(left.count()), kLastPartOfTime * time, time,
       human(limits.time)},
  }};
  BudgetState out;
  for (const auto& limit : all) {
    if (limit.most <= 0) continue;
    const Reach reach = reach_of(limit);
    if (reach > out.reach) out = {reach, limit.shown, limit.option};
  }
  return out;
}

}  // namespace nightjar::agent::native
