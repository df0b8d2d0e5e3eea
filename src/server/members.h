// What the members of a request may be. A member of another type must never read as one that is
// missing: a limit that was asked for would be none.
#pragma once

#include <string>

#include "base/json.h"

namespace nightjar::server {

/// Why the request cannot be taken: the first member that is not of its type, or out of its range.
/// Empty: it can. Members that nobody knows are left alone.
std::string members_trouble(const json::object& body);

}  // namespace nightjar::server
