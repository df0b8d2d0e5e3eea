#include "sandbox/slot.h"

#include "base/error.h"

namespace nightjar::sandbox {

Slot Slot::take() {
  const fs::path folder = "/run/nightjar-uids";
  std::error_code failed;
  fs::create_directories(folder, failed);
  fs::permissions(folder, fs::perms::owner_all, failed);
  for (unsigned i = 0; i < kRunUids; ++i) {
    if (auto lock = FileLock::try_acquire(folder / std::to_string(i))) return Slot(std::move(*lock), kFirstRunUid + i);
  }
  throw Error(ErrorKind::Unavailable, "all " + std::to_string(kRunUids) + " uids for runs are in use");
}

}  // namespace nightjar::sandbox
