// RFC 4648, section 4.
#pragma once

#include <string>
#include <string_view>

namespace nightjar::tools {

std::string base64(std::string_view bytes);

}  // namespace nightjar::tools
