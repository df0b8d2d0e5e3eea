#include "daemon/models.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "base/text.h"
#include "daemon/list_prices.h"
#include "daemon/local_models.h"

namespace nightjar::daemon {

namespace {

constexpr size_t kShownNames = 10;

const char* variable(const char* name) { return std::getenv(name); }

// Where a person gave a key and no name. As the vendors' SDKs of November 2026 list them (npm:
// openai 6.49, @anthropic-ai/sdk 1.12, @google/genai 2.32).
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kDefaults{
    {{"openai", "gpt-5.4"}, {"anthropic", "claude-sonnet-5-5"}, {"gemini", "gemini-3.8-flash"}}};

bool is_another_server(const model::Endpoint& endpoint) {
  return (endpoint.wire == model::WireKind::Responses || endpoint.wire == model::WireKind::Chat) &&
         endpoint.base_url != model::default_base_url(endpoint.wire);
}

// The server at OPENAI_BASE_URL, with or without a key.
std::optional<model::Endpoint> endpoint_of_other_server() {
  const char* base = variable("OPENAI_BASE_URL");
  if (!base || trimmed(base).empty()) return std::nullopt;
  auto endpoint = model::endpoint_named("chat/NAME", variable);
  if (!endpoint || !is_another_server(*endpoint)) return std::nullopt;
  return std::move(*endpoint);
}

// Settings are read when the service starts.
std::string changed_since(const Config& config) {
  if (!has_changed(config)) return "";
  return fmt::format("; {} was changed since the service started: nightjar stop, then try again",
                     config.file.string());
}

std::string nothing_reachable() {
  return "no model is reachable: set OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY where the "
         "service starts, or describe one in [models.NAME] of config.toml";
}

model::Endpoint with_prices(model::Endpoint endpoint) {
  if (!endpoint.prices.known)
    if (const auto prices = list_price(endpoint)) endpoint.prices = *prices;
  return endpoint;
}

// By Chat Completions, which all such servers speak.
std::expected<model::Endpoint, std::string> only_model_of(const OtherServer& server) {
  if (server.names.size() == 1) return model::endpoint_named("chat/" + server.names[0], variable);
  const std::string where = inert(server.endpoint.base_url);
  if (server.names.empty())
    return std::unexpected(fmt::format(
        "OPENAI_BASE_URL leads to {}, which does not say what models it has: name one, --model "
        "chat/NAME (or openai/NAME where it speaks the Responses API)",
        where));
  std::vector<std::string> shown(
      server.names.begin(), server.names.begin() + static_cast<std::ptrdiff_t>(
                                                       std::min(server.names.size(), kShownNames)));
  if (shown.size() < server.names.size()) shown.emplace_back("...");
  return std::unexpected(
      fmt::format("OPENAI_BASE_URL leads to {}, which has several models ({}): name one, --model "
                  "chat/NAME (or openai/NAME where it speaks the Responses API)",
                  where, join(shown, ", ")));
}

}  // namespace

std::vector<model::Endpoint> known_models(const Config& config) {
  std::vector<model::Endpoint> out;
  for (const auto& [name, endpoint] : config.models) out.push_back(with_prices(endpoint));
  for (auto& endpoint : model::from_environment(variable)) {
    const auto found = std::ranges::find(kDefaults, endpoint.name,
                                         &std::pair<std::string_view, std::string_view>::first);
    if (found == kDefaults.end() || is_another_server(endpoint)) continue;
    endpoint.model = found->second;
    endpoint.name = fmt::format("{}/{}", found->first, found->second);
    out.push_back(with_prices(std::move(endpoint)));
  }
  return out;
}

std::optional<OtherServer> other_server() {
  auto endpoint = endpoint_of_other_server();
  if (!endpoint) return std::nullopt;
  const std::string key = model::resolve_key(*endpoint, variable).value_or("");
  return OtherServer{*endpoint, names_at(endpoint->base_url, key)};
}

namespace {

std::expected<model::Endpoint, std::string> model_named(const Config& config,
                                                        const std::string& wanted) {
  const auto found = config.models.find(wanted);
  if (found != config.models.end()) return with_prices(found->second);
  auto named = model::endpoint_named(wanted, variable);
  if (named) return with_prices(std::move(*named));
  std::string known;
  for (const auto& [each, endpoint] : config.models) known += (known.empty() ? "" : ", ") + each;
  const bool is_own = wanted.find('/') == std::string::npos && !known.empty();
  return std::unexpected(named.error() + (is_own ? "; there are: " + known : "") +
                         changed_since(config));
}

}  // namespace

namespace {

// Whoever set an address meant the server there: ANTHROPIC_BASE_URL and GEMINI_BASE_URL, with or
// without a key.
std::vector<model::Endpoint> servers_elsewhere() {
  std::vector<model::Endpoint> out;
  for (const auto& [vendor, name] : kDefaults) {
    if (vendor == "openai") continue;  // what models that server has, it has to be asked
    auto endpoint = model::endpoint_named(fmt::format("{}/{}", vendor, name), variable);
    if (endpoint && endpoint->base_url != model::default_base_url(endpoint->wire))
      out.push_back(with_prices(std::move(*endpoint)));
  }
  return out;
}

// No word of a repository goes to a vendor's own server while a variable leads to another one.
std::expected<model::Endpoint, std::string> model_of_environment(
    const Config& config, const std::optional<OtherServer>& other) {
  const std::string way_out = "name a model with --model, or set model = \"NAME\" in config.toml";
  if (const auto troubles = model::environment_troubles(variable); !troubles.empty())
    return std::unexpected(fmt::format(
        "{}; no other server is asked in its place: correct it, or {}", troubles[0], way_out));
  const auto elsewhere = servers_elsewhere();
  if (elsewhere.size() + (other ? 1 : 0) > 1)
    return std::unexpected(
        "more than one of OPENAI_BASE_URL, ANTHROPIC_BASE_URL and GEMINI_BASE_URL leads to a "
        "server of its own: " +
        way_out);
  if (other) return only_model_of(*other);
  if (!elsewhere.empty()) return elsewhere.front();
  if (const auto known = known_models(config); !known.empty()) return known.front();
  return std::unexpected(nothing_reachable());
}

}  // namespace

std::expected<model::Endpoint, std::string> default_model(const Config& config,
                                                          const std::optional<OtherServer>& other) {
  if (!config.model.empty()) return model_named(config, config.model);
  if (config.models.size() > 1)
    return std::unexpected(
        "several models are configured: say which with --model, or set model = \"NAME\" in "
        "config.toml");
  if (!config.models.empty()) return with_prices(config.models.begin()->second);
  auto found = model_of_environment(config, other);
  if (!found) return std::unexpected(found.error() + changed_since(config));
  return found;
}

std::expected<model::Endpoint, std::string> find_model(const Config& config,
                                                       std::string_view name) {
  if (!name.empty()) return model_named(config, std::string(name));
  const bool asks = config.model.empty() && config.models.empty();
  return default_model(config, asks ? other_server() : std::nullopt);
}

std::vector<ModelTrouble> model_troubles(const Config& config) {
  std::vector<ModelTrouble> out;
  for (const auto& why : model::environment_troubles(variable))
    out.push_back({why.substr(0, why.find(' ')), "", why});
  if (config.model.empty()) return out;
  if (const auto found = model_named(config, config.model); !found)
    out.push_back({"model", config.model,
                   fmt::format("model = \"{}\" in config.toml cannot be used: {}",
                               inert(config.model), found.error())});
  return out;
}

}  // namespace nightjar::daemon
