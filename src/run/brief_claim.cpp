#include "run/brief_claim.h"

#include "agent/agent.h"
#include "base/text.h"
#include "run/agents_place.h"
#include "run/change.h"
#include "run/environment.h"

namespace nightjar::run {

BriefClaim claim_of_brief(Context& context) {
  const Job& job = context.job;
  const auto understood = agent::understand(job.brief, job.earlier);
  const bool can_be_gone =
      understood.kind == core::Kind::Refactor || understood.kind == core::Kind::Migration;
  // A person who says another kind asks for the proof of that.
  if (!understood.can_do || !can_be_gone || job.spec.kind != understood.kind) return {};
  context.journal.note("what the brief asks for, as the mechanic finds it on the base");
  sandbox::Policy policy = stage_policy(job, *context.environment, context.mirror, job.base_commit,
                                        context.stage_folder("claim"), false);
  show_to_agent(context, policy, job.base_commit);
  const auto session = context.start_sandbox(policy);
  agent::Assignment assignment{job.spec, job.brief, job.earlier};
  assignment.deadline = context.stages.deadline();
  const auto result = agent::make_agent("mechanic")
                          ->work(assignment, *session, [](const std::string&) {}, context.stop);
  std::vector<core::Change> changes;
  if (result.outcome == agent::Outcome::Changed)
    changes = select_changes(*session, result, context.mirror, job.base_commit, checkouts_of(job))
                  .changes;
  session->stop();
  if (changes.empty()) return {};
  const auto commit = context.mirror.commit(
      {job.base_commit, inert(result.summary), job.author, std::move(changes)});
  if (!commit || !*commit) return {};
  return {result.claim, **commit};
}

}  // namespace nightjar::run
