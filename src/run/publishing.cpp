#include "run/publishing.h"

#include "base/fault.h"
#include "base/text.h"
#include "forge/local.h"
#include "forge/markdown.h"
#include "run/change.h"

namespace nightjar::run {

namespace {

// What was proved is not what stands at the branch: the proof no longer counts for it.
[[noreturn]] void branch_moved(Context& context, const core::Run& run) {
  core::Proof proof = run.proof;
  proof.verdict = core::Verdict::Refuted;
  proof.obligations.push_back(
      {"branch_is_ours", false,
       "the branch " + context.job.branch + " is not where this run left it"});
  json::array checks;
  for (const auto& check : run.checks) checks.push_back(core::to_json(check));
  const std::string reason =
      "the branch " + context.job.branch +
      " was moved by somebody else meanwhile; nothing was overwritten. The change is kept as " +
      run.candidate + "; rename or remove that branch, then: nightjar retry " + context.job.task;
  context.journal.append(
      "proof",
      {{"proof", core::to_json(proof)}, {"checks", std::move(checks)}, {"reason", reason}});
  end_run(core::State::Failed, reason);
}

}  // namespace

void publish_candidate(Context& context, const json::object& work_done) {
  const std::string commit = get_string(work_done, "commit");
  for (const char* done :
       {"published", "branch_kept"}) {  // a crash came between this event and the stage's end
    if (const auto event = context.journal.last(done);
        event && get_string(event->body, "commit") == commit)
      return;
  }
  const core::Task task = folded_task(context.job, context.journal.events());
  const core::Run& run = task.runs.back();
  const bool refuted = run.proof.verdict == core::Verdict::Refuted;
  // What is under review stays at the commit that was proved.
  const bool beside = refuted && context.job.in_review;
  const std::string branch =
      beside ? context.job.branch + "-run" + context.job.run.substr(context.job.run.rfind('.') + 1)
             : context.job.branch;
  context.journal.append("publish_intent", {{"branch", branch}, {"commit", commit}});
  if (!git::publish(context.mirror, context.job.spec.repo, branch, commit,
                    beside ? "" : context.job.expected_head))
    branch_moved(context, run);
  fault_point("after_push");
  if (refuted) {
    context.journal.append("branch_kept", {{"branch", branch}, {"commit", commit}});
  } else {
    const std::string details = get_string(work_done, "details");
    context.journal.append(
        "published",
        {{"branch", context.job.branch},
         {"commit", commit},
         {"base_commit", context.job.base_commit},
         {"description", valid_utf8(forge::describe(task, run) + "\n" + forge::tamed(details))}});
  }
}

}  // namespace nightjar::run
