// The verdict: what each kind of task owes, and whether it was established. Honest first: what
// could not be established is never proved, and what was not shown to be wrong is not refuted.
#include "verify/judging.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "base/text.h"
#include "verify/as_asked.h"
#include "verify/evidence.h"
#include "verify/file_roles.h"
#include "verify/reading.h"
#include "verify/test_evidence.h"

namespace nightjar::verify {

using core::Finding;
using core::TestStatus;
using core::Verdict;

std::string some_of(const std::vector<std::string>& names) {
  constexpr size_t kNamedInDetail = 5;
  std::string out;
  for (size_t i = 0; i < names.size() && i < kNamedInDetail; ++i) out += (i ? ", " : "") + names[i];
  if (names.size() > kNamedInDetail)
    out += " and " + std::to_string(names.size() - kNamedInDetail) + " more";
  return out;
}

Judgement Judge::run() {
  compare_all();
  out_.proof.findings = input_.findings;
  for (const auto& finding : input_.claim.leftovers) {
    // The agent may have reported the same place itself.
    const bool known = std::ranges::any_of(input_.findings, [&finding](const auto& other) {
      return other.path == finding.path && other.line == finding.line && other.text == finding.text;
    });
    if (!known) out_.proof.findings.push_back(finding);
  }
  for (auto& finding : tamper_scan(input_)) {
    if (runs_decide(finding)) finding.blocks = false;
    out_.proof.findings.push_back(std::move(finding));
  }
  results();
  claims();
  what_ran_is_the_change();
  done_as_asked();
  old_tests_hold();
  evidence_is_independent();
  tests_can_fail();
  by_kind();
  findings();
  decide();
  return std::move(out_);
}

void Judge::compare_all() {
  for (const auto& before : input_.baseline) {
    const auto after = std::ranges::find(input_.after, before.name, &core::CheckReport::name);
    if (after != input_.after.end()) {
      out_.checks.push_back(compare(before, *after, renamed_));
      newly_skipped(before, *after);
      continue;
    }
    core::CheckComparison missing = compare(before, before, std::nullopt);
    missing.after = {};
    missing.still_failing.clear();
    missing.newly_failing = {before.name + " (the check did not run)"};
    out_.checks.push_back(std::move(missing));
  }
}

// compare() looks at names; a test that passed and is skipped now proves as little as one that is
// gone.
void Judge::newly_skipped(const core::CheckReport& before, const core::CheckReport& after) {
  for (const auto& [test, was] : before.tests) {
    if (was != TestStatus::Passed) continue;
    auto now = after.tests.find(test);
    if (now == after.tests.end() && renamed_)
      now = after.tests.find(replaced(test, renamed_->first, renamed_->second));
    if (now != after.tests.end() && now->second == TestStatus::Skipped)
      skipped_.push_back(now->first);
  }
  const bool by_counts = !before.by_test || !after.by_test;
  if (by_counts && after.counts.skipped > before.counts.skipped) {
    skipped_.push_back(before.name + ": " +
                       std::to_string(after.counts.skipped - before.counts.skipped) +
                       " more (only counts were reported)");
  }
}

void Judge::results() {
  std::vector<std::string> failing, vanished, counts_only;
  std::set<std::string> flaky;
  for (const auto& check : out_.checks) {
    failing.insert(failing.end(), check.newly_failing.begin(), check.newly_failing.end());
    vanished.insert(vanished.end(), check.vanished.begin(), check.vanished.end());
    flaky.insert(check.flaky.begin(), check.flaky.end());
    still_failing_ += static_cast<int>(check.still_failing.size());
    fixed_.insert(fixed_.end(), check.fixed.begin(), check.fixed.end());
    passed_before_ += check.before.passed;
    passed_after_ += check.after.passed;
    if (!check.by_test) counts_only.push_back(check.name);
  }
  // Flaky tests prove nothing: they do not count as passed on either side.
  proving_ = proving_tests();
  if (failing.empty()) {
    std::string detail = count_of(static_cast<size_t>(passed_after_), "test") + " passed";
    if (still_failing_) detail += "; " + std::to_string(still_failing_) + " failed before as well";
    if (!flaky.empty()) detail += "; flaky: " + some_of({flaky.begin(), flaky.end()});
    if (!counts_only.empty()) detail += "; only counts were reported by " + some_of(counts_only);
    met("no_newly_failing_test", std::move(detail));
  } else {
    failed("no_newly_failing_test",
           count_of(failing.size(), "test") + (failing.size() == 1 ? " fails" : " fail") +
               " that did not fail before: " + some_of(failing) + troubles());
  }
  if (vanished.empty())
    met("no_vanished_test", "every test that was reported before is reported now");
  else
    failed("no_vanished_test", count_of(vanished.size(), "test") +
                                   (vanished.size() == 1 ? " of the base is" : " of the base are") +
                                   std::string(" no longer reported: ") + some_of(vanished));
  if (const auto unsteady = newly_flaky(input_); !unsteady.empty())
    open("no_newly_flaky_test",
         count_of(unsteady.size(), "test") +
             " that passed before gives both answers now: " + some_of(unsteady));
  if (skipped_.empty())
    met("no_newly_skipped_test", "no test that passed before is skipped now");
  else
    failed("no_newly_skipped_test", count_of(skipped_.size(), "test") + " that passed before " +
                                        (skipped_.size() == 1 ? "is" : "are") +
                                        " skipped now: " + some_of(skipped_));
}

int Judge::proving_tests() const {
  int proving = 0;
  for (size_t i = 0; i < input_.baseline.size(); ++i) {
    const auto& before = input_.baseline[i];
    const auto after = std::ranges::find(input_.after, before.name, &core::CheckReport::name);
    if (after == input_.after.end()) continue;
    if (!before.by_test || !after->by_test) {
      proving += std::min(before.counts.passed, after->counts.passed);
      continue;
    }
    const auto flaky = [&](const std::string& test) {
      return std::ranges::find(before.flaky, test) != before.flaky.end() ||
             std::ranges::find(after->flaky, test) != after->flaky.end();
    };
    proving += static_cast<int>(std::ranges::count_if(before.tests, [&](const auto& test) {
      return test.second == TestStatus::Passed &&
             (before.flaky.empty() && after->flaky.empty() ? true : !flaky(test.first));
    }));
  }
  return proving;
}

// Checks that did not end by themselves, or that what they run was not made.
std::string Judge::troubles() const {
  std::string out = input_.not_ready.empty() ? "" : "; " + input_.not_ready;
  for (const auto& report : input_.after) {
    if (!report.trouble.empty()) out += "; '" + inert(report.name) + "' " + report.trouble;
  }
  return out;
}

// Whether a test was skipped, or asks less, is better seen by running it as the base has it than
// by reading it.
bool Judge::runs_decide(const Finding& finding) const {
  const bool read =
      finding.rule == "test_skipped" || (finding.rule == "test_weakened" && finding.line == 0);
  if (!read || !is_test_path(finding.path) || input_.under_old_tests.empty()) return false;
  const auto by_test = [](const auto& report) { return report.by_test; };
  return std::ranges::all_of(input_.baseline, by_test) &&
         std::ranges::all_of(input_.after, by_test) &&
         std::ranges::all_of(input_.under_old_tests, by_test);
}

void Judge::what_ran_is_the_change() {
  if (!input_.not_ready.empty()) open("made_ready_again", input_.not_ready);
  if (!input_.rewritten.empty())
    open("files_left_alone",
         "while its checks ran, files of the repository were written over, which does not happen "
         "on the base: " +
             some_of(input_.rewritten));
}

// No old name is left where everything that had it is gone, too.
void Judge::done_as_asked() {
  if (!input_.claim.of_brief) return;
  const auto missing = missing_of_what_was_asked(input_);
  if (missing.empty())
    met("done_as_asked", is_rename(input_.claim)
                             ? "nothing of the program is gone but the old name"
                             : "the new call stands wherever the old one stood");
  else
    open("done_as_asked",
         (is_rename(input_.claim)
              ? "more than the name was changed; the rename alone leaves "
              : "the new call does not stand where the old one stood; missing is ") +
             some_of(missing));
}

void Judge::old_tests_hold() {
  if (input_.under_old_tests.empty()) return;
  const auto broken_tests = broken_under_old_tests(input_);
  const auto bent = bent_tests(input_);
  if (!bent.empty())
    broken("tests_of_the_base_hold",
           "the change altered tests so that they fail, which pass on it in their old form: " +
               some_of(bent));
  else if (broken_tests.empty())
    met("tests_of_the_base_hold", "the tests as they were before the change pass on it, too");
  else
    open(
        "tests_of_the_base_hold",
        !input_.held_back.empty() ? together(broken_tests)
        : input_.claim.of_brief
            ? "its source does not pass the base's tests with nothing but the brief done in "
              "them: " +
                  some_of(broken_tests)
        : tests_were_changed()
            ? "the change altered tests that it does not pass in their old form: " +
                  some_of(broken_tests)
            : "tests of the base do not pass once more, with a remark at the end of their files: " +
                  some_of(broken_tests));
}

void Judge::tests_can_fail() {
  const char* name = "proving_tests_can_fail";
  if (input_.must_fail.empty()) return;
  if (input_.canaries.empty()) {
    open(name,
         "no failure could be put into the tests that should prove it, so nothing shows that "
         "they can fail: " +
             some_of({input_.must_fail.begin(), input_.must_fail.end()}));
    return;
  }
  if (const auto blind = blind_tests(input_); !blind.empty()) {
    open(name, "a failure that was put into the test that should prove it was not reported: " +
                   some_of(blind));
    return;
  }
  std::string detail = "a failure that was put into what proves it was reported";
  std::vector<std::string> without;
  std::ranges::set_difference(input_.must_fail, input_.canaries, std::back_inserter(without));
  if (!without.empty()) detail += "; none was put into " + some_of(without);
  if (!input_.only_at_their_end.empty())
    detail += "; only at the end, not into an assertion of " +
              some_of({input_.only_at_their_end.begin(), input_.only_at_their_end.end()});
  met(name, std::move(detail));
}

// Tests prove nothing where the change touched what runs them.
void Judge::evidence_is_independent() {
  if (!input_.claim.action.empty() && !input_.claim.of_brief) return;
  auto objections = objections_to_evidence(input_);
  if (!input_.unparted.empty())
    objections.push_back("tests and what is made for them cannot be told from the program in " +
                         some_of({input_.unparted.begin(), input_.unparted.end()}));
  if (objections.empty())
    met("evidence_is_independent", "nothing that runs the tests was changed");
  else
    open("evidence_is_independent", join(objections, "; "));
}

bool Judge::tests_were_changed() const {
  const auto is_test = [](const auto& change) {
    return is_test_path(change.path) || is_test_path(change.old_path);
  };
  return !input_.inline_tests.empty() || std::ranges::any_of(input_.changed, is_test);
}

std::string Judge::together(const std::vector<std::string>& tests) const {
  return "passes only together with " +
         (input_.held_back.empty() ? "other files of the tests" : some_of(input_.held_back)) +
         ": " + some_of(tests);
}

void Judge::findings() {
  std::vector<std::string> blocking;
  for (const auto& finding : out_.proof.findings) {
    const bool is_leftover =
        std::ranges::find(input_.claim.leftovers, finding) != input_.claim.leftovers.end();
    if (finding.blocks && !is_leftover)
      blocking.push_back(finding.rule + (finding.path.empty() ? "" : " in " + inert(finding.path)));
  }
  if (blocking.empty())
    met("no_blocking_finding", "nothing was done to the tests or to what runs them");
  else
    broken("no_blocking_finding", some_of(blocking));
}

std::string Judge::what_holds() const {
  if (is_rename(input_.claim)) return "nothing was proved beyond the rename itself";
  if (input_.claim.action == "replace") return "nothing was proved beyond the replacement itself";
  return "nothing was proved";
}

void Judge::decide() {
  auto& verdict = out_.proof.verdict;
  if (!refuting_.empty()) {
    verdict = Verdict::Refuted;
    out_.reason = join(refuting_, "; ");
  } else if (input_.changed.empty()) {
    out_.reason = "nothing was changed";
  } else if (input_.baseline.empty()) {
    out_.reason = what_holds() + ": there is no check for this repository";
  } else if (passed_before_ == 0 && !fix_shown_) {
    const bool any_failed =
        std::ranges::any_of(out_.checks, [](const auto& check) { return check.before.failed > 0; });
    out_.reason = what_holds() +
                  (any_failed ? ": no test passed on the base" : ": the checks report no test");
  } else if (proving_ == 0 && !fix_shown_) {
    out_.reason = what_holds() + ": every test that passed is flaky";
  } else if (!open_.empty()) {
    out_.reason = join(open_, "; ");
  } else {
    verdict = Verdict::Proved;
  }
}

Judgement judge(const Case& input) { return Judge(input).run(); }

}  // namespace nightjar::verify
