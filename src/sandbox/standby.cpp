#include "sandbox/standby.h"

#include "base/error.h"
#include "base/file.h"

namespace nightjar::sandbox {

Standby::State::State(const std::filesystem::path& executable, std::uint64_t most_memory,
                      bool network) {
  try {
    facts = look_at_host(network);
    if (facts.root) {
      slot.emplace(UidSlot::take(kUidSlots));
      facts.run_uid = facts.run_gid = slot->uid();
    }
    if (most_memory > 0)
      if (auto made = MemoryGroup::make("/sys/fs/cgroup", read_file("/proc/self/cgroup", 1 << 16),
                                        most_memory))
        group.emplace(std::move(*made));
    helper.emplace(executable, make_ground(facts), group ? &*group : nullptr);
  } catch (...) {
    failure = std::current_exception();
    return;
  }
  if (!group || helper->began_in_group()) return;
  mover = std::jthread([this] {
    try {
      group->take(helper->launcher());
    } catch (const Error& error) {
      failure = std::make_exception_ptr(Error(
          ErrorKind::Unavailable, std::string("no sandbox can be made here: ") + error.what()));
    }
  });
}

void Standby::State::wait() {
  if (mover.joinable()) mover.join();
  if (failure) std::rethrow_exception(failure);
}

Standby::Standby(const std::filesystem::path& helper, std::uint64_t memory_bytes, bool network)
    : state_(std::make_unique<State>(helper, memory_bytes, network)) {}
Standby::~Standby() = default;

}  // namespace nightjar::sandbox
