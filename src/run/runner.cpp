#include "run/runner.h"

#include <fmt/core.h>
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <thread>

#include "base/error.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/warn.h"
#include "run/control.h"
#include "run/environment.h"
#include "run/journal.h"
#include "run/pipeline.h"

namespace nightjar::run {

namespace {

// SIGTERM and SIGINT, taken by a thread of its own: a stop of the process, not of the run.
class Signals {
 public:
  explicit Signals(std::stop_source& stop) {
    sigemptyset(&set_);
    for (const int sig : {SIGTERM, SIGINT, SIGHUP, SIGUSR2}) sigaddset(&set_, sig);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    thread_ = std::jthread([this, &stop] {
      int sig = 0;
      sigwait(&set_, &sig);
      if (sig == SIGUSR2) return;  // our own: the run is over
      interrupted_ = true;
      stop.request_stop();
    });
  }
  ~Signals() { pthread_kill(thread_.native_handle(), SIGUSR2); }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  bool interrupted() const { return interrupted_; }

 private:
  sigset_t set_{};
  std::atomic<bool> interrupted_{false};
  std::jthread thread_;
};

long starts_of(const Journal& journal) {
  long starts = 0;
  for (const auto& event : journal.events()) starts += event.kind == "run_started";
  return starts;
}

void end_event(Journal& journal, const End& end) {
  journal.append("run_ended", {{"state", core::to_string(end.state)},
                               {"waiting_for", core::to_string(end.waiting_for)},
                               {"reason", valid_utf8(end.reason)}});
}

// For good, or to wait for a person who has not let it go on since.
bool has_ended(const Journal& journal, int resumes) {
  int waits = 0;
  for (const auto& event : journal.events()) {
    if (event.kind != "run_ended") continue;
    if (get_string(event.body, "state") != core::to_string(core::State::Waiting)) return true;
    ++waits;
  }
  return waits > resumes;
}

int run_under_lock(const fs::path& folder) {
  const auto job_text = parse_json(read_file(folder / kJobFile));
  if (!job_text || !job_text->is_object())
    throw Error(ErrorKind::Internal, "the job file is damaged");
  const Job job = job_from(job_text->get_object());
  Journal journal(folder / kJournalFile, job.task, job.run);
  if (has_ended(journal, job.resumes)) return 0;

  std::stop_source stop;
  std::atomic<bool> cancelled{false};
  const Signals signals(stop);
  const Control control(folder, [&] {
    cancelled = true;
    stop.request_stop();
  });
  bool keep = false;
  journal.begin(
      "run_started",
      {{"pid", ::getpid()}, {"version", NIGHTJAR_VERSION}, {"attempt", starts_of(journal) + 1}});
  try {
    const End end = run_pipeline(job, folder, journal, stop.get_token());
    // What waits for a person goes on in its place.
    keep = end.state == core::State::Waiting && job.agent == "native";
    if (end.finished) end_event(journal, end);
  } catch (const Cancelled&) {
    if (!cancelled) return 0;  // this process is stopped, the run goes on later
    end_event(journal, {core::State::Cancelled, core::WaitingFor::Nothing, "cancelled", true});
  }
  if (!keep) remove_tree(folder / kStagesFolder);
  try {
    mirror_of(job).tidy_if_due();
  } catch (const Error& error) {  // of no run's concern
    warn(error.what());
  }
  return 0;
}

}  // namespace

int runner_main(const fs::path& folder) {
  // Hundreds of runners wait at once: one arena and early returns keep each of them small.
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_TRIM_THRESHOLD, 128 * 1024);
  ::prctl(PR_SET_NAME, "nightjar-run");
  try {
    const auto lock = FileLock::try_acquire(folder / kLockFile);
    if (!lock) return 0;
    return run_under_lock(folder);
  } catch (const std::exception& error) {
    warn(error.what());
    return 1;
  }
}

}  // namespace nightjar::run
