// What the vendors' own servers ask for their well-known models, where a person gave no prices.
#pragma once

#include <optional>

#include "model/endpoint.h"

namespace nightjar::daemon {

/// The day of which they are.
inline constexpr const char* kListPricesOf = "2026-11-28";

/// Nothing where another server is asked, the model is not in the list, or its context is so large
/// that the list's prices may be too low for it.
std::optional<model::Prices> list_price(const model::Endpoint& endpoint);

}  // namespace nightjar::daemon
