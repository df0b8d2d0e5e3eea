// Which model is asked, where, and as whom.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/message.h"

namespace nightjar::model {

enum class WireKind { Responses, Chat, Anthropic, Gemini };

/// "openai", "chat", "anthropic", "gemini": as people write them in settings and before a slash.
std::string_view to_string(WireKind kind);
std::optional<WireKind> wire_kind_from(std::string_view text);

std::string default_base_url(WireKind kind);

/// The key itself is not here: it is looked up when it is needed (`KeySource`), and never written
/// to disk or into an event.
struct KeySource {
  enum class From { Nothing, Environment, File, Command, Literal } from = From::Nothing;
  std::string value;  ///< a variable's name, a path, a shell line; the key itself of a Literal
  bool operator==(const KeySource&) const = default;
};

struct Endpoint {
  std::string name;  ///< as the person calls it: "openai/gpt-x", or of [models.NAME]
  WireKind wire = WireKind::Chat;
  std::string model;  ///< as the vendor calls it
  std::string
      base_url;  ///< as the vendor's own SDK takes it: with /v1 for OpenAI, without for others
  KeySource key;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string ca_file, proxy;
  /// The variable that holds `headers` and `proxy`, which may be secrets, where they are not here
  /// (see `set_aside`); else empty.
  std::string secrets_in;
  Prices prices;
  std::int64_t context = 0;     ///< tokens; 0: not known
  std::int64_t max_output = 0;  ///< tokens; 0: the wire's default
  std::string effort;    ///< of reasoning, in the vendor's words; empty: the vendor's default
  std::string failover;  ///< of [models.NAME]: who goes on where this one cannot; empty: nobody
  bool operator==(const Endpoint&) const = default;
};

/// A path below an address: before its query, with which the path's own is joined.
std::string url_below(std::string_view address, std::string_view path);

inline constexpr std::int64_t kUnknownContext = 128'000;

/// Why nothing is asked at this address: it is none, or its password would be shown. Empty: it is
/// fine. The address itself is not in it.
std::string address_trouble(std::string_view url);

/// The variables among those of the vendors' keys that are set.
std::vector<std::string> keys_in_environment(
    const std::function<const char*(const char*)>& environment);
/// What is wrong with the addresses that the environment gives, each with its variable.
std::vector<std::string> environment_troubles(
    const std::function<const char*(const char*)>& environment);

/// What the variables of the environment (and nothing else) make reachable: `OPENAI_API_KEY` with
/// `OPENAI_BASE_URL`, and so on. Without the name of a model.
std::vector<Endpoint> from_environment(const std::function<const char*(const char*)>& environment);

/// A program that serves models on this machine, where it listens when nobody says otherwise.
struct LocalServer {
  std::string_view name;
  std::uint16_t port = 0;
  std::string base_url() const;
};
const std::vector<LocalServer>& local_servers();

/// "openai/NAME", "chat/NAME", "anthropic/NAME", "gemini/NAME", or a local server's: "ollama/NAME".
/// The error names what is missing.
std::expected<Endpoint, std::string> endpoint_named(
    std::string_view name, const std::function<const char*(const char*)>& environment);

/// The endpoint's key, trimmed. The error names the model and what is wrong; it never holds the
/// key.
std::expected<std::string, std::string> resolve_key(
    const Endpoint& endpoint, const std::function<const char*(const char*)>& environment);

/// Takes headers and proxy out of the endpoint, for a variable of that name; its value, empty where
/// there are none.
std::string set_aside(Endpoint& endpoint, const std::string& variable);
/// Puts them back; without the variable they stay away.
void take_back(Endpoint& endpoint, const std::function<const char*(const char*)>& environment);

/// For a runner's job: with a key's source, without a literal key; headers and proxy as they are.
json::object to_json(const Endpoint& endpoint);
Endpoint endpoint_from(const json::object& object);

}  // namespace nightjar::model
