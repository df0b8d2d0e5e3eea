// What ends a wait in poll(2) when a stop is asked for.
#pragma once

#include <sys/eventfd.h>

#include <functional>
#include <optional>
#include <stop_token>

#include "base/file.h"

namespace nightjar {

/// While it lives, a stop writes to `wake`, an eventfd that is not blocking. Gone, nothing of that
/// is left there for the next who waits.
class WokenByStop {
 public:
  WokenByStop(const std::stop_token& stop, const Fd& wake)
      : stop_(stop),
        wake_(wake),
        callback_(std::in_place, stop, [this] { ::eventfd_write(wake_.get(), 1); }) {}
  ~WokenByStop() {
    callback_.reset();  // waits for one that is under way
    ::eventfd_t written = 0;
    if (stop_.stop_requested()) ::eventfd_read(wake_.get(), &written);
  }
  WokenByStop(const WokenByStop&) = delete;
  WokenByStop& operator=(const WokenByStop&) = delete;

 private:
  std::stop_token stop_;
  const Fd& wake_;
  std::optional<std::stop_callback<std::function<void()>>> callback_;
};

}  // namespace nightjar
