// How near a run is to its limits. Pure.
#pragma once

#include <string>

#include "agent/agent.h"
#include "agent/native/conversation.h"

namespace nightjar::agent::native {

enum class Reach {
  Free,
  Near,  ///< a tenth is left: bring it to an end
  Last,  ///< one reply more would pass it
  Over,
};

struct BudgetState {
  Reach reach = Reach::Free;
  std::string limit;     ///< "40 turns", "$2.00"
  std::string option;    ///< "--limit-turns": what gives more
  bool used_up = false;  ///< else the next reply would go beyond it
};

/// The tightest of the limits. `next`: what one more reply is expected to take; `left` of
/// `limits.time`.
BudgetState budget_state(const core::Limits& limits, int turns, const Spent& spent,
                         const Spent& next, Millis left);

}  // namespace nightjar::agent::native
