// What a request from inside a sandbox may make its vendor do: answer with text and calls, and
// nothing that reaches further. Vendors' own tools would look at the web, at files of the person's
// account or at servers that the request names. Pure.
#pragma once

#include <optional>
#include <string>

#include "model/wire.h"

namespace nightjar::gateway {

/// Takes out what the vendor would do itself: its tools but for functions, searches, storing,
/// dearer service, going on to another model.
void keep_to_the_model(model::WireKind wire, json::object& body);

/// Why the request is refused; nullopt: it is not. Names the member that leads elsewhere.
std::optional<std::string> leads_elsewhere(model::WireKind wire, const json::object& body);

}  // namespace nightjar::gateway
