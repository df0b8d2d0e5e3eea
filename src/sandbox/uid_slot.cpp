#include "sandbox/uid_slot.h"

#include "base/error.h"
#include "sandbox/plan.h"

namespace nightjar::sandbox {

UidSlot UidSlot::take(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
  for (std::uint32_t number = 0; number < kMostRunUids; ++number) {
    auto lock = FileLock::try_acquire(folder / std::to_string(number));
    if (lock) return UidSlot(number, std::move(*lock));
  }
  throw Error(ErrorKind::Limit,
              "all " + std::to_string(kMostRunUids) + " uids for sandboxes are in use");
}

std::uint32_t UidSlot::uid() const { return kFirstRunUid + number_; }

}  // namespace nightjar::sandbox
