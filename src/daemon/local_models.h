// What servers say of the models that they have: those that run on this machine are listed for the
// person, and used only where one is named.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/endpoint.h"

namespace nightjar::daemon {

/// Asks each server's list of models; who does not answer at once has none. What they say is
/// untrusted: names are bounded and hold nothing but letters, digits and `._:/@+-`.
std::vector<model::Endpoint> local_models(const std::vector<model::LocalServer>& servers);

/// The same of one server anywhere, as the names alone; `key` may be empty.
std::vector<std::string> names_at(const std::string& base_url, const std::string& key);

}  // namespace nightjar::daemon
