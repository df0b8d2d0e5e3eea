// Whether the new name is taken where the old one is used.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/mechanic/decide.h"

namespace nightjar::agent::mechanic {

/// What has the name already and where ("class Reader, a.py:3"); nullopt where it is free.
std::optional<std::string> find_clash(const std::vector<ScannedFile>& files,
                                      const std::vector<std::vector<Decision>>& decisions,
                                      const Target& target);

}  // namespace nightjar::agent::mechanic
