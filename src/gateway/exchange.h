// One request from inside a sandbox, as the gateway sees it: which wire it speaks, what goes out
// for it, and what its answer used. Pure.
#pragma once

#include <expected>
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

struct Outgoing {
  std::string body;
  bool streams = false;
  bool drops_usage = false;  ///< see `tells_usage_alone`
  model::Usage most;         ///< a guess of what it may use
};
/// What goes to the vendor: as it came, but with the run's model, without what reaches beyond it
/// (see policy.h), and with usage asked for where a stream would not tell it. The error is for the
/// client. A body whose values take more memory than any sensible one is refused.
std::expected<Outgoing, std::string> outgoing(const Asked& asked, std::string_view body,
                                              const model::Endpoint& endpoint);
/// Whether an event of Chat Completions tells usage alone: clients that did not ask for it trip
/// over its lack of choices.
bool tells_usage_alone(const net::SseEvent& event);
std::string url_for(const Asked& asked, std::string_view path, const model::Endpoint& endpoint);

/// Where nobody tells.
std::int64_t guessed_tokens(size_t bytes);

/// An error in the words of the wire's vendor, so that SDKs understand it.
std::string error_body(model::WireKind wire, std::string_view code, std::string_view message);

}  // namespace nightjar::gateway
