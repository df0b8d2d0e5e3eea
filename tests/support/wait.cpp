#include "support/wait.h"

#include <poll.h>

#include "base/error.h"

namespace nightjar::test {

void await(const std::string& what, const std::function<bool()>& is_so, Millis patience) {
  for (const Deadline deadline = in(patience); !is_so();) {
    if (std::chrono::steady_clock::now() >= deadline)
      throw Error(ErrorKind::Timeout, "waited in vain for " + what);
    ::poll(nullptr, 0, 5);
  }
}

}  // namespace nightjar::test
