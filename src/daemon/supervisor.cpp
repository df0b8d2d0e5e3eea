#include "daemon/supervisor.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "base/fault.h"
#include "base/paths.h"
#include "base/text.h"
#include "base/warn.h"
#include "proc/process.h"
#include "run/control.h"
#include "run/job.h"
#include "run/journal.h"

namespace nightjar::daemon {

namespace {

// Those that wait for their model are small, and many more than work at once.
constexpr int kMostProcesses = 200;
// What a runner journals within this time is stored together, such as a short command's begin and
// end: a transaction costs as much as ten events. Where runners journal faster than people read,
// they are read less often.
constexpr Millis kToldAfter{10}, kBetweenLooks{50};

bool is_under_way(const core::Run& run) {
  return run.ended == Time{} && !core::is_ended(run.state);
}

bool waits_for_model(const core::Run& run) {
  return run.state == core::State::Waiting && run.waiting_for == core::WaitingFor::Model;
}

}  // namespace

Supervisor::Supervisor(store::Store& store, const Config& config, const Places& places,
                       std::function<void(long)> announce)
    : store_(store),
      config_(config),
      places_(places),
      announce_(std::move(announce)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)),
      fork_server_(places.program, places.runs()) {
  if (!wake_) throw_errno("eventfd");
  if (!inotify_) throw_errno("inotify (are all instances of this user in use?)");
}

void Supervisor::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(wake_.get(), &one, sizeof one);
}

void Supervisor::cancel(const std::string& task) {
  {
    const std::lock_guard hold(orders_mutex_);
    cancels_.insert(task);
  }
  wake();
}

void Supervisor::take_up_again(const std::string& run) {
  {
    const std::lock_guard hold(orders_mutex_);
    to_be_taken_up_.insert(run);
  }
  wake();
}

// As a stop of its process: the run is not over, and the next runner begins where this one waited.
void Supervisor::interrupt_runners() {
  const std::lock_guard hold(orders_mutex_);
  for (const auto& run : std::exchange(to_be_taken_up_, {})) {
    const auto found = runners_.find(run);
    if (found == runners_.end()) continue;
    at_once_.insert(run);
    ::syscall(SYS_pidfd_send_signal, found->second.pidfd.get(), SIGTERM, nullptr, 0);
  }
}

void Supervisor::deliver_cancels() {
  std::set<std::string> wanted;
  {
    const std::lock_guard hold(orders_mutex_);
    wanted = cancels_;
  }
  for (const auto& id : wanted) {
    bool at_work = false;
    bool heard = true;
    for (const auto& [run, runner] : runners_) {
      if (run.substr(0, run.rfind('.')) != id) continue;
      at_work = true;
      heard = run::order(places_.run_folder(run), "cancel").has_value() && heard;
    }
    const auto task = store_.task(id);
    if (!at_work && task && !core::is_ended(task->state))
      append({{id, "", 0, now(), "cancelled", {{"reason", "cancelled"}}}});
    if (!heard) {  // its control socket is not there yet, or it is ending
      retry_soon_ = true;
      continue;
    }
    const std::lock_guard hold(orders_mutex_);
    cancels_.erase(id);
  }
}

void Supervisor::stop(bool runs_too) {
  stop_runs_ = runs_too;
  stopping_ = true;
  wake();
}

void Supervisor::append(const std::vector<core::Event>& events) {
  if (events.empty()) return;
  const auto stored = store_.append(events);
  fault_point("daemon_stored");
  if (!stored.empty()) announce_(stored.back().id);
}

void Supervisor::loop() {
  // What a runner journals moves its own task alone: only a start, an end, an order or a failure
  // is a reason to look at all of them.
  bool schedule_due = true;
  std::optional<Deadline> look;  // a journal has grown, and is read then
  Deadline earliest{};
  while (!stopping_) {
    if (look && std::chrono::steady_clock::now() >= *look) {
      look.reset();
      earliest = in(kBetweenLooks);
      read_watches();
      schedule_due = schedule_due || retry_soon_;
    }
    if (std::exchange(schedule_due, false)) {
      retry_soon_ = retry_later_ = false;
      for (auto& [run, runner] : runners_)
        if (runner.is_behind) ingest(run, runner);
      try {
        schedule();
      } catch (const Error& error) {  // with a full disk nothing more is decided, and all goes on
        if (error.kind() != ErrorKind::Limit) throw;
        warn(error.what());
        retry_later_ = true;
      }
    }
    std::vector<pollfd> fds{{wake_.get(), POLLIN, 0},
                            {inotify_.get(), static_cast<short>(look ? 0 : POLLIN), 0}};
    std::vector<std::string> names;
    for (const auto& [run, runner] : runners_) {
      fds.push_back({runner.pidfd.get(), POLLIN, 0});
      names.push_back(run);
    }
    int patience = retry_soon_ ? 50 : waiting_for_room_ || retry_later_ ? 2000 : -1;
    if (next_start_ && patience != 50) {
      const int left = poll_timeout(*next_start_);
      patience = patience < 0 ? left : std::min(patience, left);
    }
    const int timeout = look ? poll_timeout(*look) : patience;
    const int ready = ::poll(fds.data(), fds.size(), timeout);
    if (ready < 0 && errno != EINTR) throw_errno("poll");
    if (ready == 0 && !look) schedule_due = true;
    if (fds[0].revents) {
      std::uint64_t count = 0;
      [[maybe_unused]] const auto n = ::read(wake_.get(), &count, sizeof count);
      schedule_due = true;
    }
    if (fds[1].revents) look = std::max(in(kToldAfter), earliest);
    for (size_t i = 0; i < names.size(); ++i) {
      if (!fds[i + 2].revents) continue;
      runner_died(names[i]);
      schedule_due = true;
    }
  }
  if (stop_runs_) terminate_runs();
}

void Supervisor::read_watches() {
  alignas(inotify_event) std::array<char, 16384> buffer;
  std::set<std::string> changed;
  for (;;) {
    const ssize_t n = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (n <= 0) break;
    for (ssize_t at = 0; at < n;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      if (event->mask & IN_Q_OVERFLOW) {
        for (const auto& [run, runner] : runners_) changed.insert(run);
      } else if (const auto found = watches_.find(event->wd); found != watches_.end()) {
        changed.insert(found->second);
      }
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  }
  for (const auto& run : changed) {
    if (const auto found = runners_.find(run); found != runners_.end()) ingest(run, found->second);
  }
}

bool Supervisor::ingest(const std::string& run, Runner& runner) {
  const size_t before = runner.offset;
  try {
    auto events = run::read_journal(places_.run_folder(run) / run::kJournalFile, runner.offset);
    if (!events.empty()) silent_deaths_.erase(run);
    append(events);
    const bool place_changed = std::ranges::any_of(events, [](const auto& event) {
      return event.kind == "waiting" || event.kind == "resumed";
    });
    if (place_changed) wake();
    runner.is_behind = false;
  } catch (const Error& error) {
    // The journal keeps what the store could not take (a full disk): it is read again later.
    warn(fmt::format("{}: {}", run, error.what()));
    runner.offset = before;
    runner.is_behind = true;
    retry_later_ = true;
  }
  return !runner.is_behind;
}

void Supervisor::watch(const std::string& run, Runner runner) {
  const fs::path folder = places_.run_folder(run);
  // Its journal alone, made here where the runner was not as quick: a run writes other files more
  // often.
  const fs::path journal = folder / run::kJournalFile;
  const Fd made(::open(journal.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const fs::path& watched = made ? journal : folder;
  runner.watch = ::inotify_add_watch(inotify_.get(), watched.c_str(), IN_MODIFY | IN_CREATE);
  if (runner.watch >= 0) watches_[runner.watch] = run;
  Runner& kept = runners_[run] = std::move(runner);
  running_count_ = static_cast<int>(runners_.size());
  ingest(run, kept);
}

void Supervisor::runner_died(const std::string& run) {
  Runner& runner = runners_.at(run);
  ++silent_deaths_[run];
  if (!ingest(run, runner)) caught_up_.erase(run);
  if (runner.watch >= 0) {
    ::inotify_rm_watch(inotify_.get(), runner.watch);
    watches_.erase(runner.watch);
  }
  runners_.erase(run);
  running_count_ = static_cast<int>(runners_.size());
}

bool Supervisor::catch_up(const core::Task& task, const core::Run& run) {
  if (caught_up_.contains(run.id)) return false;
  size_t offset = 0;
  auto events = run::read_journal(places_.run_folder(run.id) / run::kJournalFile, offset);
  std::erase_if(events, [last = store_.last_seq(task.id, run.id)](const auto& event) {
    return event.seq <= last;
  });
  append(events);
  caught_up_.insert(run.id);
  if (!events.empty()) silent_deaths_.erase(run.id);
  return !events.empty();
}

bool Supervisor::adopt(const core::Task& task, const core::Run& run) {
  const fs::path folder = places_.run_folder(run.id);
  if (!FileLock::is_held(folder / run::kLockFile)) return false;
  pid_t pid = 0;
  for (const auto& stored : store_.events_of(task.id)) {
    if (stored.event.run == run.id && stored.event.kind == "run_started") {
      pid = static_cast<pid_t>(get_int(stored.event.body, "pid"));
    }
    if (stored.event.kind == "cancel_requested") {
      const std::lock_guard hold(orders_mutex_);
      cancels_.insert(task.id);
    }
    if (stored.event.kind == "run_created") {
      const std::lock_guard hold(orders_mutex_);
      cancels_.erase(task.id);
    }
  }
  Fd pidfd = pid > 0 ? proc::open_pidfd(pid) : Fd();
  if (!pidfd) {  // it holds the lock and has not journalled its start yet: look again soon
    caught_up_.erase(run.id);
    retry_soon_ = true;
    return true;
  }
  watch(run.id, Runner{std::move(pidfd), -1, 0, task.spec.repo});
  return true;
}

bool Supervisor::has_room(const std::vector<core::Task>& tasks) {
  std::error_code failed;
  const auto space = fs::space(places_.state, failed);
  if (failed || space.available >= config_.min_free_bytes) {
    waiting_for_room_ = false;
    return true;
  }
  waiting_for_room_ = true;
  for (const auto& task : tasks) {
    if (task.state != core::State::Queued) continue;
    try {
      append({{task.id,
               "",
               0,
               now(),
               "task_waiting",
               {{"waiting_for", "disk"},
                {"reason", "only " + human_size(space.available) + " are free on the disk of " +
                               places_.state.string() + "; runs start again with " +
                               human_size(config_.min_free_bytes) + " free (nightjar clean)"}}}});
    } catch (const Error&) {
      return false;  // not even room to say so
    }
  }
  return false;
}

void Supervisor::schedule() {
  const auto tasks = store_.active();
  struct Waiting {
    int repo_load;
    Time created;
    const core::Task* task;
    const core::Run* run;
  };
  std::vector<Waiting> waiting;
  bool again = false;
  for (const auto& task : tasks) {
    for (const auto& run : task.runs) {
      if (!is_under_way(run) || runners_.contains(run.id)) continue;
      if (catch_up(task, run)) {
        again = true;  // the journal may have moved the task on
        continue;
      }
      if (adopt(task, run)) continue;
      waiting.push_back({0, task.created, &task, &run});
    }
  }
  if (again) return wake();
  deliver_cancels();
  interrupt_runners();
  std::set<std::string> idle;
  for (const auto& task : tasks)
    for (const auto& run : task.runs)
      if (waits_for_model(run) && runners_.contains(run.id)) idle.insert(run.id);
  waiting_count_ = static_cast<int>(idle.size());
  std::map<std::string, int> load;
  for (const auto& [run, runner] : runners_)
    if (!idle.contains(run)) ++load[runner.repo];
  const int most = config_.most_runs > 0 ? config_.most_runs : default_most_runs();
  const auto has_place = [&] {
    const int processes = static_cast<int>(runners_.size());
    return processes - waiting_count_ < most && processes < std::max(most, kMostProcesses);
  };
  next_start_.reset();
  while (!waiting.empty()) {
    const auto first = std::ranges::find_if(
        waiting, [this](const Waiting& entry) { return at_once_.contains(entry.run->id); });
    if (first == waiting.end() && !has_place()) return;
    for (auto& entry : waiting) entry.repo_load = load[entry.task->spec.repo];
    const auto fairest = std::ranges::min_element(waiting, {}, [](const Waiting& entry) {
      return std::tuple(entry.repo_load, entry.created, entry.run->id);
    });
    const auto next = first != waiting.end() ? first : fairest;
    if (!has_room(tasks)) return;
    at_once_.erase(next->run->id);
    if (start_run(*next->task, *next->run)) ++load[next->task->spec.repo];
    waiting.erase(next);
  }
}

void Supervisor::terminate_runs() {
  for (const auto& [run, runner] : runners_) {
    ::syscall(SYS_pidfd_send_signal, runner.pidfd.get(), SIGTERM, nullptr, 0);
  }
  const Deadline deadline = in(std::chrono::seconds(10));
  for (auto& [run, runner] : runners_) {
    pollfd ended{runner.pidfd.get(), POLLIN, 0};
    ::poll(&ended, 1, poll_timeout(deadline));
    ingest(run, runner);
  }
}

}  // namespace nightjar::daemon
