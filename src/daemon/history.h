// What the log of one task says about one of its runs, beyond what the task's fold keeps.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/store.h"

namespace nightjar::daemon {

struct History {
  History(const std::vector<store::StoredEvent>& events, std::string_view run);

  bool cancel_requested = false;   ///< after the newest run was made
  bool verified = false;           ///< its verify stage has finished
  int resumes = 0;                 ///< how often a person let it go on
  std::optional<int> rewind_turn;  ///< that the newest of these asked for
  json::object limits;             ///< what the person gave it then, over those of the task
  int starts_of_stage = 0;         ///< runner starts since the last finished stage
  /// Since anything was finished that no later runner does again.
  int starts_without_progress = 0;
  std::string stage = "start";
  std::string model;     ///< that the run was made for, whoever took it over since
  std::string selected;  ///< the attempt that was selected
};

/// The newest turn of a run's conversation as it stands: a rewind takes back those behind it.
int newest_turn(const std::vector<core::Event>& events_of_run);

/// "3: edit calc.py; 4: shell make, ask Which?": the newest turns of it, and what each did.
std::string last_turns(const std::vector<core::Event>& events_of_run);

/// What happened, a line an event, for `nightjar log`.
std::string as_text(const std::vector<store::StoredEvent>& events, std::string_view run);

}  // namespace nightjar::daemon
