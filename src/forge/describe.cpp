// The description of a pull request: what was asked, what was proved, and how to see it for
// oneself.
#include <fmt/core.h>

#include "base/text.h"
#include "forge/local.h"
#include "forge/markdown.h"

namespace nightjar::forge {

namespace {

constexpr size_t kMostListed = 30;

std::string counts(const core::Counts& counts) {
  std::string out = fmt::format("{} passed", counts.passed);
  if (counts.failed > 0) out += fmt::format(", {} failed", counts.failed);
  if (counts.skipped > 0) out += fmt::format(", {} skipped", counts.skipped);
  return out;
}

void list(std::string& out, const std::string& heading, const std::vector<std::string>& names) {
  if (names.empty()) return;
  out += fmt::format("\n{} ({}):\n\n", heading, names.size());
  for (size_t i = 0; i < names.size() && i < kMostListed; ++i) out += "- " + code(names[i]) + "\n";
  if (names.size() > kMostListed) out += fmt::format("- and {} more\n", names.size() - kMostListed);
}

std::string verdict(const core::Task& task, const core::Run& run) {
  const std::string kind(core::to_string(task.spec.kind));
  const std::string commit = code(run.proof.commit.empty() ? run.candidate : run.proof.commit);
  const std::string& reason = run.reason.empty() ? task.reason : run.reason;
  switch (run.proof.verdict) {
    case core::Verdict::Proved:
      return "**PROVED** on commit " + commit + ": every obligation of a " + kind + " is met.\n";
    case core::Verdict::Refuted:
      return "**REFUTED** on commit " + commit + ": " +
             (reason.empty() ? "an obligation is not met." : plain(reason)) + "\n";
    case core::Verdict::None:
      break;
  }
  return "**NOT PROVED**: " +
         (reason.empty() ? "nothing could be established beyond the edit itself." : plain(reason)) +
         "\n\nReview it as you would a stranger's change: no check vouches for commit " + commit +
         ".\n";
}

std::string checks(const core::Run& run) {
  if (run.checks.empty()) return "\n### Checks\n\nNone ran: the repository has no check.\n";
  std::string out = "\n### Checks\n\n| check | before | after |\n|---|---|---|\n";
  for (const auto& check : run.checks) {
    out += "| " + cell(check.name) + " | " + counts(check.before) + " | " + counts(check.after) +
           " |\n";
  }
  for (const auto& check : run.checks) {
    const std::string name = code(check.name);
    if (!check.by_test) {
      out += "\n" + name + " gave no names of tests: only its counts were compared.\n";
    }
    list(out, "**Newly failing** in " + name, check.newly_failing);
    list(out, "**Vanished** from " + name, check.vanished);
    list(out, "Fixed in " + name, check.fixed);
    list(out, "Failed before as well in " + name + ", so not the fault of this change",
         check.still_failing);
    list(out, "Flaky in " + name + " (both answers on one commit: proves nothing)", check.flaky);
  }
  return out;
}

std::string obligations(const core::Run& run) {
  if (run.proof.obligations.empty()) return "";
  std::string out = "\n### Obligations\n\n";
  for (const auto& obligation : run.proof.obligations) {
    out += fmt::format("- [{}] {}", obligation.met ? "x" : " ", code(obligation.name));
    if (!obligation.detail.empty()) out += ": " + plain(obligation.detail);
    out += "\n";
  }
  return out;
}

std::string findings(const core::Task& task, const core::Run& run) {
  const auto& all = run.proof.findings;
  if (all.empty()) return "";
  std::string out = "\n### Worth a look\n\n";
  for (size_t i = 0; i < all.size() && i < kMostListed; ++i) {
    out += "- " + code(all[i].rule);
    if (!all[i].path.empty()) {
      out += " at " +
             code(all[i].line > 0 ? fmt::format("{}:{}", all[i].path, all[i].line) : all[i].path);
    }
    if (!all[i].text.empty()) out += ": " + code(all[i].text);
    out += all[i].blocks ? " (**blocks**)\n" : "\n";
  }
  if (all.size() > kMostListed) {
    out += fmt::format("- and {} more: `nightjar proof {}`\n", all.size() - kMostListed, task.id);
  }
  return out;
}

std::string reproduce(const core::Task& task, const core::Run& run) {
  const std::string commit = run.proof.commit.empty() ? run.candidate : run.proof.commit;
  std::string lines;
  if (!commit.empty()) lines += "git worktree add --detach ../look " + commit + " && cd ../look\n";
  for (const auto& check : run.checks) lines += check.command + "\n";
  std::string out = "\n### See for yourself\n\n";
  if (!lines.empty()) out += block(lines) + "\n";
  out += fmt::format(
      "Commands, logs and their hashes: `nightjar proof {0}`; the change: `nightjar diff {0}`.\n",
      task.id);
  return out;
}

}  // namespace

std::string describe(const core::Task& task, const core::Run& run) {
  std::string out = verdict(task, run);
  out += "\nAsked for:\n\n" + block(run.brief.empty() ? task.spec.brief : run.brief);
  out += fmt::format("\n{} changed, {} and {}, by agent {}, from {}.\n",
                     count_of(static_cast<size_t>(run.files), "file"),
                     count_of(static_cast<size_t>(run.insertions), "insertion"),
                     count_of(static_cast<size_t>(run.deletions), "deletion"), code(run.agent),
                     code(run.base_commit.empty() ? task.spec.base_commit : run.base_commit));
  out += checks(run);
  out += obligations(run);
  out += findings(task, run);
  out += reproduce(task, run);
  out += fmt::format(
      "\nMade by Nightjar, task {}, run {}. What verifies came from the base commit; the checks "
      "ran in a fresh sandbox on a clean checkout of exactly this commit.\n",
      code(task.id), code(run.id));
  return out;
}

}  // namespace nightjar::forge
