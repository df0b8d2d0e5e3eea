// Reports against each other: several runs on one commit (flaky), and base against change.
#include <algorithm>
#include <set>

#include "base/text.h"
#include "verify/reading.h"
#include "verify/verify.h"

namespace nightjar::verify {

namespace {

using core::CheckReport;
using core::TestStatus;

std::optional<TestStatus> status_in(const CheckReport& report, const std::string& test) {
  const auto found = report.tests.find(test);
  return found == report.tests.end() ? std::nullopt : std::optional(found->second);
}

bool is_flaky(const CheckReport& report, const std::string& test) {
  return std::ranges::find(report.flaky, test) != report.flaky.end();
}

// Stands for a whole check, not for a test that someone wrote: its absence is no loss.
bool stands_for_check(const CheckReport& report, const std::string& test) {
  return report.format == "command" || is_failure_of_the_check(report, test);
}

core::Counts count(const std::map<std::string, TestStatus>& tests) {
  core::Counts counts;
  for (const auto& [name, status] : tests) {
    counts.passed += status == TestStatus::Passed;
    counts.failed += status == TestStatus::Failed;
    counts.skipped += status == TestStatus::Skipped;
  }
  return counts;
}

// Where the old name stands for itself in the test's name, not within a longer word.
std::string renamed_whole(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  size_t at = 0;
  for (size_t hit = text.find(from); hit != std::string_view::npos;
       hit = text.find(from, hit + 1)) {
    if (hit < at) continue;
    const bool starts = hit == 0 || !is_word_char(text[hit - 1]);
    const size_t end = hit + from.size();
    const bool ends = end == text.size() || !is_word_char(text[end]);
    if (!starts || !ends) continue;
    out += text.substr(at, hit - at);
    out += to;
    at = end;
  }
  return out += text.substr(at);
}

using Renamed = std::optional<std::pair<std::string, std::string>>;

// The test's name after the change; empty where it is no longer there.
std::string name_after(const std::string& test, const CheckReport& before, const CheckReport& after,
                       const Renamed& renamed) {
  if (after.tests.contains(test)) return test;
  if (!renamed || renamed->first.empty()) return "";
  for (const std::string& candidate : {renamed_whole(test, renamed->first, renamed->second),
                                       replaced(test, renamed->first, renamed->second)}) {
    if (candidate != test && after.tests.contains(candidate) && !before.tests.contains(candidate))
      return candidate;
  }
  return "";
}

void compare_counts(const CheckReport& before, const CheckReport& after,
                    core::CheckComparison& out) {
  const int more_failures = after.counts.failed - before.counts.failed;
  const int lost_passes = before.counts.passed - after.counts.passed;
  if (more_failures > 0 && out.newly_failing.empty()) {
    out.newly_failing.push_back(
        before.name + ": " + count_of(static_cast<size_t>(more_failures), "more test") +
        (more_failures == 1 ? " fails" : " fail") + " (only counts were reported)");
  } else if (lost_passes > 0 && out.newly_failing.empty()) {
    out.newly_failing.push_back(before.name + ": " +
                                count_of(static_cast<size_t>(lost_passes), "test") +
                                " fewer passed (only counts were reported)");
  }
}

}  // namespace

CheckReport merge(const CheckReport& first, const CheckReport& again) {
  // A run that broke off says nothing against the one that did not.
  const bool first_better = first.trouble.empty() && !again.trouble.empty();
  CheckReport out = first_better ? first : again;
  out.duration = first.duration + again.duration;
  std::set<std::string> flaky(first.flaky.begin(), first.flaky.end());
  flaky.insert(again.flaky.begin(), again.flaky.end());
  if (first.by_test != again.by_test || !first.by_test) {
    const CheckReport& worse = first.counts.failed > again.counts.failed ? first : again;
    if (!first.by_test && !again.by_test && first.counts.failed != again.counts.failed)
      flaky.insert(first.name);
    out.by_test = false;
    out.tests = worse.tests;
    out.counts = worse.counts;
    if (worse.exit_status != 0) out.exit_status = worse.exit_status;
    out.flaky.assign(flaky.begin(), flaky.end());
    return out;
  }
  const auto differs = [](std::optional<TestStatus> a, std::optional<TestStatus> b) {
    return a && b && *a != *b && (*a == TestStatus::Failed || *b == TestStatus::Failed);
  };
  for (const auto* report : {&first, &again}) {
    const auto* other = report == &first ? &again : &first;
    for (const auto& [test, status] : report->tests) {
      const auto counterpart = status_in(*other, test);
      if (differs(status, counterpart)) flaky.insert(test);
      if (!counterpart && status == TestStatus::Failed && stands_for_check(*report, test) &&
          other->passed())
        flaky.insert(test);
      auto& held = out.tests.try_emplace(test, status).first->second;
      if (status == TestStatus::Failed) held = status;
    }
  }
  out.counts = count(out.tests);
  out.flaky.assign(flaky.begin(), flaky.end());
  return out;
}

core::CheckComparison compare(const CheckReport& before, const CheckReport& after,
                              const Renamed& renamed) {
  core::CheckComparison out;
  out.name = before.name;
  out.command = before.command;
  out.before = before.counts;
  out.after = after.counts;
  out.by_test = before.by_test && after.by_test;
  std::set<std::string> flaky(before.flaky.begin(), before.flaky.end());
  flaky.insert(after.flaky.begin(), after.flaky.end());

  std::set<std::string> met;  // names after the change that have a counterpart before it
  for (const auto& [test, was] : before.tests) {
    const std::string name = name_after(test, before, after, renamed);
    if (name.empty()) {
      const bool lost =
          out.by_test && was != TestStatus::Skipped && !stands_for_check(before, test);
      if (lost) out.vanished.push_back(test);
      continue;
    }
    met.insert(name);
    const TestStatus is = after.tests.at(name);
    if (is_flaky(before, test)) flaky.insert(name);
    if (flaky.contains(name)) continue;
    if (is == TestStatus::Failed) {
      (was == TestStatus::Failed ? out.still_failing : out.newly_failing).push_back(name);
    } else if (was == TestStatus::Failed && is == TestStatus::Passed) {
      out.fixed.push_back(name);
    }
  }
  for (const auto& [test, is] : after.tests) {
    if (!met.contains(test) && is == TestStatus::Failed && !flaky.contains(test))
      out.newly_failing.push_back(test);
  }
  if (!out.by_test) compare_counts(before, after, out);
  std::ranges::sort(out.newly_failing);
  out.flaky.assign(flaky.begin(), flaky.end());
  return out;
}

}  // namespace nightjar::verify
