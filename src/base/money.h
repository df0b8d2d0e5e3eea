#pragma once

#include <string>

namespace nightjar {

/// "$2.00", and "$0.005" where cents would say another amount.
std::string dollars(double amount);

}  // namespace nightjar
