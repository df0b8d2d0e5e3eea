// One request from inside a sandbox, as the gateway sees it: which wire it speaks, what goes out
// for it, and what its answer used. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/wire.h"

namespace nightjar::gateway {

/// What a path asks for.
struct Asked {
  model::WireKind wire{};
  bool counts = false;   ///< only tokens are counted: nothing is spent
  bool streams = false;  ///< for Gemini, whose path says it; others say it in the body
};
/// nullopt: nothing that a gateway to models answers.
std::optional<Asked> asked_by(std::string_view method, std::string_view path);
/// GET of the list of models.
bool asks_for_models(std::string_view method, std::string_view path);

/// The body for the vendor: as it came, but with the run's model, and with usage asked for where a
/// stream would not tell it. nullopt where it is no JSON object.
std::optional<json::object> outgoing(const Asked& asked, std::string_view body,
                                     const model::Endpoint& endpoint);
bool wants_stream(const Asked& asked, const json::object& body);
std::string url_for(const Asked& asked, std::string_view path, const model::Endpoint& endpoint);

/// What a whole answer (not a stream) used.
model::Usage usage_in(model::WireKind wire, const json::object& answer);

/// An error in the words of the wire's vendor, so that SDKs understand it.
std::string error_body(model::WireKind wire, std::string_view code, std::string_view message);

}  // namespace nightjar::gateway
