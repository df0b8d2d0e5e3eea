#include "agent/native/budget.h"

#include <fmt/core.h>

#include <array>

#include "base/money.h"
#include "base/text.h"

namespace nightjar::agent::native {

namespace {

constexpr double kNear = 0.9, kLastPartOfTime = 0.05;

struct Limit {
  const char* option;
  double used, most;
  double reply;    ///< what one more takes
  double landing;  ///< what is left for the last one
  std::string shown;
};

Reach reach_of(const Limit& limit) {
  const double after = limit.used + limit.reply;
  if (limit.used >= limit.most || after > limit.most) return Reach::Over;
  if (after + limit.landing > limit.most) return Reach::Last;
  return limit.used >= kNear * limit.most ? Reach::Near : Reach::Free;
}

}  // namespace

BudgetState budget_state(const core::Limits& limits, int turns, const Spent& spent,
                         const Spent& next, Millis left) {
  const auto time = static_cast<double>(limits.time.count());
  const auto tokens = static_cast<double>(next.tokens);
  const std::array<Limit, 4> all{{
      {"--limit-turns", static_cast<double>(turns), static_cast<double>(limits.turns), 1, 1,
       count_of(static_cast<size_t>(limits.turns), "turn")},
      {"--limit-tokens", static_cast<double>(spent.tokens), static_cast<double>(limits.tokens),
       tokens, tokens, fmt::format("{} tokens", limits.tokens)},
      {"--limit-cost", spent.cost_usd, limits.cost_usd, next.cost_usd, next.cost_usd,
       dollars(limits.cost_usd)},
      {"--limit-time", time - static_cast<double>(left.count()), time, 0, kLastPartOfTime * time,
       human(limits.time)},
  }};
  BudgetState out;
  for (const auto& limit : all) {
    if (limit.most <= 0) continue;
    const Reach reach = reach_of(limit);
    if (reach > out.reach) out = {reach, limit.shown, limit.option, limit.used >= limit.most};
  }
  return out;
}

}  // namespace nightjar::agent::native
