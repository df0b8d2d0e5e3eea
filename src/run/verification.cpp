#include "run/verification.h"

#include <optional>

#include "agent/agent.h"
#include "base/text.h"
#include "run/brief_claim.h"
#include "run/change.h"
#include "run/combinations.h"
#include "run/verifiers_place.h"
#include "verify/verify.h"

namespace nightjar::run {

namespace {

void add_what_was_asked(Context& context, const std::string& asked, const std::string& commit,
                        verify::Case& input) {
  const auto& base = context.job.base_commit;
  const auto changed = context.mirror.changed_paths(base, asked);
  const auto paths = paths_of(changed);
  input.contents.merge(contents_for_review(context.mirror, base, commit, paths));
  auto texts = contents_for_review(context.mirror, base, asked, paths);
  for (const auto& change : changed) {
    if (change.status == 'D')
      input.as_asked[change.path] = std::nullopt;
    else
      input.as_asked[change.path] = std::move(texts[change.path].second);
    if (change.status == 'R') input.as_asked[change.old_path] = std::nullopt;
  }
}

}  // namespace

json::object verify_candidate(Context& context, const json::object& work_done) {
  const std::string commit = get_string(work_done, "commit");
  verify::Case input;
  input.kind = context.job.spec.kind;
  input.baseline = context.baseline;
  input.changed = context.mirror.changed_paths(context.job.base_commit, commit);
  const auto after = context.mirror.changes_between(context.job.base_commit, commit);
  std::vector<std::string> changed, named = paths_of(input.changed);
  for (const auto& change : after) changed.push_back(change.path);
  for (const auto& item : get_array(work_done, "findings")) {
    if (item.is_object()) input.findings.push_back(core::finding_from(item.get_object()));
  }
  json::object claim = get_object(work_done, "claim");
  BriefClaim asked;
  if (claim.empty()) {
    asked = claim_of_brief(context);
    claim = asked.claim;
  }
  input.claim = claim_from(claim);
  input.claim.of_brief = !asked.commit.empty();
  VerifiersPlace place(context);
  {
    const auto session = place.open("verify", true);
    session->apply(after);
    if (auto leftovers = agent::recheck(claim, *session, changed)) {
      input.claim.leftovers = std::move(*leftovers);
      input.claim.rescanned = true;
    }
    input.after = place.all_reports(*session, after, "verify");
  }
  input.brief = context.job.spec.title + "\n" + context.job.brief;
  input.criteria = verify::criteria_in(context.job.spec.brief);
  input.contents = contents_for_review(context.mirror, context.job.base_commit, commit, named);
  if (input.claim.of_brief) add_what_was_asked(context, asked.commit, commit, input);
  input.unread = unread_files(after);
  input.setup = context.environment->config.setup;
  if (input.claim.of_brief)
    source_under_what_was_asked(context, place, after, asked.commit, input);
  else if (input.claim.action.empty())
    parts_of_the_change_apart(context, place, after, input);
  input.not_ready = place.not_ready();
  input.base_not_ready = place.base_not_ready();
  input.rewritten = place.rewritten();
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
