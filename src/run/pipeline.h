// One run from ticket to pull request, as straight-line blocking code: prepare, baseline, work,
// verify, publish. Every stage is durable and idempotent: a finished stage is an event that is
// never repeated.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "core/task.h"
#include "run/job.h"
#include "run/journal.h"

namespace nightjar::run {

/// How a run ended; the runner journals it as `run_ended`. `finished` false: the run goes on in
/// another process (one of several attempts that waits to be selected).
struct End {
  core::State state = core::State::Failed;
  core::WaitingFor waiting_for = core::WaitingFor::Nothing;
  std::string reason;
  bool finished = true;
};

/// Throws Cancelled at a stop. Faults of the run become an End with their reason.
End run_pipeline(const Job& job, const std::filesystem::path& folder, Journal& journal,
                 std::stop_token stop);

}  // namespace nightjar::run
