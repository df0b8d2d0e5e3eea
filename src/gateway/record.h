// What went through a gateway, a file each, bounded: the disk is the host's and not the sandbox's.
#pragma once

#include <atomic>
#include <filesystem>
#include <string_view>

namespace nightjar::gateway {

inline constexpr std::size_t kMostOfOne = std::size_t{4} << 20;

/// Any thread. Numbers go on behind what an earlier process wrote.
class Record {
 public:
  /// `folder` empty: nothing is kept.
  explicit Record(std::filesystem::path folder);
  long next() { return ++number_; }
  /// `what`: "request" or "reply". The beginning of what is long; nothing beyond the total.
  void keep(long number, std::string_view what, std::string_view text);

 private:
  std::filesystem::path folder_;
  std::atomic<long> number_ = 0;
  std::atomic<std::size_t> bytes_ = 0;
};

}  // namespace nightjar::gateway
