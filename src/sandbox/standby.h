// What stands behind a Standby: the helper, and the control group that it is being moved into.
#pragma once

#include <exception>
#include <optional>
#include <thread>

#include "sandbox/helper_process.h"
#include "sandbox/limits.h"
#include "sandbox/plan.h"
#include "sandbox/session.h"
#include "sandbox/uid_slot.h"

namespace nightjar::sandbox {

struct Standby::State {
  State(const std::filesystem::path& executable, std::uint64_t most_memory, bool network);

  /// Once the helper is where it belongs; throws what kept it from that.
  void wait();

  HostFacts facts;  ///< of the ground
  // Destroyed from the last to the first: the uid and the group are free when nothing runs any
  // more.
  std::optional<UidSlot> slot;
  std::optional<MemoryGroup> group;
  std::optional<HelperProcess> helper;
  std::exception_ptr failure;
  std::jthread mover;
};

}  // namespace nightjar::sandbox
