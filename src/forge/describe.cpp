// The description of a pull request: Markdown in which nothing that came from outside can act.
#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "forge/local.h"

namespace nightjar::forge {

namespace {

constexpr size_t kMostListed = 30;

// As text between backticks: no HTML, no link, no mention, no closing keyword is read inside a code span.
std::string code(std::string_view text) {
  std::string plain = inert(text);
  std::ranges::replace(plain, '`', '\'');
  return "`" + shortened(plain, 300) + "`";
}

// Running text: the characters that Markdown, HTML and forges act on are escaped.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : inert(text)) {
    if (std::string_view("\\`*_{}[]<>()#|!~@&").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

void list(std::string& out, std::string_view heading, const std::vector<std::string>& names) {
  if (names.empty()) return;
  out += fmt::format("\n{}:\n\n", heading);
  for (size_t i = 0; i < names.size() && i < kMostListed; ++i) out += "- " + code(names[i]) + "\n";
  if (names.size() > kMostListed) out += fmt::format("- and {} more\n", names.size() - kMostListed);
}

std::string counts(const core::Counts& counts) {
  return fmt::format("{} passed, {} failed, {} skipped", counts.passed, counts.failed, counts.skipped);
}

std::string verdict_line(const core::Task& task, const core::Run& run) {
  switch (run.proof.verdict) {
    case core::Verdict::Proved: return "**Proved** on commit `" + run.proof.commit + "`: every obligation of a " + std::string(core::to_string(task.spec.kind)) + " is met.\n";
    case core::Verdict::Refuted: return "**Refuted**: " + escaped(task.reason.empty() ? run.reason : task.reason) + "\n";
    case core::Verdict::None: return "**NOT PROVED**: nothing could be established about this change beyond the edit itself. Review it as you would a stranger's.\n";
  }
  return "";
}

}  // namespace

std::string describe(const core::Task& task, const core::Run& run) {
  std::string out = "## " + escaped(task.spec.title) + "\n\n" + verdict_line(task, run) + "\n";
  out += "Asked for: " + code(run.brief.empty() ? task.spec.brief : run.brief) + "\n\n";
  out += fmt::format("{} changed, {} insertions, {} deletions, by agent {}.\n", count_of(static_cast<size_t>(run.files), "file"), run.insertions,
                     run.deletions, code(run.agent));
  if (!run.checks.empty()) {
    out += "\n### Checks\n\n| check | before | after |\n|---|---|---|\n";
    for (const auto& check : run.checks) out += "| " + code(check.name) + " | " + counts(check.before) + " | " + counts(check.after) + " |\n";
    for (const auto& check : run.checks) {
      if (!check.by_test) out += "\n" + code(check.name) + " reports counts only: its tests were not compared by name.\n";
      list(out, "Newly failing in " + code(check.name), check.newly_failing);
      list(out, "Vanished from " + code(check.name), check.vanished);
      list(out, "Fixed in " + code(check.name), check.fixed);
      list(out, "Failing in " + code(check.name) + " before and after, so not this change's fault", check.still_failing);
      list(out, "Flaky in " + code(check.name) + " (both answers on one commit, proves nothing)", check.flaky);
    }
  }
  if (!run.proof.obligations.empty()) {
    out += "\n### Obligations\n\n";
    for (const auto& obligation : run.proof.obligations) {
      out += fmt::format("- [{}] {}: {}\n", obligation.met ? "x" : " ", code(obligation.name), escaped(obligation.detail));
    }
  }
  if (!run.proof.findings.empty()) {
    out += "\n### Worth a look\n\n";
    for (size_t i = 0; i < run.proof.findings.size() && i < kMostListed; ++i) {
      const auto& finding = run.proof.findings[i];
      const std::string place = finding.path.empty() ? "" : finding.line ? fmt::format("{}:{}", finding.path, finding.line) : finding.path;
      out += "- " + code(finding.rule) + (place.empty() ? "" : " " + code(place)) + ": " + escaped(finding.text) + "\n";
    }
    if (run.proof.findings.size() > kMostListed) out += fmt::format("- and {} more (nightjar proof {})\n", run.proof.findings.size() - kMostListed, task.id);
  }
  out += "\nMade by Nightjar, task `" + task.id + "`, run `" + run.id + "`. The checks ran on a clean checkout of exactly this commit.\n";
  return out;
}

}  // namespace nightjar::forge
