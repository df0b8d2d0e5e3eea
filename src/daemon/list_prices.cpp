#include "daemon/list_prices.h"

#include <array>
#include <string_view>

namespace nightjar::daemon {

namespace {

struct Entry {
  std::string_view vendor, model;
  model::Prices prices;
};

// Beyond this many tokens of input several of them cost up to twice as much.
constexpr std::int64_t kLongestContext = 200'000;

// Dollars for a million tokens: input, cached input, what is written to a cache, output. From
// litellm 1.110.2 (PyPI), model_prices_and_context_window_backup.json, read on the day above;
// claude-haiku-5-5 with its higher prices, which begin at 100,000 tokens of input.
constexpr std::array<Entry, 48> kEntries{{
    {"openai", "gpt-6.1-sol", {2, 0.1, 2.5, 10, true}},
    {"openai", "gpt-6.1-terra", {1, 0.05, 1.25, 5, true}},
    {"openai", "gpt-6-sol", {2, 0.2, 2.5, 10, true}},
    {"openai", "gpt-6-luna", {0.1, 0.01, 0.125, 0.5, true}},
    {"openai", "gpt-6-astra", {10, 1, 12.5, 50, true}},
    {"openai", "gpt-5.6", {4, 0.4, 5, 20, true}},
    {"openai", "gpt-5.6-sol", {4, 0.4, 5, 20, true}},
    {"openai", "gpt-5.6-terra", {2, 0.2, 2.5, 12, true}},
    {"openai", "gpt-5.6-luna", {0.2, 0.02, 0.25, 1.2, true}},
    {"openai", "gpt-5.5", {5, 0.5, 5, 30, true}},
    {"openai", "gpt-5.4", {2.5, 0.25, 2.5, 15, true}},
    {"openai", "gpt-5.4-mini", {0.75, 0.075, 0.75, 4.5, true}},
    {"openai", "gpt-5.4-nano", {0.2, 0.02, 0.2, 1.25, true}},
    {"openai", "gpt-5.3-codex", {1.75, 0.175, 1.75, 14, true}},
    {"openai", "gpt-5.2", {1.75, 0.175, 1.75, 14, true}},
    {"openai", "gpt-5.2-codex", {1.75, 0.175, 1.75, 14, true}},
    {"openai", "gpt-5.1", {1.25, 0.125, 1.25, 10, true}},
    {"openai", "gpt-5.1-codex", {1.25, 0.125, 1.25, 10, true}},
    {"openai", "gpt-5", {1.25, 0.125, 1.25, 10, true}},
    {"openai", "gpt-5-mini", {0.25, 0.025, 0.25, 2, true}},
    {"openai", "gpt-5-nano", {0.05, 0.005, 0.05, 0.4, true}},
    {"openai", "gpt-4.1", {2, 0.5, 2, 8, true}},
    {"openai", "gpt-4.1-mini", {0.4, 0.1, 0.4, 1.6, true}},
    {"anthropic", "claude-opus-5-5", {4, 0.2, 5, 20, true}},
    {"anthropic", "claude-opus-5", {5, 0.5, 6.25, 25, true}},
    {"anthropic", "claude-opus-4-8", {5, 0.5, 6.25, 25, true}},
    {"anthropic", "claude-opus-4-7", {5, 0.5, 6.25, 25, true}},
    {"anthropic", "claude-opus-4-6", {5, 0.5, 6.25, 25, true}},
    {"anthropic", "claude-opus-4-5", {5, 0.5, 6.25, 25, true}},
    {"anthropic", "claude-sonnet-5-5", {2, 0.1, 2.5, 10, true}},
    {"anthropic", "claude-sonnet-5", {2, 0.2, 2.5, 10, true}},
    {"anthropic", "claude-sonnet-4-6", {3, 0.3, 3.75, 15, true}},
    {"anthropic", "claude-sonnet-4-5", {3, 0.3, 3.75, 15, true}},
    {"anthropic", "claude-haiku-5-5", {0.5, 0.05, 0.625, 2.5, true}},
    {"anthropic", "claude-haiku-4-5", {1, 0.1, 1.25, 5, true}},
    {"anthropic", "claude-fable-5-1", {10, 0.25, 12.5, 50, true}},
    {"anthropic", "claude-fable-5", {10, 1, 12.5, 50, true}},
    {"gemini", "gemini-4-argon", {2, 0.1, 2, 10, true}},
    {"gemini", "gemini-4-hydrogen", {1.5, 0.075, 1.5, 7.5, true}},
    {"gemini", "gemini-3.8-flash", {0.75, 0.075, 0.75, 3.75, true}},
    {"gemini", "gemini-3.7-flash", {0.75, 0.075, 0.75, 3.75, true}},
    {"gemini", "gemini-3.6-flash", {0.75, 0.075, 0.75, 3.75, true}},
    {"gemini", "gemini-3.5-flash", {1.5, 0.15, 1.5, 9, true}},
    {"gemini", "gemini-3.5-flash-lite", {0.3, 0.03, 0.3, 2.5, true}},
    {"gemini", "gemini-3.1-pro-preview", {2, 0.2, 2, 12, true}},
    {"gemini", "gemini-2.5-pro", {1.25, 0.125, 1.25, 10, true}},
    {"gemini", "gemini-2.5-flash", {0.3, 0.03, 0.3, 2.5, true}},
    {"gemini", "gemini-2.5-flash-lite", {0.1, 0.01, 0.1, 0.4, true}},
}};

}  // namespace

std::optional<model::Prices> list_price(const model::Endpoint& endpoint) {
  if (endpoint.base_url != model::default_base_url(endpoint.wire) ||
      endpoint.context > kLongestContext)
    return std::nullopt;
  const std::string_view wire = to_string(endpoint.wire);
  const std::string_view vendor = wire == "chat" ? "openai" : wire;
  for (const auto& entry : kEntries) {
    if (entry.vendor == vendor && entry.model == endpoint.model) return entry.prices;
  }
  return std::nullopt;
}

}  // namespace nightjar::daemon
