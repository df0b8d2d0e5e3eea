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

/// A stage's scratch folder: empty at first, removed when the stage is left, whatever strangers put
/// there.
class StageFolder {
 public:
  explicit StageFolder(std::filesystem::path path);
  ~StageFolder();
  StageFolder(const StageFolder&) = delete;
  StageFolder& operator=(const StageFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace nightjar::run
