// Long text on a terminal goes through the person's pager.
#pragma once

#include <sys/types.h>

#include <string_view>

#include "base/file.h"

namespace nightjar::cli {

/// Standard output, through $NIGHTJAR_PAGER, $PAGER or `less -FRX` where it is a terminal and
/// `paged`. Ends with the pager. While one runs, Ctrl-C is its own business.
class PagedOutput {
 public:
  explicit PagedOutput(bool paged);
  PagedOutput(const PagedOutput&) = delete;
  PagedOutput& operator=(const PagedOutput&) = delete;
  ~PagedOutput();

  /// False once the person has left the pager.
  bool write(std::string_view text);

 private:
  Fd pipe_;  // to the pager; invalid: none runs
  pid_t pid_ = 0;
  bool left_ = false;
};

}  // namespace nightjar::cli
