#include "run/failures.h"

#include <algorithm>

#include "base/file.h"
#include "base/text.h"
#include "verify/verify.h"

namespace nightjar::run {

namespace {

constexpr size_t kMostLog = size_t{1} << 20;
constexpr size_t kMostTold = 200;  // of tests that say nothing against the change
constexpr size_t kLargestLog = size_t{128} << 20;

void add_told(std::vector<agent::Failures::Test>& tests, const std::string& check,
              const std::vector<std::string>& names) {
  for (const auto& name : names) {
    if (tests.size() < kMostTold) tests.push_back({check, name});
  }
}

void add(agent::Failures& failures, const core::CheckComparison& check, const std::string& log,
         const fs::path& folder) {
  add_told(failures.still_failing, check.name, check.still_failing);
  add_told(failures.fixed, check.name, check.fixed);
  for (const auto* names : {&check.newly_failing, &check.vanished}) {
    for (const auto& name : *names) failures.tests.push_back({check.name, name});
  }
  if (check.newly_failing.empty() && check.vanished.empty()) return;
  const std::string text = try_read_file(folder / log, kLargestLog).value_or("");
  failures.log += text.size() > kMostLog ? text.substr(text.size() - kMostLog) : text;
}

}  // namespace

agent::Failures failures_between(const std::vector<core::CheckReport>& baseline,
                                 const std::vector<core::CheckReport>& reports,
                                 const fs::path& folder) {
  agent::Failures out;
  for (const auto& report : reports) {
    const auto before = std::ranges::find(baseline, report.name, &core::CheckReport::name);
    if (before == baseline.end()) continue;
    add(out, verify::compare(*before, report, std::nullopt), report.log, folder);
  }
  return out;
}

agent::Failures failures_of(const json::object& proof, const fs::path& folder) {
  agent::Failures out;
  out.reason = get_string(proof, "reason");
  const auto& commands = get_array(proof, "commands");
  for (const auto& item : get_array(proof, "checks")) {
    if (!item.is_object()) continue;
    const auto check = core::check_comparison_from(item.get_object());
    std::string log;
    for (const auto& command : commands) {
      if (command.is_object() && get_string(command.get_object(), "name") == check.name)
        log = get_string(command.get_object(), "log");
    }
    add(out, check, log, folder);
  }
  return out;
}

json::object to_json(const agent::WorkResult& result) {
  json::array findings;
  for (const auto& finding : result.findings) findings.push_back(core::to_json(finding));
  return {{"summary", valid_utf8(result.summary)},
          {"details", valid_utf8(result.details)},
          {"claim", result.claim},
          {"findings", std::move(findings)}};
}

agent::WorkResult work_result_from(const json::object& object) {
  agent::WorkResult out;
  out.outcome = agent::Outcome::Changed;
  out.summary = get_string(object, "summary");
  out.details = get_string(object, "details");
  out.claim = get_object(object, "claim");
  for (const auto& item : get_array(object, "findings")) {
    if (!item.is_object()) continue;
    auto finding = core::finding_from(item.get_object());
    if (finding.rule != kLeftOut) out.findings.push_back(std::move(finding));
  }
  return out;
}

}  // namespace nightjar::run
