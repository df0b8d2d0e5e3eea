// Which model a task gets: the one it names, the person's default, or what the environment's keys
// make reachable.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config.h"
#include "model/endpoint.h"

namespace nightjar::daemon {

/// `name` empty: the default. The error says what to set. Prices that nobody gave are the vendor's
/// list prices, where it is the vendor that is asked.
std::expected<model::Endpoint, std::string> find_model(const Config& config, std::string_view name);

/// A server of somebody else at OPENAI_BASE_URL, which has models of its own.
struct OtherServer {
  model::Endpoint endpoint;  ///< without the name of a model; most speak Chat Completions alone
  std::vector<std::string> names;  ///< of its models, where it tells them within a second
};
std::optional<OtherServer> other_server();
/// The same as `find_model`, of a server that was asked already.
std::expected<model::Endpoint, std::string> default_model(const Config& config,
                                                          const std::optional<OtherServer>& other);

/// A setting that no run can use: the variable, or the key of config.toml, and why.
struct ModelTrouble {
  std::string setting, model, problem;
};
std::vector<ModelTrouble> model_troubles(const Config& config);

/// Everything that can be named without saying where it is: [models.NAME] and, by the environment's
/// keys, each vendor's default model.
std::vector<model::Endpoint> known_models(const Config& config);

}  // namespace nightjar::daemon
