#include "base/money.h"

#include <fmt/core.h>

namespace nightjar {

std::string dollars(double amount) {
  std::string out = fmt::format("${:.6f}", amount);
  const size_t cents = out.find('.') + 3;
  while (out.size() > cents && out.back() == '0') out.pop_back();
  return out;
}

}  // namespace nightjar
