// Baselines are kept: the same commit, checks and environment are not run twice.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/check.h"
#include "run/job.h"

namespace nightjar::run {

std::optional<std::vector<core::CheckReport>> load_baseline(
    const Job& job, const std::string& environment, const std::vector<core::CheckSpec>& checks);
void save_baseline(const Job& job, const std::string& environment,
                   const std::vector<core::CheckSpec>& checks,
                   const std::vector<core::CheckReport>& reports);

}  // namespace nightjar::run
