// A uid of its own for every sandbox that a service started by root holds: never shared by two
// services on one host, free again when the holder has gone.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/file.h"

namespace nightjar::sandbox {

class UidSlot {
 public:
  /// The first free one; `folder` is the same for all services on the host. Throws Error(Limit)
  /// where all are taken.
  static UidSlot take(const std::filesystem::path& folder);
  std::uint32_t uid() const;
  std::uint32_t number() const { return number_; }

 private:
  UidSlot(std::uint32_t number, FileLock lock) : number_(number), lock_(std::move(lock)) {}
  std::uint32_t number_;
  FileLock lock_;
};

inline constexpr const char* kUidSlots = "/run/nightjar-uids";

}  // namespace nightjar::sandbox
