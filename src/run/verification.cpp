#include "run/verification.h"

#include "agent/agent.h"
#include "base/text.h"
#include "run/agents_place.h"
#include "run/change.h"
#include "verify/verify.h"

namespace nightjar::run {

namespace {

// What the change is worth under the tests that the base has, and what its own tests are worth
// without the rest of it.
void hold_tests_apart(Context& context, verify::Case& input,
                      const std::vector<core::Change>& changes) {
  std::vector<core::Change> tests, code;
  for (const auto& change : changes)
    (verify::belongs_to_tests(change.path) ? tests : code).push_back(change);
  if (tests.empty()) return;
  if (code.empty()) {  // both are known already
    input.under_old_tests = input.baseline;
    input.base_under_new_tests = input.after;
    return;
  }
  const auto checks_with = [&](const std::vector<core::Change>& some, const char* name) {
    const auto session = context.start_sandbox(stage_policy(context.job, *context.environment,
                                                            context.mirror, context.job.base_commit,
                                                            context.stage_folder(name), false));
    session->apply(some);
    auto reports = context.checks(*session, name, nullptr);
    session->stop();
    context.refuse_if_late("verify", reports);
    return reports;
  };
  context.journal.note("the change touches tests: its code under the tests of the base");
  input.under_old_tests = checks_with(code, "old-tests");
  context.journal.note("and the code of the base under the tests of the change");
  input.base_under_new_tests = checks_with(tests, "new-tests");
}

}  // namespace

json::object verify_candidate(Context& context, const json::object& work_done) {
  const std::string commit = get_string(work_done, "commit");
  verify::Case input;
  input.kind = context.job.spec.kind;
  input.baseline = context.baseline;
  input.changed = context.mirror.changed_paths(context.job.base_commit, commit);
  const auto after = context.mirror.changes_between(context.job.base_commit, commit);
  std::vector<std::string> changed;
  for (const auto& change : after) changed.push_back(change.path);
  for (const auto& item : get_array(work_done, "findings")) {
    if (item.is_object()) input.findings.push_back(core::finding_from(item.get_object()));
  }
  const auto& claim = get_object(work_done, "claim");
  input.claim = claim_from(claim);
  {
    sandbox::Policy policy =
        stage_policy(context.job, *context.environment, context.mirror, context.job.base_commit,
                     context.stage_folder("verify"), false);
    show_to_agent(context, policy, context.job.base_commit);
    const auto session = context.start_sandbox(policy);
    session->apply(after);
    const auto agent = agent::make_agent(context.job.agent);
    if (auto leftovers = agent ? agent->recheck(claim, *session, changed) : std::nullopt) {
      input.claim.leftovers = std::move(*leftovers);
      input.claim.rescanned = true;
    }
    input.after = context.checks(*session, "verify", &context.baseline);
    session->stop();
  }
  context.refuse_if_late("verify", input.after);
  if (input.claim.action.empty()) hold_tests_apart(context, input, after);
  input.criteria = verify::criteria_in(context.job.spec.brief);
  input.contents = contents_for_review(context.mirror, context.job.base_commit, commit, changed);
  verify::Judgement judgement = verify::judge(input);
  judgement.proof.commit = commit;
  json::array checks;
  for (const auto& check : judgement.checks) checks.push_back(core::to_json(check));
  json::array reports;
  for (const auto& report : input.after) {
    reports.push_back(json::object{{"name", report.name},
                                   {"command", report.command},
                                   {"exit_status", report.exit_status},
                                   {"by_test", report.by_test},
                                   {"format", report.format},
                                   {"duration_ms", report.duration.count()},
                                   {"log", report.log},
                                   {"log_sha256", report.log_sha256}});
  }
  context.journal.append("proof", {{"proof", core::to_json(judgement.proof)},
                                   {"checks", std::move(checks)},
                                   {"commands", std::move(reports)},
                                   {"reason", valid_utf8(judgement.reason)}});
  return {{"verdict", core::to_string(judgement.proof.verdict)},
          {"reason", valid_utf8(judgement.reason)}};
}

}  // namespace nightjar::run
