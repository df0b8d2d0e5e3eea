#include "verify/test_evidence.h"

#include <algorithm>

#include "base/text.h"

namespace nightjar::verify {

namespace {

using core::TestStatus;

const core::CheckReport* find(const std::vector<core::CheckReport>& reports,
                              const std::string& name) {
  const auto found = std::ranges::find(reports, name, &core::CheckReport::name);
  return found == reports.end() ? nullptr : &*found;
}

}  // namespace

std::vector<std::string> fixed_under_old_tests(const Case& input) {
  std::vector<std::string> out;
  for (const auto& before : input.baseline) {
    const auto* now = find(input.under_old_tests, before.name);
    if (!now) continue;
    const auto compared = compare(before, *now, std::nullopt);
    out.insert(out.end(), compared.fixed.begin(), compared.fixed.end());
  }
  return out;
}

std::vector<std::string> broken_under_old_tests(const Case& input) {
  std::vector<std::string> out;
  for (const auto& before : input.baseline) {
    const auto* now = find(input.under_old_tests, before.name);
    if (!now) continue;
    const auto compared = compare(before, *now, std::nullopt);
    for (const auto* names : {&compared.newly_failing, &compared.vanished})
      out.insert(out.end(), names->begin(), names->end());
  }
  return out;
}

std::vector<std::string> failing_without_the_change(const Case& input) {
  std::vector<std::string> out;
  for (const auto& after : input.after) {
    const auto* base = find(input.base_under_new_tests, after.name);
    const auto* before = find(input.baseline, after.name);
    if (!base || !before || !after.by_test) continue;
    for (const auto& [test, status] : after.tests) {
      if (status != TestStatus::Passed || before->tests.contains(test)) continue;
      if (std::ranges::find(after.flaky, test) != after.flaky.end()) continue;
      const auto without = base->tests.find(test);
      // Where the check could not even begin without the change, its tests are not reported.
      const bool fails =
          without == base->tests.end() ? !base->passed() : without->second == TestStatus::Failed;
      if (fails) out.push_back(test);
    }
  }
  return out;
}

size_t criteria_in(std::string_view brief) {
  size_t count = 0;
  for (const auto line : lines(brief)) {
    const std::string text = trimmed(line);
    const size_t digits = text.find_first_not_of("0123456789");
    const bool numbered = digits != 0 && digits != std::string::npos &&
                          (text[digits] == '.' || text[digits] == ')') &&
                          text.substr(digits + 1).starts_with(' ');
    count += numbered || text.starts_with("- ") || text.starts_with("* ");
  }
  return count;
}

}  // namespace nightjar::verify
