// The stages of a run: each is journalled when it begins and when it ends, never repeated after its
// end, and made anew where its sandbox or the disk failed it.
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"
#include "run/journal.h"
#include "run/pipeline.h"

namespace nightjar::run {

/// Thrown inside the pipeline alone, to leave a stage with the run's end.
struct Ending {
  End end;
};

[[noreturn]] void end_run(core::State state, std::string reason,
                          core::WaitingFor waiting = core::WaitingFor::Nothing);

/// How long a run was at work, in all its processes.
Millis time_at_work(const std::vector<core::Event>& events, Time until);

struct StageName {
  std::string name;
  int round = 1;  ///< of work and proof
};

class Stages {
 public:
  /// `limit` counts from the run's first event, across processes, without what it waited.
  /// `scratch`: what stages write, a folder each; all but the agent's is removed before room on its
  /// disk is waited for.
  Stages(Journal& journal, std::filesystem::path scratch, Millis limit, std::stop_token stop);

  Millis limit() const { return limit_; }
  Deadline deadline() const { return deadline_; }
  /// So long the run waited for something, which does not count.
  void extend(Millis waited) { deadline_ += waited; }
  bool late() const { return std::chrono::steady_clock::now() >= deadline_; }
  [[noreturn]] void timed_out(std::string_view what) const;

  /// What the stage established: from the journal where it has ended, else by `work`. The body of
  /// its `stage_finished`.
  json::object run(const StageName& stage, const std::function<json::object()>& work);
  /// Why the sandbox of this stage's last try went away; empty: it did not.
  const std::string& lost() const { return lost_; }

 private:
  [[noreturn]] void failed(std::string why) const;
  long newest_checkpoint() const;
  /// False: there is room already.
  bool wait_for_room(const std::string& why);

  Journal& journal_;
  std::filesystem::path scratch_;
  Millis limit_;
  Deadline deadline_;
  std::stop_token stop_;
  std::string lost_;
};

}  // namespace nightjar::run
