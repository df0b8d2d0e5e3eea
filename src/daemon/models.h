// Which model a task gets: the one it names, the person's default, or what the environment's keys
// make reachable.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config.h"
#include "model/endpoint.h"

namespace nightjar::daemon {

/// `name` empty: the default. The error says what to set.
std::expected<model::Endpoint, std::string> find_model(const Config& config, std::string_view name);

/// Everything that can be named without saying where it is: [models.NAME] and, by the environment's
/// keys, each vendor's default model.
std::vector<model::Endpoint> known_models(const Config& config);

}  // namespace nightjar::daemon
