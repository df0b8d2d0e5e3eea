// What all stages of a run stand on. One a process; used by its one thread.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>
#include <vector>

#include "git/repository.h"
#include "run/checks.h"
#include "run/environment.h"
#include "run/job.h"
#include "run/journal.h"
#include "run/stages.h"
#include "sandbox/session.h"
#include "sandbox/standby.h"

namespace nightjar::run {

struct Context {
  /// `folder`: the run's.
  Context(const Job& job, std::filesystem::path folder, Journal& journal, std::stop_token stop);

  const Job& job;
  std::filesystem::path folder;
  Journal& journal;
  std::stop_token stop;
  git::Mirror mirror;
  Stages stages;
  int round = 1;                           ///< of work and proof
  std::optional<Environment> environment;  ///< once it is prepared
  std::vector<core::CheckReport> baseline;

  /// Of a stage in this round, below `folder`.
  std::filesystem::path stage_path(std::string_view stage) const;
  /// The same, made, and empty unless `keep`.
  std::filesystem::path stage_folder(std::string_view stage, bool keep = false) const;

  /// The next sandbox comes soon: what it needs of the kernel alone can begin.
  void expect_sandbox();
  std::unique_ptr<sandbox::Session> start_sandbox(const sandbox::Policy& policy);

  /// The repository's checks; `passed_before` as for `run_checks`.
  std::vector<core::CheckReport> checks(sandbox::Session& session, std::string_view stage,
                                        const std::vector<core::CheckReport>* passed_before);
  /// Ends the run where its time was over before these checks were.
  void refuse_if_late(std::string_view stage, const std::vector<core::CheckReport>& reports) const;

 private:
  std::unique_ptr<sandbox::Standby> standby_;
};

}  // namespace nightjar::run
