#include "sandbox/output.h"

#include <algorithm>

namespace nightjar::sandbox {

void Output::add(std::string_view bytes) {
  bytes_ += bytes.size();
  const size_t to_head = std::min(bytes.size(), keep_head_ - head_.size());
  head_.append(bytes.substr(0, to_head));
  bytes.remove_prefix(to_head);
  if (bytes.size() > keep_tail_) bytes.remove_prefix(bytes.size() - keep_tail_);
  const size_t to_grow = std::min(bytes.size(), keep_tail_ - tail_.size());
  tail_.append(bytes.substr(0, to_grow));
  bytes.remove_prefix(to_grow);
  while (!bytes.empty()) {
    const size_t run = std::min(bytes.size(), tail_.size() - oldest_);
    std::ranges::copy(bytes.substr(0, run), tail_.begin() + static_cast<std::ptrdiff_t>(oldest_));
    oldest_ = (oldest_ + run) % tail_.size();
    bytes.remove_prefix(run);
  }
}

std::string Output::text() const {
  std::string out = head_;
  const std::uint64_t missing = bytes_ - head_.size() - tail_.size();
  if (missing > 0) out += "\n… " + std::to_string(missing) + " bytes left out …\n";
  out.append(tail_, oldest_);
  out.append(tail_, 0, oldest_);
  return out;
}

}  // namespace nightjar::sandbox
