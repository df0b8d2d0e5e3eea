// Runner processes: starts them fairly, adopts those of an earlier daemon, reads their journals
// into the store, and starts a run again whose runner died. One thread, which sleeps until
// something happens. A run that waits for its model keeps its process and takes no place among the
// runs at once.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/file.h"
#include "daemon/config.h"
#include "daemon/places.h"
#include "run/fork_server.h"
#include "store/store.h"

namespace nightjar::daemon {

class Supervisor {
 public:
  /// `announce` is called with the id of the newest event after each batch that was stored.
  Supervisor(store::Store& store, const Config& config, const Places& places,
             std::function<void(long)> announce);

  /// Until `stop()`. Throws where the store is broken: the process should end then.
  void loop();

  // From any thread.
  void wake();
  /// Ends the task's runs: those at work are told until they hear it, those that wait never start.
  void cancel(const std::string& task);
  /// The runner of a run that waits for its model makes place for another, which asks again and
  /// hears what was said meanwhile.
  void take_up_again(const std::string& run);
  void stop(bool runs_too);
  int running() const { return running_count_; }
  int waiting_for_model() const { return waiting_count_; }

 private:
  struct Runner {
    Fd pidfd;
    int watch = -1;
    size_t offset = 0;
    std::string repo;
    bool is_behind = false;  ///< its journal holds what the store could not take
  };

  void schedule();
  void deliver_cancels();
  void interrupt_runners();
  bool start_run(const core::Task& task, const core::Run& run);
  /// Whether the next start is due of a run whose runner ended so often without getting further.
  bool is_due(const core::Task& task, const core::Run& run, int ends, const std::string& stage);
  bool adopt(const core::Task& task, const core::Run& run);
  void watch(const std::string& run, Runner runner);
  /// Stores what the runner journalled since; false: the store cannot take it now.
  bool ingest(const std::string& run, Runner& runner);
  /// Stores what an earlier runner of the run journalled; false: nothing new.
  bool catch_up(const core::Task& task, const core::Run& run);
  void runner_died(const std::string& run);
  void read_watches();
  void append(const std::vector<core::Event>& events);
  bool select_attempt(const core::Task& task, const std::vector<store::StoredEvent>& events);
  bool has_room(const std::vector<core::Task>& tasks);
  void terminate_runs();

  store::Store& store_;
  const Config& config_;
  const Places& places_;
  std::function<void(long)> announce_;
  Fd wake_;
  Fd inotify_;
  run::ForkServer fork_server_;
  std::map<std::string, Runner> runners_;
  std::map<int, std::string> watches_;
  std::map<std::string, int> silent_deaths_;  ///< in a row, without a single new event
  struct Delay {
    int ends = 0;  ///< after which it was set
    Deadline until{};
  };
  std::map<std::string, Delay> delays_;  ///< of the next start of runs
  std::optional<Deadline> next_start_;   ///< the earliest of these
  std::set<std::string> at_once_;        ///< runs that start whatever else is at work
  std::set<std::string> caught_up_;
  std::mutex orders_mutex_;
  std::set<std::string> cancels_;         ///< tasks; protected by orders_mutex_
  std::set<std::string> to_be_taken_up_;  ///< runs; protected by orders_mutex_
  std::atomic<int> running_count_{0};
  std::atomic<int> waiting_count_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> stop_runs_{false};
  bool waiting_for_room_ = false;
  bool retry_soon_ = false;
  bool retry_later_ = false;  ///< a runner could not be started, or the store is full
};

}  // namespace nightjar::daemon
