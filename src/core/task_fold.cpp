// A task's state as a fold. Every event changes only what it is about (a run, the pull request, the
// conversation); the task's state then follows from all of that together, so that streams which
// arrive in another order end in the same state.
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "core/task.h"

namespace nightjar::core {

namespace {

constexpr std::array<std::pair<std::string_view, State>, 5> kStages{
    {{"prepare", State::Preparing},
     {"baseline", State::Preparing},
     {"work", State::Working},
     {"verify", State::Verifying},
     {"publish", State::Publishing}}};

std::optional<State> state_of_stage(std::string_view stage) {
  for (const auto& [name, state] : kStages) {
    if (name == stage) return state;
  }
  return std::nullopt;
}

/// 3 of "k3x9qa.3"; 0 where there is none.
int number_of(std::string_view run) {
  const size_t dot = run.rfind('.');
  if (dot == std::string_view::npos) return 0;
  int number = 0;
  std::from_chars(run.data() + dot + 1, run.data() + run.size(), number);
  return number;
}

/// The run, made where it is not known yet: its stream may be read before the task's own.
Run& run_in(Task& task, const std::string& id) {
  const auto found = std::ranges::find(task.runs, id, &Run::id);
  if (found != task.runs.end()) return *found;
  const auto place = std::ranges::upper_bound(task.runs, number_of(id), {},
                                              [](const Run& run) { return number_of(run.id); });
  Run run;
  run.id = id;
  return *task.runs.insert(place, std::move(run));
}

bool has_ended(const Run& run) { return run.ended != Time{}; }

/// Ended for good: no runner works on it again.
bool is_final(const Run& run) { return is_ended(run.state); }

bool has_proof(const Run& run) {
  return run.proof.verdict != Verdict::None || !run.proof.commit.empty() ||
         !run.proof.obligations.empty() || !run.checks.empty();
}

void move_run(Run& run, State next) {
  if (next != run.state && !may_follow(run.state, next)) return;
  run.state = next;
  run.waiting_for = WaitingFor::Nothing;
  run.reason.clear();
}

std::string_view task_of(const Run& run) {
  return std::string_view(run.id).substr(0, run.id.rfind('.'));
}

void end_run(Run& run, State state, const std::string& reason, Time time) {
  if (is_final(run)) return;
  run.state = state;
  run.waiting_for = WaitingFor::Nothing;
  run.reason = with_id(reason, task_of(run));
  run.ended = time;
}

/// What a runner does again (or for the first time) on a run that is not final.
void set_going(Run& run, State state) {
  if (is_final(run)) return;
  move_run(run, state);
  run.ended = Time{};
}

// --- what follows for the task -----------------------------------------------------------------

/// Attempts that were not selected no longer decide anything.
bool counts(const Task& task, const Run& run) {
  if (run.state == State::Closed) return false;
  const bool is_attempt = number_of(run.id) <= task.spec.attempts;
  return task.selected_run.empty() || run.id == task.selected_run || !is_attempt;
}

/// Its proof is there; the service has yet to say which attempt is published, or to have it
/// published.
bool awaits_publication(const Task& task, const Run& run) {
  return task.spec.attempts > 1 && number_of(run.id) <= task.spec.attempts &&
         task.pull_request.number == 0 && run.state == State::InReview && run.branch.empty();
}

/// How far along a run under way is; the furthest one of several attempts is the task's state.
int progress(const Run& run) {
  switch (run.state) {
    case State::Publishing:
      return 5;
    case State::Verifying:
      return 4;
    case State::Working:
      return 3;
    case State::Preparing:
      return 2;
    case State::Queued:
      return run.waiting_for == WaitingFor::Nothing ? 1 : 0;
    default:
      return 0;
  }
}

void set_state(Task& task, State state, WaitingFor waiting_for, std::string reason) {
  task.state = state;
  task.waiting_for = waiting_for;
  task.reason = std::move(reason);
}

std::string reason_or(const std::string& reason, std::string_view otherwise) {
  return reason.empty() ? std::string(otherwise) : reason;
}

const Run* published_run(const Task& task) {
  const Run* found = nullptr;
  for (const auto& run : task.runs) {
    const std::string& head = task.pull_request.head_commit;
    if (!head.empty() && (run.candidate == head || run.proof.commit == head)) found = &run;
  }
  return found;
}

/// The run whose proof is the task's: of the work under way, else of what is published, else the
/// newest.
const Run* run_that_counts(const Task& task) {
  const Run* newest = nullptr;
  const Run* going = nullptr;
  for (const auto& run : task.runs) {
    if (!counts(task, run) || !has_proof(run)) continue;
    newest = &run;
    if (!has_ended(run)) going = &run;
  }
  if (going) return going;
  if (task.pull_request.number != 0) {
    if (const Run* published = published_run(task)) return published;
  }
  return newest;
}

void settle_proof(Task& task) {
  if (const Run* run = run_that_counts(task)) {
    task.proof = run->proof;
    task.checks = run->checks;
  }
  std::string branch = task.pull_request.branch;
  for (const auto& run : task.runs) {
    if (task.pull_request.number == 0 && counts(task, run) && !run.branch.empty())
      branch = run.branch;
  }
  task.branch = branch;
}

/// No run is under way: the newest one that counts decides, unless something is in review.
void settle_ended(Task& task, const Run& newest, bool any_in_review) {
  const auto& pr = task.pull_request;
  const bool in_review = pr.number != 0 ? pr.state == PullRequestState::Open : any_in_review;
  if (newest.state == State::Waiting) {
    set_state(task, State::Waiting, newest.waiting_for, reason_or(newest.reason, "waiting"));
  } else if (in_review) {
    std::string reason = newest.reason;
    if (reason.empty() && newest.state != State::InReview) reason = "the last run did not finish";
    if (reason.empty() && task.proof.verdict != Verdict::Proved) reason = "nothing was proved";
    set_state(task, State::InReview, WaitingFor::Nothing, std::move(reason));
  } else if (newest.state == State::Cancelled) {
    set_state(task, State::Cancelled, WaitingFor::Nothing, reason_or(newest.reason, "cancelled"));
  } else {
    set_state(task, State::Failed, WaitingFor::Nothing,
              reason_or(newest.reason, "the run ended without a reason"));
  }
}

void settle(Task& task) {
  settle_proof(task);
  const Run* going = nullptr;
  const Run* newest = nullptr;
  const Run* awaited = nullptr;
  bool any_in_review = false;
  for (const auto& run : task.runs) {
    if (!counts(task, run)) continue;
    newest = &run;
    if (!has_ended(run)) {
      if (!going || progress(run) > progress(*going)) going = &run;
    } else if (awaits_publication(task, run)) {
      awaited = &run;
    } else if (run.state == State::InReview) {
      any_in_review = true;
    }
  }
  if (going) {
    const bool waits = going->waiting_for != WaitingFor::Nothing;
    set_state(task, waits ? State::Waiting : going->state, going->waiting_for, going->reason);
  } else if (awaited) {
    set_state(task, State::Publishing, WaitingFor::Nothing, "");
  } else if (newest) {
    settle_ended(task, *newest, any_in_review);
  } else if (task.pull_request.number != 0) {
    set_state(task, State::InReview, WaitingFor::Nothing,
              task.proof.verdict == Verdict::Proved ? "" : "nothing was proved");
  }
}

/// The task is over, and with it whatever still runs for it.
void end_task(Task& task, State state, const std::string& reason, Time time) {
  set_state(task, state, WaitingFor::Nothing, reason);
  for (auto& run : task.runs) {
    if (!has_ended(run) || run.state == State::Waiting) {
      end_run(run, State::Cancelled, reason_or(reason, to_string(state)), time);
    }
  }
}

// --- a run's stream ----------------------------------------------------------------------------

void on_run_ended(Run& run, const Event& event) {
  const auto state = state_from(get_string(event.body, "state"));
  const bool known = state == State::InReview || state == State::Failed ||
                     state == State::Cancelled || state == State::Waiting || state == State::Closed;
  if (!known || is_final(run)) return;
  end_run(run, *state, get_string(event.body, "reason"), event.time);
  if (*state == State::Waiting) {
    run.waiting_for = waiting_for_from(get_string(event.body, "waiting_for"));
    if (run.waiting_for == WaitingFor::Nothing) run.waiting_for = WaitingFor::Person;
  }
}

void on_proof(Run& run, const json::object& body) {
  run.proof = proof_from(get_object(body, "proof"));
  run.checks.clear();
  for (const auto& item : get_array(body, "checks")) {
    if (item.is_object()) run.checks.push_back(check_comparison_from(item.get_object()));
  }
}

void on_waiting(Run& run, const json::object& body) {
  if (is_final(run) || has_ended(run)) return;
  run.state = State::Waiting;
  run.waiting_for = waiting_for_from(get_string(body, "waiting_for"));
  if (run.waiting_for == WaitingFor::Nothing) run.waiting_for = WaitingFor::Person;
  run.reason = with_id(get_string(body, "reason"), task_of(run));
}

/// The kinds that tell something about the run as a whole; all others are for people to read.
bool concerns_run(std::string_view kind) {
  static constexpr std::array<std::string_view, 14> kKinds{
      "run_started", "stage_started", "waiting",   "resumed",    "change",     "candidate", "proof",
      "published",   "branch_kept",   "run_ended", "model_used", "checkpoint", "rewound",   "plan"};
  return std::ranges::find(kKinds, kind) != kKinds.end();
}

void apply_to_run(Run& run, const Event& event) {
  const auto& [kind, body] = std::tie(event.kind, event.body);
  if (kind == "run_started") {
    if (run.started == Time{}) run.started = event.time;
    run.version = get_string(body, "version");
    set_going(run, state_of_stage(run.stage).value_or(State::Preparing));
  } else if (kind == "stage_started") {
    const std::string stage = get_string(body, "stage");
    const auto state = state_of_stage(stage);
    if (!state) return;
    run.stage = stage;
    set_going(run, *state);
  } else if (kind == "waiting") {
    on_waiting(run, body);
  } else if (kind == "resumed") {
    set_going(run, state_of_stage(run.stage).value_or(State::Preparing));
  } else if (kind == "change") {
    run.files = static_cast<int>(get_int(body, "files"));
    run.insertions = static_cast<int>(get_int(body, "insertions"));
    run.deletions = static_cast<int>(get_int(body, "deletions"));
  } else if (kind == "candidate") {
    run.candidate = get_string(body, "commit");
    run.work.clear();
  } else if (kind == "checkpoint") {
    run.work = get_string(body, "commit");
  } else if (kind == "rewound") {
    if (!body.contains("commit")) return;  // of an older program
    run.work = get_string(body, "commit");
    run.plan = plan_from({{"items", get_array(body, "plan")}});
  } else if (kind == "plan") {
    run.plan = plan_from(body);
  } else if (kind == "proof") {
    on_proof(run, body);
  } else if (kind == "published") {
    run.branch = get_string(body, "branch");
    run.candidate = get_string(body, "commit", run.candidate);
    run.base_commit = get_string(body, "base_commit", run.base_commit);
  } else if (kind ==
             "branch_kept") {  // refuted: it stands in the repository, without a pull request
    run.branch = get_string(body, "branch");
    run.candidate = get_string(body, "commit", run.candidate);
  } else if (kind == "model_used") {
    run.model = model_use_from(body);
  } else if (kind == "run_ended") {
    on_run_ended(run, event);
  }
}

// --- the task's own stream ---------------------------------------------------------------------

void on_run_created(Task& task, const json::object& body) {
  const std::string id = get_string(body, "run");
  if (id.empty() || task.state == State::Merged || task.state == State::Closed) return;
  Run& run = run_in(task, id);
  run.agent = get_string(body, "agent");
  run.brief = get_string(body, "brief");
  if (run.model.turns == 0) run.model.model = get_string(body, "model");
  if (run.base_commit.empty()) run.base_commit = get_string(body, "base_commit");
  settle(task);
}

/// A run that had ended to wait for a person goes on where it stood.
void on_run_resumed(Task& task, const json::object& body) {
  const auto run = std::ranges::find(task.runs, get_string(body, "run"), &Run::id);
  if (run == task.runs.end() || run->state != State::Waiting || is_ended(task.state)) return;
  run->ended = Time{};
  run->waiting_for = WaitingFor::Nothing;
  run->reason.clear();
  run->state = State::Queued;
  settle(task);
}

/// Nothing can start: queued runs wait, and so does a task that has no run yet.
void on_task_waiting(Task& task, const json::object& body) {
  const WaitingFor what = waiting_for_from(get_string(body, "waiting_for"));
  const std::string reason = get_string(body, "reason");
  if (is_ended(task.state)) return;
  for (auto& run : task.runs) {
    if (run.state != State::Queued) continue;
    run.waiting_for = what;
    run.reason = reason;
  }
  if (!task.runs.empty()) {
    settle(task);
  } else {
    const bool waits = what != WaitingFor::Nothing;
    set_state(task, waits ? State::Waiting : State::Queued, what, waits ? reason : "");
  }
  if (task.state == State::InReview) task.reason = reason_or(reason, task.reason);
}

void on_pull_request(Task& task, const json::object& body, bool opened) {
  auto& pr = task.pull_request;
  if (task.state == State::Merged || task.state == State::Closed) return;
  if (opened == (pr.number != 0)) return;
  if (opened) {
    pr.number = static_cast<int>(get_int(body, "number"));
    pr.branch = get_string(body, "branch");
  }
  pr.base_commit = get_string(body, "base_commit", pr.base_commit);
  pr.head_commit = get_string(body, "head_commit", pr.head_commit);
  pr.description = get_string(body, "description", pr.description);
  pr.approved_by.clear();  // what was approved was another commit
  if (task.state == State::Cancelled) return;
  pr.state = PullRequestState::Open;  // a cancelled task that was taken up again
  settle(task);
}

void on_end_by_person(Task& task, const Event& event) {
  auto& pr = task.pull_request;
  if (event.kind == "merged") {
    if (pr.number == 0) return;
    pr.state = PullRequestState::Merged;
    pr.merge_commit = get_string(event.body, "commit");
    const bool proved = task.proof.verdict == Verdict::Proved;
    end_task(task, State::Merged, proved ? "" : reason_or(task.reason, "nothing was proved"),
             event.time);
    return;
  }
  if (pr.number != 0) pr.state = PullRequestState::Closed;
  const bool closed = event.kind == "closed";
  const std::string reason = get_string(event.body, "reason");
  end_task(task, closed ? State::Closed : State::Cancelled,
           reason_or(reason, closed ? "closed without merging" : "cancelled"), event.time);
}

void add_comment(Task& task, const Event& event) {
  task.comments.push_back(
      {event.time, get_string(event.body, "author"), get_string(event.body, "path"),
       static_cast<int>(get_int(event.body, "line")), get_string(event.body, "text")});
}

void apply_to_task(Task& task, const Event& event) {
  const auto& [kind, body] = std::tie(event.kind, event.body);
  if (kind == "task_created") {
    if (task.created != Time{}) return;
    task.id = event.task;
    task.spec = task_spec_from(body);
    task.created = event.time;
  } else if (kind == "uncommitted") {
    task.spec.uncommitted = static_cast<int>(get_int(body, "changes"));
  } else if (kind == "run_created") {
    on_run_created(task, body);
  } else if (kind == "task_waiting") {
    on_task_waiting(task, body);
  } else if (kind == "run_selected") {
    task.selected_run = get_string(body, "run");
    if (!is_ended(task.state)) settle(task);
  } else if (kind == "run_resumed") {
    on_run_resumed(task, body);
  } else if (kind == "start_delayed") {
    const auto run = std::ranges::find(task.runs, get_string(body, "run"), &Run::id);
    if (run == task.runs.end() || has_ended(*run) || run->waiting_for != WaitingFor::Nothing)
      return;
    run->reason = get_string(body, "reason");
    if (!is_ended(task.state)) settle(task);
  } else if (kind == "run_lost") {
    end_run(run_in(task, get_string(body, "run")), State::Failed,
            reason_or(get_string(body, "reason"), "the runner died"), event.time);
    if (!is_ended(task.state)) settle(task);
  } else if (kind == "pull_request_opened" || kind == "pull_request_updated") {
    on_pull_request(task, body, kind == "pull_request_opened");
  } else if (kind == "commented" || kind == "changes_requested") {
    add_comment(task, event);
  } else if (kind == "approved") {
    if (task.pull_request.number != 0) task.pull_request.approved_by = get_string(body, "author");
  } else if (kind == "merge_failed") {
    if (task.state == State::InReview) {
      task.reason = reason_or(get_string(body, "reason"), "the merge failed");
    }
  } else if (kind == "merged" || kind == "closed" || kind == "cancelled") {
    if (task.state != State::Merged && task.state != State::Closed &&
        (task.state != State::Cancelled || kind != "cancelled")) {
      on_end_by_person(task, event);
    }
  }
}

}  // namespace

Task apply(Task task, const Event& event) {
  if (task.id.empty()) task.id = event.task;
  if (event.task != task.id) return task;
  if (event.run.empty()) {
    if (event.seq > 0 && event.seq <= task.last_task_seq) return task;
    apply_to_task(task, event);
    task.last_task_seq = std::max(task.last_task_seq, event.seq);
  } else if (number_of(event.run) > 0 && concerns_run(event.kind)) {
    apply_to_run(run_in(task, event.run), event);
    // The end of a task stays; only a new run, which a person asked for, leads out of it.
    if (!is_ended(task.state)) settle(task);
  }
  task.updated = std::max(task.updated, event.time);
  return task;
}

}  // namespace nightjar::core
