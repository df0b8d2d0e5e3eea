// To wait for the thing itself, and not for ever.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/time.h"

namespace nightjar::test {

/// Looks again and again until it is so; throws Error(Timeout) that names `what` after `patience`.
void await(const std::string& what, const std::function<bool()>& is_so,
           Millis patience = std::chrono::minutes(2));

}  // namespace nightjar::test
