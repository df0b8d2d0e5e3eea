#include "run/work.h"

#include <utility>

#include "base/fault.h"
#include "base/text.h"
#include "run/failures.h"

namespace nightjar::run {

using core::State;
using core::WaitingFor;

namespace {

constexpr std::string_view kNothingChanged = "nothing was changed: every file is as it was before";

// Before the clock is looked at: an agent that parked at the end of the run's time can go on.
void end_if_parked(const agent::WorkResult& result) {
  if (result.outcome == agent::Outcome::Parked)
    end_run(State::Waiting, result.reason, result.waiting_for);
}

}  // namespace

json::object Work::begin() {
  const auto agent = agent::make_agent(job_.agent);
  if (!agent)
    end_run(State::Waiting, "there is no agent '" + inert(job_.agent) + "' here",
            WaitingFor::Person);
  const auto session = place_.open(*agent);
  const auto say = [this](const std::string& text) { context_.journal.note(text); };
  agent::WorkResult result = agent->work(place_.assignment(*session), *session, say, context_.stop);
  end_unless_changed(result);
  Selection selection = changes_of(result, *session);
  if (selection.changes.empty() && agent->keeps_its_place()) {
    agent::Assignment again = place_.assignment(*session);
    again.round = 0;
    const auto second = agent->revise(again, result, {.reason = std::string(kNothingChanged)},
                                      *session, say, context_.stop);
    if (second) {
      end_unless_changed(*second);
      result = *second;
      selection = changes_of(result, *session);
    }
  }
  return candidate_of(result, std::move(selection), *session);
}

Selection Work::changes_of(const agent::WorkResult& result, sandbox::Session& session) {
  return select_changes(session, result, context_.mirror, job_.start_commit, checkouts_of(job_));
}

void Work::end_unless_changed(const agent::WorkResult& result) const {
  end_if_parked(result);
  if (context_.stages.late()) context_.stages.timed_out("work");
  switch (result.outcome) {
    case agent::Outcome::Changed:
      break;
    case agent::Outcome::CannotDo:
      end_run(State::Waiting, result.reason, WaitingFor::Person);
    case agent::Outcome::Parked:
    case agent::Outcome::Nothing:
      end_run(State::Failed, "nothing was changed: " + result.reason);
    case agent::Outcome::Failed:
      end_run(State::Failed, result.reason);
  }
}

json::object Work::revise(const json::object& work_done) {
  const json::object nothing_more{{"nothing_more", true}};
  const auto proof = context_.journal.last("proof");
  const auto agent = agent::make_agent(job_.agent);
  if (!agent || !proof) return nothing_more;
  agent::Failures failures = failures_of(proof->body, context_.folder);
  if (const auto change = context_.journal.last("change")) {
    const auto left_out = get_strings(change->body, "left_out");
    if (!left_out.empty() && !failures.reason.empty())
      failures.reason += "; these files are not part of the change, as tools make such files: " +
                         join(left_out, ", ");
  }
  const std::string commit = get_string(work_done, "commit");
  const auto session = place_.open(*agent);
  if (!agent->keeps_its_place())
    session->apply(context_.mirror.changes_between(job_.start_commit, commit));
  auto result = agent->revise(
      place_.assignment(*session), work_result_from(work_done), failures, *session,
      [this](const std::string& text) { context_.journal.note(text); }, context_.stop);
  if (result) end_if_parked(*result);
  if (context_.stages.late()) context_.stages.timed_out("work");
  fault_point("after_revise");
  if (!result || result->outcome != agent::Outcome::Changed) return nothing_more;
  for (auto& changed : context_.mirror.changed_paths(job_.start_commit, commit)) {
    if (!changed.old_path.empty()) result->paths.push_back(std::move(changed.old_path));
    result->paths.push_back(std::move(changed.path));
  }
  return candidate_of(*result, changes_of(*result, *session), *session);
}

json::object Work::candidate_of(const agent::WorkResult& result, Selection selection,
                                sandbox::Session& session) {
  session.stop();
  context_.expect_sandbox();
  const auto candidate =
      context_.mirror.commit(commit_request(job_, result, std::move(selection.changes)));
  if (!candidate) end_run(State::Failed, "the change is refused: " + candidate.error());
  if (!*candidate)
    end_run(
        State::Failed,
        std::string(kNothingChanged) +
            (result.summary.empty() ? "" : "; the agent says: " + shortened(result.summary, 300)));
  const std::string& commit = **candidate;
  context_.mirror.keep("runs/" + job_.run + "/candidate", commit);
  fault_point("after_commit");
  const git::DiffStat stat = context_.mirror.stat(job_.base_commit, commit);
  context_.journal.append("change", {{"files", stat.files},
                                     {"insertions", stat.insertions},
                                     {"deletions", stat.deletions},
                                     {"left_out", to_array(selection.left_out)}});
  context_.journal.append("candidate", {{"commit", commit}, {"turn", result.turn}});
  json::object body = to_json(result);
  auto& findings = body["findings"].as_array();
  for (const auto& path : selection.left_out) {
    findings.push_back(core::to_json(core::Finding{
        std::string(kLeftOut), path, 0, "made by a tool, not part of the change", false}));
  }
  body["commit"] = commit;
  return body;
}

}  // namespace nightjar::run
