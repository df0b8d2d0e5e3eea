// What is kept of a command's output: its head and its tail, in flat memory whatever comes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace nightjar::sandbox {

class Output {
 public:
  Output(size_t keep_head, size_t keep_tail) : keep_head_(keep_head), keep_tail_(keep_tail) {}
  void add(std::string_view bytes);
  std::uint64_t bytes() const { return bytes_; }
  /// Head, a line that says how much is missing, tail.
  std::string text() const;

 private:
  size_t keep_head_, keep_tail_;
  std::uint64_t bytes_ = 0;
  std::string head_;
  std::string tail_;  ///< a ring once it is full
  size_t oldest_ = 0;
};

}  // namespace nightjar::sandbox
