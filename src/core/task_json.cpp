// The documented JSON of a task, and the store's cache of it.
#include "core/task.h"

namespace nightjar::core {

namespace {

json::value text_or_null(std::string_view text) {
  if (text.empty()) return nullptr;
  return json::value(valid_utf8(text));
}

json::array checks_json(const std::vector<CheckComparison>& checks) {
  json::array out;
  for (const auto& check : checks) out.push_back(to_json(check));
  return out;
}

std::vector<CheckComparison> checks_from(const json::array& array) {
  std::vector<CheckComparison> out;
  for (const auto& item : array) {
    if (item.is_object()) out.push_back(check_comparison_from(item.get_object()));
  }
  return out;
}

std::string_view to_text(PullRequestState state) {
  switch (state) {
    case PullRequestState::Open:
      return "open";
    case PullRequestState::Merged:
      return "merged";
    case PullRequestState::Closed:
      return "closed";
  }
  return "open";
}

Time time_from(const json::object& object, std::string_view key) {
  return from_rfc3339(get_string(object, key)).value_or(Time{});
}

json::array plan_json(const std::vector<PlanItem>& plan) {
  json::array out;
  for (const auto& item : plan)
    out.push_back(json::object{{"text", valid_utf8(item.text)}, {"done", item.done}});
  return out;
}

json::object run_json(const Run& run) {
  json::object out{{"id", run.id},
                   {"agent", run.agent},
                   {"brief", valid_utf8(run.brief)},
                   {"state", to_string(run.state)},
                   {"waiting_for", text_or_null(to_string(run.waiting_for))},
                   {"reason", text_or_null(run.reason)},
                   {"stage", text_or_null(run.stage)},
                   {"base_commit", text_or_null(run.base_commit)},
                   {"candidate", text_or_null(run.candidate)},
                   {"work_in_progress", text_or_null(run.work)},
                   {"plan", plan_json(run.plan)},
                   {"branch", text_or_null(run.branch)},
                   {"version", text_or_null(run.version)},
                   {"files", run.files},
                   {"insertions", run.insertions},
                   {"deletions", run.deletions},
                   {"started", text_or_null(to_rfc3339(run.started))},
                   {"ended", text_or_null(to_rfc3339(run.ended))}};
  put_model_use(out, run.model);
  return out;
}

Run run_from(const json::object& o) {
  Run run;
  run.id = get_string(o, "id");
  run.agent = get_string(o, "agent");
  run.brief = get_string(o, "brief");
  run.state = state_from(get_string(o, "state")).value_or(State::Queued);
  run.waiting_for = waiting_for_from(get_string(o, "waiting_for"));
  run.reason = get_string(o, "reason");
  run.stage = get_string(o, "stage");
  run.base_commit = get_string(o, "base_commit");
  run.candidate = get_string(o, "candidate");
  run.work = get_string(o, "work_in_progress");
  run.plan = plan_from({{"items", get_array(o, "plan")}});
  run.branch = get_string(o, "branch");
  run.version = get_string(o, "version");
  run.model = model_use_from(o);
  run.files = static_cast<int>(get_int(o, "files"));
  run.insertions = static_cast<int>(get_int(o, "insertions"));
  run.deletions = static_cast<int>(get_int(o, "deletions"));
  run.started = time_from(o, "started");
  run.ended = time_from(o, "ended");
  run.checks = checks_from(get_array(o, "checks"));
  run.proof = proof_from(get_object(o, "proof"));
  return run;
}

json::value pull_request_json(const PullRequest& pr) {
  if (pr.number == 0) return nullptr;
  return json::object{{"number", pr.number},
                      {"state", to_text(pr.state)},
                      {"branch", pr.branch},
                      {"base_commit", pr.base_commit},
                      {"head_commit", pr.head_commit},
                      {"description", valid_utf8(pr.description)},
                      {"merge_commit", text_or_null(pr.merge_commit)},
                      {"approved_by", text_or_null(pr.approved_by)}};
}

PullRequest pull_request_from(const json::object& o) {
  PullRequest pr;
  pr.number = static_cast<int>(get_int(o, "number"));
  const std::string state = get_string(o, "state");
  pr.state = state == "merged"   ? PullRequestState::Merged
             : state == "closed" ? PullRequestState::Closed
                                 : PullRequestState::Open;
  pr.branch = get_string(o, "branch");
  pr.base_commit = get_string(o, "base_commit");
  pr.head_commit = get_string(o, "head_commit");
  pr.description = get_string(o, "description");
  pr.merge_commit = get_string(o, "merge_commit");
  pr.approved_by = get_string(o, "approved_by");
  return pr;
}

json::array comments_json(const std::vector<Comment>& comments) {
  json::array out;
  for (const auto& comment : comments) {
    out.push_back(json::object{{"time", to_rfc3339(comment.time)},
                               {"author", valid_utf8(comment.author)},
                               {"path", text_or_null(comment.path)},
                               {"line", comment.line},
                               {"text", valid_utf8(comment.text)}});
  }
  return out;
}

}  // namespace

json::object to_json(const Limits& limits) {
  return {{"time_ms", limits.time.count()},
          {"idle_ms", limits.idle.count()},
          {"cost_usd", limits.cost_usd},
          {"tokens", limits.tokens},
          {"turns", limits.turns}};
}

Limits limits_from(const json::object& o) {
  Limits limits;
  limits.time = Millis(get_int(o, "time_ms"));
  limits.idle = Millis(get_int(o, "idle_ms"));
  limits.cost_usd = get_double(o, "cost_usd");
  limits.tokens = get_int(o, "tokens");
  limits.turns = static_cast<int>(get_int(o, "turns"));
  return limits;
}

namespace {

bool was_asked(const ModelUse& use) { return use.turns > 0 || use.input + use.output > 0; }

}  // namespace

void put_model_use(json::object& into, const ModelUse& use) {
  into["model"] = text_or_null(use.model);
  into["turns"] = use.turns;
  into["tokens"] =
      json::object{{"input", use.input}, {"cached", use.cached}, {"output", use.output}};
  // Nothing was spent where no model was asked.
  if (use.cost_known || !was_asked(use))
    into["cost_usd"] = use.cost_usd;
  else
    into["cost_usd"] = nullptr;
}

std::vector<PlanItem> plan_from(const json::object& o) {
  std::vector<PlanItem> out;
  for (const auto& item : get_array(o, "items")) {
    if (item.is_object())
      out.push_back({get_string(item.get_object(), "text"), get_bool(item.get_object(), "done")});
  }
  return out;
}

ModelUse model_use_from(const json::object& o) {
  ModelUse use;
  use.model = get_string(o, "model");
  use.turns = static_cast<int>(get_int(o, "turns"));
  const auto& tokens = get_object(o, "tokens");
  use.input = get_int(tokens, "input");
  use.cached = get_int(tokens, "cached");
  use.output = get_int(tokens, "output");
  const auto* cost = o.if_contains("cost_usd");
  use.cost_known = was_asked(use) && cost && cost->is_number();
  use.cost_usd = get_double(o, "cost_usd");
  return use;
}

json::object to_json(const TaskSpec& spec) {
  return {{"title", valid_utf8(spec.title)},
          {"brief", valid_utf8(spec.brief)},
          {"kind", to_string(spec.kind)},
          {"kind_guessed", spec.kind_guessed},
          {"repo", valid_utf8(spec.repo)},
          {"base", valid_utf8(spec.base)},
          {"base_commit", spec.base_commit},
          {"detached", spec.detached},
          {"agent", spec.agent},
          {"model", valid_utf8(spec.model)},
          {"check_commands", to_array(spec.check_commands)},
          {"limits", to_json(spec.limits)},
          {"attempts", spec.attempts},
          {"person", valid_utf8(spec.person)},
          {"uncommitted", spec.uncommitted},
          {"network_allowed", spec.network_allowed},
          {"plan_first", spec.plan_first}};
}

TaskSpec task_spec_from(const json::object& o) {
  TaskSpec spec;
  spec.title = get_string(o, "title");
  spec.brief = get_string(o, "brief");
  spec.kind = kind_from(get_string(o, "kind")).value_or(Kind::Chore);
  spec.kind_guessed = get_bool(o, "kind_guessed");
  spec.repo = get_string(o, "repo");
  spec.base = get_string(o, "base");
  spec.base_commit = get_string(o, "base_commit");
  spec.detached = get_bool(o, "detached");
  spec.agent = get_string(o, "agent");
  spec.model = get_string(o, "model");
  spec.check_commands = get_strings(o, "check_commands");
  spec.limits = limits_from(get_object(o, "limits"));
  spec.attempts = static_cast<int>(get_int(o, "attempts", 1));
  spec.person = get_string(o, "person");
  spec.uncommitted = static_cast<int>(get_int(o, "uncommitted"));
  spec.network_allowed = get_bool(o, "network_allowed");
  spec.plan_first = get_bool(o, "plan_first");
  return spec;
}

json::object to_json(const Task& task) {
  // Where no agent could do it at first, the run that was made later has one.
  const std::string& agent =
      task.spec.agent.empty() && !task.runs.empty() ? task.runs.back().agent : task.spec.agent;
  json::array runs;
  for (const auto& run : task.runs) runs.push_back(run_json(run));
  json::object out{{"id", task.id},
                   {"title", valid_utf8(task.spec.title)},
                   {"brief", valid_utf8(task.spec.brief)},
                   {"kind", to_string(task.spec.kind)},
                   {"kind_guessed", task.spec.kind_guessed},
                   {"state", to_string(task.state)},
                   {"waiting_for", text_or_null(to_string(task.waiting_for))},
                   {"reason", text_or_null(task.reason)},
                   {"repo", valid_utf8(task.spec.repo)},
                   {"base", valid_utf8(task.spec.base)},
                   {"base_commit", task.spec.base_commit},
                   {"detached", task.spec.detached},
                   {"branch", text_or_null(task.branch)},
                   {"agent", text_or_null(agent)},
                   {"attempts", task.spec.attempts},
                   {"limits", to_json(task.spec.limits)},
                   {"uncommitted", task.spec.uncommitted},
                   {"pull_request", pull_request_json(task.pull_request)},
                   {"checks", checks_json(task.checks)},
                   {"proof", to_json(task.proof)},
                   {"runs", std::move(runs)},
                   {"comments", comments_json(task.comments)},
                   {"created", to_rfc3339(task.created)},
                   {"updated", to_rfc3339(task.updated)}};
  ModelUse use = model_use(task);
  if (use.model.empty()) use.model = task.spec.model;
  put_model_use(out, use);
  return out;
}

json::object to_cache(const Task& task) {
  json::array runs;
  for (const auto& run : task.runs) {
    json::object o = run_json(run);
    o["checks"] = checks_json(run.checks);
    o["proof"] = to_json(run.proof);
    runs.push_back(std::move(o));
  }
  return {{"id", task.id},
          {"spec", to_json(task.spec)},
          {"state", to_string(task.state)},
          {"waiting_for", to_string(task.waiting_for)},
          {"reason", valid_utf8(task.reason)},
          {"branch", valid_utf8(task.branch)},
          {"runs", std::move(runs)},
          {"selected_run", task.selected_run},
          {"pull_request", pull_request_json(task.pull_request)},
          {"checks", checks_json(task.checks)},
          {"proof", to_json(task.proof)},
          {"comments", comments_json(task.comments)},
          {"created", to_rfc3339(task.created)},
          {"updated", to_rfc3339(task.updated)},
          {"last_task_seq", task.last_task_seq}};
}

Task task_from_cache(const json::object& o) {
  Task task;
  task.id = get_string(o, "id");
  task.spec = task_spec_from(get_object(o, "spec"));
  task.state = state_from(get_string(o, "state")).value_or(State::Queued);
  task.waiting_for = waiting_for_from(get_string(o, "waiting_for"));
  task.reason = get_string(o, "reason");
  task.branch = get_string(o, "branch");
  for (const auto& item : get_array(o, "runs")) {
    if (item.is_object()) task.runs.push_back(run_from(item.get_object()));
  }
  task.selected_run = get_string(o, "selected_run");
  task.pull_request = pull_request_from(get_object(o, "pull_request"));
  task.checks = checks_from(get_array(o, "checks"));
  task.proof = proof_from(get_object(o, "proof"));
  for (const auto& item : get_array(o, "comments")) {
    if (!item.is_object()) continue;
    const auto& c = item.get_object();
    task.comments.push_back({time_from(c, "time"), get_string(c, "author"), get_string(c, "path"),
                             static_cast<int>(get_int(c, "line")), get_string(c, "text")});
  }
  task.created = time_from(o, "created");
  task.updated = time_from(o, "updated");
  task.last_task_seq = get_int(o, "last_task_seq");
  return task;
}

}  // namespace nightjar::core
