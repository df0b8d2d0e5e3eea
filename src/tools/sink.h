// What a command prints: head and tail in memory; the whole, or the first part of very much, in a
// file the model can read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.h"
#include "tools/answer.h"

namespace nightjar::tools {

class Sink {
 public:
  explicit Sink(fs::path file) : file_(std::move(file)) {}
  void add(std::string_view bytes);
  std::uint64_t bytes() const { return bytes_; }
  /// By the one policy.
  std::string text() const;
  /// What came since the last call of this; bounded.
  std::string news();

 private:
  void spool(std::string_view bytes);
  /// How much of it the file holds, said for the model; empty where that is nothing.
  std::string remark() const;
  fs::path file_;
  Fd fd_;
  bool split_ = false;       ///< into head and tail
  bool full_ = false;        ///< the file takes no more
  std::string head_, tail_;  ///< tail_ holds the newest bytes, up to twice its share
  std::string news_;
  std::uint64_t bytes_ = 0, spooled_ = 0, news_missed_ = 0;
};

}  // namespace nightjar::tools
