#include "daemon/models.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "base/text.h"

namespace nightjar::daemon {

namespace {

const char* variable(const char* name) { return std::getenv(name); }

// Where a person gave a key and no name. As the vendors' SDKs of November 2026 list them (npm:
// openai 6.49, @anthropic-ai/sdk 1.12, @google/genai 2.32).
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kDefaults{
    {{"openai", "gpt-5.4"}, {"anthropic", "claude-sonnet-5-5"}, {"gemini", "gemini-3.8-flash"}}};

// Another server at OPENAI_BASE_URL has models of its own, and most speak Chat Completions alone.
bool is_another_server(const model::Endpoint& endpoint) {
  return endpoint.wire == model::WireKind::Responses &&
         endpoint.base_url != model::default_base_url(endpoint.wire);
}

// Settings are read when the service starts.
std::string changed_since(const Config& config) {
  return written_at(config.file) == config.written
             ? ""
             : fmt::format(
                   "; {} was changed since the service started: nightjar stop, then try "
                   "again",
                   config.file.string());
}

std::string nothing_reachable() {
  const char* base = variable("OPENAI_BASE_URL");
  if (base && *base)
    return fmt::format(
        "OPENAI_BASE_URL leads to {}: name one of its models, --model chat/NAME (or "
        "openai/NAME where it speaks the Responses API)",
        inert(base));
  return "no model is reachable: set OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY where the "
         "service starts, or describe one in [models.NAME] of config.toml";
}

}  // namespace

std::vector<model::Endpoint> known_models(const Config& config) {
  std::vector<model::Endpoint> out;
  for (const auto& [name, endpoint] : config.models) out.push_back(endpoint);
  for (auto& endpoint : model::from_environment(variable)) {
    const auto found = std::ranges::find(kDefaults, endpoint.name,
                                         &std::pair<std::string_view, std::string_view>::first);
    if (found == kDefaults.end() || is_another_server(endpoint)) continue;
    endpoint.model = found->second;
    endpoint.name = fmt::format("{}/{}", found->first, found->second);
    out.push_back(std::move(endpoint));
  }
  return out;
}

std::expected<model::Endpoint, std::string> find_model(const Config& config,
                                                       std::string_view name) {
  const std::string wanted(name.empty() ? std::string_view(config.model) : name);
  if (!wanted.empty()) {
    const auto found = config.models.find(wanted);
    if (found != config.models.end()) return found->second;
    auto named = model::endpoint_named(wanted, variable);
    if (named) return named;
    std::string known;
    for (const auto& [each, endpoint] : config.models) known += (known.empty() ? "" : ", ") + each;
    const bool is_own = wanted.find('/') == std::string::npos && !known.empty();
    return std::unexpected(named.error() + (is_own ? "; there are: " + known : "") +
                           changed_since(config));
  }
  const auto known = known_models(config);
  if (known.empty()) return std::unexpected(nothing_reachable() + changed_since(config));
  if (config.models.size() > 1)
    return std::unexpected(
        "several models are configured: say which with --model, or set model = \"NAME\" in "
        "config.toml");
  return known.front();
}

}  // namespace nightjar::daemon
