#include "base/warn.h"

#include <unistd.h>

#include <string>

namespace nightjar {

void warn(std::string_view line) noexcept {
  try {
    const std::string text = "nightjar: " + std::string(line) + "\n";
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
  } catch (...) {  // no memory for the line: nothing to be done
  }
}

}  // namespace nightjar
