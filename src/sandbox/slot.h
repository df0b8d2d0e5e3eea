// Uids for runs of a service that root started: each living sandbox has one of its own.
#pragma once

#include <sys/types.h>

#include "base/file.h"

namespace nightjar::sandbox {

/// From 1900000000 on: in the range that systemd's list of uids calls unused (1879048192 to 2147483647).
inline constexpr uid_t kFirstRunUid = 1'900'000'000;
inline constexpr unsigned kRunUids = 10'000;

class Slot {
 public:
  /// Held by a lock in a folder of the whole host, so that two services never share one. Throws
  /// Error(Unavailable) where all are in use.
  static Slot take();
  uid_t uid() const { return uid_; }

 private:
  Slot(FileLock lock, uid_t uid) : lock_(std::move(lock)), uid_(uid) {}
  FileLock lock_;
  uid_t uid_;
};

}  // namespace nightjar::sandbox
