// Servers of models that run on this machine: listed for the person, used only where one is named.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/endpoint.h"

namespace nightjar::daemon {

/// Asks each server's list of models; who does not answer at once has none. What they say is
/// untrusted: names are bounded and hold nothing but letters, digits and `._:/@+-`.
std::vector<model::Endpoint> local_models(const std::vector<model::LocalServer>& servers);

}  // namespace nightjar::daemon
