// A task as values, and its state as a pure fold over events.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "core/check.h"
#include "core/event.h"
#include "core/proof.h"

namespace nightjar::core {

enum class Kind { Refactor, Bugfix, Feature, Tests, Migration, Docs, Chore, Performance };
enum class State {
  Queued,
  Preparing,
  Working,
  Waiting,
  Verifying,
  Publishing,
  InReview,
  Merged,
  Closed,
  Failed,
  Cancelled
};
enum class WaitingFor { Nothing, Person, Model, Quota, Disk, Lock };

std::string_view to_string(Kind kind);
std::string_view to_string(State state);
std::string_view to_string(WaitingFor what);  ///< "" for Nothing
std::optional<Kind> kind_from(std::string_view text);
std::optional<State> state_from(std::string_view text);
WaitingFor waiting_for_from(std::string_view text);
/// merged, closed, failed, cancelled.
bool is_ended(State state);
/// Ended, in_review or waiting for a person (or for money): no run of it is under way, `--wait`
/// returns.
bool needs_no_runner(State state, WaitingFor waiting);

struct Limits {
  Millis time{0};           ///< wall clock of one run; 0: the service's default
  Millis idle{0};           ///< longest silence of one command; 0: the service's default
  double cost_usd = 0;      ///< most that one run may spend on its model; 0: no limit
  std::int64_t tokens = 0;  ///< most that one run may send and receive; 0: no limit
  int turns = 0;            ///< most replies of the model; 0: no limit
  bool operator==(const Limits&) const = default;
};

/// What a run's model was asked and answered so far.
struct ModelUse {
  std::string model;  ///< as the person calls it; empty: no model is used
  int turns = 0;      ///< replies
  std::int64_t input = 0, cached = 0, output = 0;  ///< tokens; cached ones are among the input
  double cost_usd = 0;
  bool cost_known = false;  ///< there were prices for all of it
  ModelUse& operator+=(const ModelUse& other);
  bool operator==(const ModelUse&) const = default;
};

/// What a person asked for; never changes after it was accepted.
struct TaskSpec {
  std::string title;
  std::string brief;
  Kind kind = Kind::Chore;
  bool kind_guessed = false;
  std::string repo;  ///< absolute path of the user's repository (work tree root, or the bare one)
  std::string base;  ///< branch (or ref) the work starts from and merges into
  std::string base_commit;  ///< its full id when the task was accepted
  bool detached = false;    ///< base is a commit, not a branch: merging needs --into
  std::string agent;        ///< "mechanic", "native"; empty where no agent here can do it
  std::string model;        ///< of an agent that needs one, as the person calls it
  std::vector<std::string> check_commands;  ///< from --check; empty: nightjar.toml or detection
  Limits limits;
  int attempts = 1;
  std::string person;            ///< "Name <mail>" of who asked, for the co-author trailer
  int uncommitted = 0;           ///< changes in the work tree that are not part of the task
  bool network_allowed = false;  ///< the person allowed setup to use the network
  bool plan_first = false;       ///< the agent's plan waits for the person's yes
  bool operator==(const TaskSpec&) const = default;
};

/// One line of an agent's checklist.
struct PlanItem {
  std::string text;
  bool done = false;
  bool operator==(const PlanItem&) const = default;
};

struct Run {
  std::string id;  ///< "<task>.<n>", n from 1
  std::string agent;
  std::string brief;  ///< the brief of this run: the task's, or the change that was requested
  State state = State::Queued;
  WaitingFor waiting_for = WaitingFor::Nothing;
  std::string reason;
  std::string stage;           ///< prepare, baseline, work, verify, publish; empty before the first
  std::string candidate;       ///< full id of the commit the agent's change became
  std::string work;            ///< of the work in progress as it was last kept, where that is newer
  std::vector<PlanItem> plan;  ///< the agent's checklist as it set it last
  std::string base_commit;
  std::string branch;  ///< where it was published (or kept, where refuted)
  ModelUse model;
  std::string version;  ///< of the program whose runner worked on it last; empty before it started
  int files = 0, insertions = 0, deletions = 0;
  std::vector<CheckComparison> checks;
  Proof proof;
  Time started{}, ended{};
  bool operator==(const Run&) const = default;
};

enum class PullRequestState { Open, Merged, Closed };

struct PullRequest {
  int number = 0;  ///< counts from 1 within one repository; 0: there is none
  PullRequestState state = PullRequestState::Open;
  std::string branch;
  std::string base_commit;
  std::string head_commit;
  std::string description;  ///< Markdown
  std::string merge_commit;
  std::string approved_by;
  bool operator==(const PullRequest&) const = default;
};

struct Comment {
  Time time{};
  std::string author;
  std::string path;  ///< empty: a general comment
  int line = 0;
  std::string text;
  bool operator==(const Comment&) const = default;
};

struct Task {
  std::string id;
  TaskSpec spec;
  State state = State::Queued;
  WaitingFor waiting_for = WaitingFor::Nothing;
  std::string reason;
  std::string branch;
  std::vector<Run> runs;  ///< oldest first
  std::string
      selected_run;  ///< of several attempts, the one to publish; empty: none was selected yet
  PullRequest pull_request;
  std::vector<CheckComparison> checks;  ///< of the run that counts: the newest, or the selected one
  Proof proof;
  std::vector<Comment> comments;
  Time created{}, updated{};
  long last_task_seq = 0;  ///< seq of the newest event in the task's own stream
  bool operator==(const Task&) const = default;

  const Run* run(std::string_view run_id) const;
};

/// Of all runs together.
ModelUse model_use(const Task& task);

json::object to_json(const Limits& limits);
Limits limits_from(const json::object& object);
/// `model` (or null), `turns`, `tokens {input, cached, output}`, `cost_usd` (null: not known).
void put_model_use(json::object& into, const ModelUse& use);
ModelUse model_use_from(const json::object& object);
/// Of a `plan` event: {items: [{text, done}]}.
std::vector<PlanItem> plan_from(const json::object& object);
json::object to_json(const TaskSpec& spec);
TaskSpec task_spec_from(const json::object& object);

/// The documented task object of the API and the CLI (docs/api.md): stable, additive.
json::object to_json(const Task& task);
/// Whole value for the store's cache; `task_from` reads it back unchanged.
json::object to_cache(const Task& task);
Task task_from_cache(const json::object& object);

/// The task after one more event. Events of a kind this version does not know change nothing but
/// `updated` and `last_task_seq`. The state is that of the run under way; `in_review` once the run
/// that published has ended. A follow-up run that fails leaves the task in review, with its reason.
/// REQUIRES: events of one stream in order of seq; streams may interleave.
Task apply(Task task, const Event& event);

/// Commands in a sentence for the person name this task: "nightjar resume ID" is said by those who
/// know no id.
std::string with_id(std::string_view text, std::string_view id);

/// True where `next` may follow `from` within one run; the fold refuses other moves by ignoring
/// them.
bool may_follow(State from, State next);

}  // namespace nightjar::core
