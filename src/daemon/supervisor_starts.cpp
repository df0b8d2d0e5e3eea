// The start of one run: whether it is due, with which job, and which of several attempts is taken.
#include <fmt/core.h>

#include <algorithm>
#include <tuple>

#include "base/error.h"
#include "base/fault.h"
#include "base/text.h"
#include "base/warn.h"
#include "daemon/history.h"
#include "daemon/jobs.h"
#include "daemon/supervisor.h"
#include "run/job.h"

namespace nightjar::daemon {

namespace {

constexpr int kMostSilentDeaths =
    10;  // a runner that dies at its start so often never gets anywhere
constexpr int kMostStartsOfAStage = 25;
constexpr int kEndsWithoutDelay = 2;
constexpr Millis kFirstDelay{1000}, kLongestDelay{60'000};

}  // namespace

bool Supervisor::start_run(const core::Task& task, const core::Run& run) {
  const auto events = store_.events_of(task.id);
  const History history(events, run.id);
  if (history.cancel_requested) {
    append({{task.id, "", 0, now(), "cancelled", {{"reason", "cancelled"}}}});
    return false;
  }
  if (task.spec.attempts > 1 && history.verified && history.selected.empty())
    return select_attempt(task, events);
  if (silent_deaths_[run.id] >= kMostSilentDeaths ||
      history.starts_of_stage >= kMostStartsOfAStage) {
    append({{task.id,
             "",
             0,
             now(),
             "run_lost",
             {{"run", run.id},
              {"reason", "the runner died again and again during '" + history.stage +
                             "'; its last words are in " +
                             (places_.run_folder(run.id) / "runner.log").string()}}}});
    return false;
  }
  const int ends = std::max(history.starts_without_progress, silent_deaths_[run.id]);
  if (!is_due(task, run, ends, history.stage)) return false;
  const bool network = store_.setting("network:" + task.spec.repo).value_or("") == "yes";
  run::Job job = job_for(task, run, history, config_, places_, network);
  const fs::path folder = places_.run_folder(run.id);
  fs::create_directories(folder);
  fs::permissions(folder, fs::perms::owner_all);
  const auto keys = take_keys(job);
  write_whole(folder / run::kJobFile, to_pretty(run::to_json(job)), 0600);
  try {
    Fd pidfd = fork_server_.start(folder, keys);
    fault_point("daemon_spawned");
    watch(run.id, Runner{std::move(pidfd), -1, 0, task.spec.repo});
  } catch (const Error& error) {
    warn(fmt::format("{}: {}", run.id, error.what()));
    retry_later_ = true;
    return false;
  }
  return true;
}

// What ends its runner at once may have been paid for: it is not tried as fast as it fails.
bool Supervisor::is_due(const core::Task& task, const core::Run& run, int ends,
                        const std::string& stage) {
  if (ends <= kEndsWithoutDelay) {
    delays_.erase(run.id);
    return true;
  }
  Delay& delay = delays_[run.id];
  if (delay.ends != ends) {
    const int doublings = std::min(ends - kEndsWithoutDelay - 1, 10);
    const Millis wait = std::min(kLongestDelay, kFirstDelay * (1 << doublings));
    append({{task.id,
             "",
             0,
             now(),
             "start_delayed",
             {{"run", run.id},
              {"until", to_rfc3339(now() + wait)},
              {"reason", fmt::format("its runner ended {} times in a row during '{}' without "
                                     "getting further, the last time at {}; it is started again "
                                     "{} later. Its last words are in {}",
                                     ends, stage, to_local(now()), human(wait),
                                     (places_.run_folder(run.id) / "runner.log").string())}}}});
    delay = {ends, in(wait)};
  }
  if (std::chrono::steady_clock::now() >= delay.until) return true;
  next_start_ = std::min(next_start_.value_or(delay.until), delay.until);
  return false;
}

// Best of several: proved before unproved before refuted, then the smaller change, then the earlier
// one.
bool Supervisor::select_attempt(const core::Task& task,
                                const std::vector<store::StoredEvent>& events) {
  const core::Run* best = nullptr;
  const auto rank = [](const core::Run& run) {
    const int verdict = run.proof.verdict == core::Verdict::Proved ? 0
                        : run.proof.verdict == core::Verdict::None ? 1
                                                                   : 2;
    return std::tuple(verdict, run.insertions + run.deletions, run.files, run.id.size(), run.id);
  };
  for (const auto& run : task.runs) {
    if (run.ended != Time{} || core::is_ended(run.state)) continue;
    if (!History(events, run.id).verified || runners_.contains(run.id))
      return false;  // one is still at work
    if (!best || rank(run) < rank(*best)) best = &run;
  }
  if (!best) return false;
  append({{task.id, "", 0, now(), "run_selected", {{"run", best->id}}}});
  wake();
  return false;
}

}  // namespace nightjar::daemon
