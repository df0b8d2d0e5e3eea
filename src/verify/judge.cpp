// The verdict: what each kind of task owes, and whether it was established. Honest first: what
// could not be established is never proved, and what was not shown to be wrong is not refuted.
#include <algorithm>
#include <set>

#include "base/text.h"
#include "verify/changed_tests.h"
#include "verify/evidence.h"
#include "verify/file_roles.h"
#include "verify/reading.h"
#include "verify/rename_text.h"
#include "verify/test_evidence.h"
#include "verify/verify.h"

namespace nightjar::verify {

namespace {

using core::Finding;
using core::Kind;
using core::TestStatus;
using core::Verdict;

constexpr size_t kNamedInDetail = 5;

std::string some_of(const std::vector<std::string>& names) {
  std::string out;
  for (size_t i = 0; i < names.size() && i < kNamedInDetail; ++i) out += (i ? ", " : "") + names[i];
  if (names.size() > kNamedInDetail)
    out += " and " + std::to_string(names.size() - kNamedInDetail) + " more";
  return out;
}

bool is_documentation(std::string_view path) {
  if (configures_tests(path) || dependencies(path, "")) return false;
  for (std::string_view end :
       {".md", ".rst", ".txt", ".adoc", ".html", ".1", ".svg", ".png", ".jpg", ".gif"}) {
    if (lower(path).ends_with(end)) return true;
  }
  const auto name = path.substr(path.rfind('/') + 1);
  return name == "LICENSE" || name == "README" || name == "CHANGELOG" || name == "AUTHORS" ||
         name == "NOTICE";
}

class Judge {
 public:
  explicit Judge(const Case& input) : input_(input) {
    if (is_rename(input.claim)) renamed_ = {input.claim.old_name, input.claim.new_name};
  }

  Judgement run() {
    compare_all();
    out_.proof.findings = input_.findings;
    for (const auto& finding : input_.claim.leftovers) {
      // The agent may have reported the same place itself.
      const bool known = std::ranges::any_of(input_.findings, [&finding](const auto& other) {
        return other.path == finding.path && other.line == finding.line &&
               other.text == finding.text;
      });
      if (!known) out_.proof.findings.push_back(finding);
    }
    for (auto& finding : tamper_scan(input_)) {
      if (runs_decide(finding)) finding.blocks = false;
      out_.proof.findings.push_back(std::move(finding));
    }
    results();
    claims();
    old_tests_hold();
    evidence_is_independent();
    tests_can_fail();
    by_kind();
    findings();
    decide();
    return std::move(out_);
  }

 private:
  void met(std::string name, std::string detail) {
    out_.proof.obligations.push_back({std::move(name), true, std::move(detail)});
  }
  /// Shown to be wrong.
  void broken(std::string name, std::string detail) {
    refuting_.push_back(detail);
    out_.proof.obligations.push_back({std::move(name), false, std::move(detail)});
  }
  /// Neither shown nor shown to be wrong.
  void open(std::string name, std::string detail) {
    open_.push_back(detail);
    out_.proof.obligations.push_back({std::move(name), false, std::move(detail)});
  }

  // Whether a test was skipped, or asks less, is better seen by running it as the base has it than
  // by reading it.
  bool runs_decide(const Finding& finding) const {
    const bool read =
        finding.rule == "test_skipped" || (finding.rule == "test_weakened" && finding.line == 0);
    if (!read || !is_test_path(finding.path) || input_.under_old_tests.empty()) return false;
    const auto by_test = [](const auto& report) { return report.by_test; };
    return std::ranges::all_of(input_.baseline, by_test) &&
           std::ranges::all_of(input_.after, by_test) &&
           std::ranges::all_of(input_.under_old_tests, by_test);
  }

  void compare_all() {
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
  void newly_skipped(const core::CheckReport& before, const core::CheckReport& after) {
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

  void results() {
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
      if (still_failing_)
        detail += "; " + std::to_string(still_failing_) + " failed before as well";
      if (!flaky.empty()) detail += "; flaky: " + some_of({flaky.begin(), flaky.end()});
      if (!counts_only.empty()) detail += "; only counts were reported by " + some_of(counts_only);
      met("no_newly_failing_test", std::move(detail));
    } else {
      broken("no_newly_failing_test",
             count_of(failing.size(), "test") + (failing.size() == 1 ? " fails" : " fail") +
                 " that did not fail before: " + some_of(failing) + troubles());
    }
    if (vanished.empty())
      met("no_vanished_test", "every test that was reported before is reported now");
    else
      broken("no_vanished_test",
             count_of(vanished.size(), "test") +
                 (vanished.size() == 1 ? " of the base is" : " of the base are") +
                 std::string(" no longer reported: ") + some_of(vanished));
    if (const auto unsteady = newly_flaky(input_); !unsteady.empty())
      open("no_newly_flaky_test",
           count_of(unsteady.size(), "test") +
               " that passed before gives both answers now: " + some_of(unsteady));
    if (skipped_.empty())
      met("no_newly_skipped_test", "no test that passed before is skipped now");
    else
      broken("no_newly_skipped_test",
             count_of(skipped_.size(), "test") +
                 " that passed before is skipped now: " + some_of(skipped_));
  }

  int proving_tests() const {
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

  size_t blocking_leftovers() const {
    return static_cast<size_t>(std::ranges::count_if(input_.claim.leftovers, &Finding::blocks));
  }

  void claims() {
    if (is_rename(input_.claim)) {
      gone("no_old_name_left", "reference to " + input_.claim.old_name, input_.claim.old_name);
    } else if (input_.claim.action == "replace" ||
               (input_.kind == Kind::Migration && input_.claim.rescanned)) {
      gone("no_old_use_left", "old call", input_.claim.pattern);
    } else if (input_.kind == Kind::Migration) {
      open("no_old_use_left",
           "nothing says what the old use looks like, so it could not be looked for");
    }
  }

  // Checks that did not end by themselves.
  std::string troubles() const {
    std::string out;
    for (const auto& report : input_.after) {
      if (!report.trouble.empty()) out += "; '" + inert(report.name) + "' " + report.trouble;
    }
    return out;
  }

  void gone(const char* name, const std::string& what, const std::string& looked_for) {
    const size_t left = blocking_leftovers();
    if (!input_.claim.rescanned) {
      open(name, "the change was not searched again for '" + inert(looked_for) + "'");
    } else if (left > 0) {
      const auto first = std::ranges::find_if(input_.claim.leftovers, &Finding::blocks);
      broken(name, count_of(left, what) + (left == 1 ? " is" : " are") + " left, first at " +
                       inert(first->path) + ":" + std::to_string(first->line));
    } else {
      const size_t kept = input_.claim.leftovers.size();
      met(name, "no " + what + " is left" +
                    (kept ? "; " + count_of(kept, "other place") + " stayed (see findings)" : ""));
    }
  }

  void by_kind() {
    switch (input_.kind) {
      case Kind::Refactor:
        tests_unchanged();
        break;
      case Kind::Migration:
        manifest_and_lock();
        break;
      case Kind::Bugfix:
        fixed_test();
        break;
      case Kind::Tests:
        new_tests();
        break;
      case Kind::Docs:
        only_documentation();
        break;
      case Kind::Feature:
        if (input_.claim.action.empty()) criteria();
        break;
      case Kind::Performance:
        open("benchmark_improved", "no benchmark was measured before and after");
        break;
      case Kind::Chore:
        if (!input_.claim.rescanned)
          open("state_reached", "nothing could look again for the state that the task names");
        else if (!is_rename(input_.claim) && input_.claim.action != "replace") {
          if (blocking_leftovers() == 0)
            met("state_reached", "looked for again on the commit: nothing is left to do");
          else
            broken("state_reached", count_of(blocking_leftovers(), "place") + " left to do");
        }
        break;
    }
  }

  // Layout only, as formatters change it: spaces, quotes, commas and brackets around what is
  // compared.
  static std::string without_layout(std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (std::string_view(" \t\r\n,;()\\").find(c) == std::string_view::npos)
        out += c == '\'' ? '"' : c;
    }
    return out;
  }

  static std::vector<std::string> assertions(std::string_view text) {
    std::vector<std::string> out;
    for (const auto& line : look_at_tests(text).assertions)
      out.push_back(without_layout(line.text));
    return out;
  }

  void tests_unchanged() {
    std::vector<std::string> changed;
    for (const auto& change : input_.changed) {
      const std::string& old_path = change.old_path.empty() ? change.path : change.old_path;
      if (!is_test_path(change.path) && !is_test_path(old_path)) continue;
      if (change.status == 'A') continue;  // a new test loosens nothing
      const auto before = input_.contents.find(old_path);
      const auto after = input_.contents.find(change.path);
      if (before == input_.contents.end() ||
          (change.status != 'D' && after == input_.contents.end())) {
        changed.push_back(change.path);
        continue;
      }
      const std::string was = without_rename(before->second.first, input_.claim);
      const std::string is =
          change.status == 'D' ? "" : without_rename(after->second.second, input_.claim);
      const bool same = is_rename(input_.claim) ? was == is
                        : without_layout(was) == without_layout(is)
                            ? true
                            : assertions(was) == assertions(is);
      if (!same) changed.push_back(change.path);
    }
    const char* name = "tests_assertions_unchanged";
    if (changed.empty())
      met(name, is_rename(input_.claim) ? "test files differ by the rename alone"
                                        : "no test file's assertions changed");
    else
      broken(name, "changed more than the task needs: " + some_of(changed));
  }

  void manifest_and_lock() {
    struct Pair {
      std::string_view manifest, lock;
    };
    std::set<std::string, std::less<>> changed;
    for (const auto& change : input_.changed)
      changed.insert(change.path.substr(change.path.rfind('/') + 1));
    for (const auto& finding : out_.proof.findings) {
      if (finding.rule != "dependency_changed") continue;
      const std::string name = finding.path.substr(finding.path.rfind('/') + 1);
      bool locked = false;
      bool has_lock = false;
      for (const auto& [manifest, lock] :
           {Pair{"package.json", "package-lock.json"}, Pair{"package.json", "yarn.lock"},
            Pair{"package.json", "pnpm-lock.yaml"}, Pair{"Cargo.toml", "Cargo.lock"},
            Pair{"go.mod", "go.sum"}, Pair{"pyproject.toml", "poetry.lock"},
            Pair{"pyproject.toml", "uv.lock"}, Pair{"Pipfile", "Pipfile.lock"}}) {
        if (manifest != name) continue;
        has_lock = true;
        locked = locked || changed.contains(lock);
      }
      if (!has_lock || locked)
        met("manifest_and_lock_agree",
            finding.path +
                (locked ? " and its lock file were changed together" : " has no lock file"));
      else
        open("manifest_and_lock_agree",
             finding.path + " names other dependencies now, and no lock file was changed with it");
    }
  }

  // A test of the base counts where it passes by the source alone, as it was; a new one where it
  // fails without the change, and nothing but source and tests makes it pass.
  void fixed_test() {
    const char* name = "a_failing_test_passes";
    const auto shown = input_.under_old_tests.empty() ? fixed_ : fixed_under_old_tests(input_);
    if (!shown.empty()) {
      met(name, "failed on the base, passes now: " + some_of(shown));
      return;
    }
    if (!fixed_.empty()) {
      open(name,
           input_.held_back.empty()
               ? "the test that passes now was changed, and in its old form it still fails: " +
                     some_of(fixed_)
               : together(fixed_));
      return;
    }
    if (const auto failing = asked_to_pass(input_); !failing.empty()) {
      open(name, "no test that fails on the base passes on the change: " + some_of(failing) +
                     "; new tests alone do not show that it is fixed");
      return;
    }
    const auto added = failing_without_the_change(input_);
    const auto alone = passing_by_source_alone(input_, added);
    if (!alone.empty())
      met(name, "new, fails on the base's code, passes on the change: " + some_of(alone));
    else if (!added.empty())
      open(name, together(added));
    else
      open(name, "no test that fails on the base passes on the change");
  }

  std::string together(const std::vector<std::string>& tests) const {
    return "passes only together with " +
           (input_.held_back.empty() ? "other files of the tests" : some_of(input_.held_back)) +
           ": " + some_of(tests);
  }

  void old_tests_hold() {
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
      open("tests_of_the_base_hold",
           input_.held_back.empty()
               ? "the change altered tests that it does not pass in their old form: " +
                     some_of(broken_tests)
               : together(broken_tests));
  }

  void tests_can_fail() {
    if (input_.under_canary.empty()) return;
    if (const auto blind = blind_tests(input_); !blind.empty())
      open("proving_tests_can_fail",
           "the test that should prove it passes also where it must fail: " + some_of(blind));
    else
      met("proving_tests_can_fail", "a failure that was put into what proves it was reported");
  }

  // Tests prove nothing where the change touched what runs them.
  void evidence_is_independent() {
    if (!input_.claim.action.empty()) return;
    const auto objections = objections_to_evidence(input_);
    if (objections.empty())
      met("evidence_is_independent", "nothing that runs the tests was changed");
    else
      open("evidence_is_independent", join(objections, "; "));
  }

  // A line of the brief that begins with a dash or a number is a criterion of its own.
  void criteria() {
    const auto added = passing_by_source_alone(input_, failing_without_the_change(input_));
    const size_t wanted = std::max<size_t>(1, input_.criteria);
    if (added.size() >= wanted)
      met("criteria_have_tests",
          count_of(added.size(), "new test") + (added.size() == 1 ? " fails" : " fail") +
              " without the change and " + (added.size() == 1 ? "passes" : "pass") +
              " with it: " + some_of(added));
    else if (added.empty())
      open("criteria_have_tests",
           "no acceptance criterion is tied to a test that fails without the change");
    else
      open("criteria_have_tests", "the brief names " + std::to_string(wanted) +
                                      " criteria, and only " + count_of(added.size(), "new test") +
                                      " fails without the change: " + some_of(added));
  }

  void new_tests() {
    std::vector<std::string> code;
    for (const auto& change : input_.changed) {
      if (!is_test_path(change.path)) code.push_back(change.path);
    }
    if (code.empty())
      met("code_unchanged", "the new tests pass on the base's code: no other file was changed");
    else
      open("code_unchanged", "other files were changed too: " + some_of(code));
    open("tests_can_fail",
         "the code under the new tests was not mutated, so it is not known that they can fail");
  }

  void only_documentation() {
    std::vector<std::string> code;
    for (const auto& change : input_.changed) {
      if (!is_documentation(change.path)) code.push_back(change.path);
    }
    if (code.empty())
      met("no_code_changed", "only documentation was changed");
    else
      open("no_code_changed", "these are no documentation files: " + some_of(code));
  }

  void findings() {
    std::vector<std::string> blocking;
    for (const auto& finding : out_.proof.findings) {
      const bool is_leftover =
          std::ranges::find(input_.claim.leftovers, finding) != input_.claim.leftovers.end();
      if (finding.blocks && !is_leftover)
        blocking.push_back(finding.rule +
                           (finding.path.empty() ? "" : " in " + inert(finding.path)));
    }
    if (blocking.empty())
      met("no_blocking_finding", "nothing was done to the tests or to what runs them");
    else
      broken("no_blocking_finding", some_of(blocking));
  }

  std::string what_holds() const {
    if (is_rename(input_.claim)) return "nothing was proved beyond the rename itself";
    if (input_.claim.action == "replace") return "nothing was proved beyond the replacement itself";
    return "nothing was proved";
  }

  void decide() {
    auto& verdict = out_.proof.verdict;
    if (!refuting_.empty()) {
      verdict = Verdict::Refuted;
      out_.reason = join(refuting_, "; ");
    } else if (input_.changed.empty()) {
      out_.reason = "nothing was changed";
    } else if (input_.baseline.empty()) {
      out_.reason = what_holds() + ": there is no check for this repository";
    } else if (passed_before_ == 0) {
      const bool any_failed = std::ranges::any_of(
          out_.checks, [](const auto& check) { return check.before.failed > 0; });
      out_.reason = what_holds() +
                    (any_failed ? ": no test passed on the base" : ": the checks report no test");
    } else if (proving_ == 0) {
      out_.reason = what_holds() + ": every test that passed is flaky";
    } else if (!open_.empty()) {
      out_.reason = join(open_, "; ");
    } else {
      verdict = Verdict::Proved;
    }
  }

  const Case& input_;
  std::optional<std::pair<std::string, std::string>> renamed_;
  Judgement out_;
  std::vector<std::string> refuting_, open_, skipped_, fixed_;
  int still_failing_ = 0, passed_before_ = 0, passed_after_ = 0, proving_ = 0;
};

}  // namespace

Judgement judge(const Case& input) { return Judge(input).run(); }

}  // namespace nightjar::verify
