// Arguments as models write them that learned other tools: made into those of ours.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace nightjar::tools {

/// Other names of members become ours where ours are absent; booleans and numbers in strings become
/// what they say; a command that is a list of words becomes the line that a shell reads so.
json::object understood(std::string_view tool, const json::object& given);

}  // namespace nightjar::tools
