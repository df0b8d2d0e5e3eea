#include "run/context.h"

#include <utility>

#include "base/error.h"
#include "base/file.h"

namespace nightjar::run {

namespace {

constexpr Millis kDefaultTime = std::chrono::hours(2);
constexpr Millis kDefaultIdle = std::chrono::minutes(30);

}  // namespace

Context::Context(const Job& its_job, fs::path its_folder, Journal& its_journal,
                 std::stop_token its_stop)
    : job(its_job),
      folder(std::move(its_folder)),
      journal(its_journal),
      stop(std::move(its_stop)),
      mirror(mirror_of(job)),
      stages(journal, folder / kStagesFolder,
             job.limits.time.count() ? job.limits.time : kDefaultTime, stop) {}

fs::path Context::stage_path(std::string_view stage) const {
  return folder / kStagesFolder / (std::string(stage) + std::to_string(round));
}

// Emptied by the runner after the run's end, and not before: some file systems (ext4) make new
// files slowly while many others were just removed.
fs::path Context::stage_folder(std::string_view stage, bool keep) const {
  const fs::path path = stage_path(stage);
  if (keep && fs::exists(path)) return path;
  if (!remove_tree(path)) throw Error(ErrorKind::Internal, "cannot empty " + path.string());
  fs::create_directories(path);
  return path;
}

void Context::expect_sandbox() {
  if (!standby_) standby_ = std::make_unique<sandbox::Standby>(job.helper, job.memory_bytes);
}

std::unique_ptr<sandbox::Session> Context::start_sandbox(const sandbox::Policy& policy) {
  return sandbox::Session::start(policy, std::move(standby_));
}

std::vector<core::CheckReport> Context::checks(
    sandbox::Session& session, std::string_view stage,
    const std::vector<core::CheckReport>* passed_before) {
  CheckRun how{std::string(stage), round, folder};
  how.idle = job.limits.idle.count() ? job.limits.idle : kDefaultIdle;
  how.deadline = stages.deadline();
  how.stop = stop;
  return run_checks(session, environment->config.checks, passed_before, how, journal);
}

void Context::refuse_if_late(std::string_view stage,
                             const std::vector<core::CheckReport>& reports) const {
  if (!stages.late()) return;
  for (const auto& report : reports) {
    if (!report.trouble.empty()) stages.timed_out(stage);
  }
}

}  // namespace nightjar::run
