#include "core/check.h"

namespace nightjar::core {

std::string_view to_string(TestStatus status) {
  switch (status) {
    case TestStatus::Passed:
      return "passed";
    case TestStatus::Failed:
      return "failed";
    case TestStatus::Skipped:
      return "skipped";
  }
  return "failed";
}

namespace {

TestStatus test_status_from(std::string_view text) {
  if (text == "passed") return TestStatus::Passed;
  return text == "skipped" ? TestStatus::Skipped : TestStatus::Failed;
}

Counts counts_from(const json::object& object) {
  return {static_cast<int>(get_int(object, "passed")), static_cast<int>(get_int(object, "failed")),
          static_cast<int>(get_int(object, "skipped"))};
}

}  // namespace

json::object to_json(const Counts& counts) {
  return {{"passed", counts.passed}, {"failed", counts.failed}, {"skipped", counts.skipped}};
}

json::object to_json(const CheckReport& report) {
  json::object tests;
  for (const auto& [name, status] : report.tests) tests[valid_utf8(name)] = to_string(status);
  return {{"name", report.name},
          {"command", report.command},
          {"exit_status", report.exit_status},
          {"trouble", report.trouble},
          {"by_test", report.by_test},
          {"format", report.format},
          {"tests", std::move(tests)},
          {"flaky", to_array(report.flaky)},
          {"counts", to_json(report.counts)},
          {"duration_ms", report.duration.count()},
          {"log", report.log},
          {"log_sha256", report.log_sha256},
          {"excerpt", valid_utf8(report.excerpt)}};
}

CheckReport check_report_from(const json::object& object) {
  CheckReport report;
  report.name = get_string(object, "name");
  report.command = get_string(object, "command");
  report.exit_status = static_cast<int>(get_int(object, "exit_status"));
  report.trouble = get_string(object, "trouble");
  report.by_test = get_bool(object, "by_test");
  report.format = get_string(object, "format");
  for (const auto& member : get_object(object, "tests")) {
    if (member.value().is_string()) {
      report.tests[std::string(member.key())] = test_status_from(member.value().get_string());
    }
  }
  report.flaky = get_strings(object, "flaky");
  report.counts = counts_from(get_object(object, "counts"));
  report.duration = Millis(get_int(object, "duration_ms"));
  report.log = get_string(object, "log");
  report.log_sha256 = get_string(object, "log_sha256");
  report.excerpt = get_string(object, "excerpt");
  return report;
}

json::object to_json(const CheckComparison& comparison) {
  return {{"name", comparison.name},
          {"command", comparison.command},
          {"before", to_json(comparison.before)},
          {"after", to_json(comparison.after)},
          {"by_test", comparison.by_test},
          {"newly_failing", to_array(comparison.newly_failing)},
          {"fixed", to_array(comparison.fixed)},
          {"still_failing", to_array(comparison.still_failing)},
          {"flaky", to_array(comparison.flaky)},
          {"vanished", to_array(comparison.vanished)}};
}

CheckComparison check_comparison_from(const json::object& object) {
  CheckComparison comparison;
  comparison.name = get_string(object, "name");
  comparison.command = get_string(object, "command");
  comparison.before = counts_from(get_object(object, "before"));
  comparison.after = counts_from(get_object(object, "after"));
  comparison.by_test = get_bool(object, "by_test");
  comparison.newly_failing = get_strings(object, "newly_failing");
  comparison.fixed = get_strings(object, "fixed");
  comparison.still_failing = get_strings(object, "still_failing");
  comparison.flaky = get_strings(object, "flaky");
  comparison.vanished = get_strings(object, "vanished");
  return comparison;
}

}  // namespace nightjar::core
