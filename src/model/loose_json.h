// What servers send that is JSON but for its letters: characters cut in two between events, lone
// surrogates, and the numbers that Python writes and JSON does not know. Pure.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "base/json.h"

namespace nightjar::model {

/// Like `parse_json`, but what is wrong inside a string stays in it as bytes that are no UTF-8, and
/// NaN and infinities are null.
std::expected<json::value, std::string> parse_loosely(std::string_view text);

/// Pieces that were put together, as UTF-8: halves of a character that met are one again, what has
/// lost its other half is U+FFFD.
std::string whole_characters(std::string_view text);

}  // namespace nightjar::model
