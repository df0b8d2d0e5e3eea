#include "verify/test_evidence.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "base/text.h"
#include "verify/rename_text.h"

namespace nightjar::verify {

namespace {

using core::TestStatus;

const core::CheckReport* find(const std::vector<core::CheckReport>& reports,
                              const std::string& name) {
  const auto found = std::ranges::find(reports, name, &core::CheckReport::name);
  return found == reports.end() ? nullptr : &*found;
}

}  // namespace

bool passes_for_sure(const core::CheckReport* report, const std::string& test) {
  if (!report) return false;
  const auto found = report->tests.find(test);
  return found != report->tests.end() && found->second == TestStatus::Passed &&
         std::ranges::find(report->flaky, test) == report->flaky.end();
}

std::vector<std::string> fixed_under_old_tests(const Case& input) {
  std::vector<std::string> out;
  for (const auto& before : input.baseline) {
    const auto* now = find(input.under_old_tests, before.name);
    const auto* after = find(input.after, before.name);
    if (!now) continue;
    for (const auto& test : compare(before, *now, std::nullopt).fixed)
      if (passes_for_sure(after, test)) out.push_back(test);
  }
  return out;
}

std::vector<std::string> bent_tests(const Case& input) {
  std::vector<std::string> out;
  for (const auto& before : input.baseline) {
    const auto* now = find(input.under_old_tests, before.name);
    const auto* after = find(input.after, before.name);
    if (!now || !after) continue;
    for (const auto& test : compare(before, *now, std::nullopt).fixed) {
      const auto found = after->tests.find(test);
      if (found != after->tests.end() && found->second == TestStatus::Failed) out.push_back(test);
    }
  }
  return out;
}

std::vector<std::string> broken_under_old_tests(const Case& input) {
  std::vector<std::string> out;
  for (const auto& before : input.baseline) {
    const auto* now = find(input.under_old_tests, before.name);
    if (!now) continue;
    std::optional<std::pair<std::string, std::string>> renamed;
    if (is_rename(input.claim)) renamed = {input.claim.old_name, input.claim.new_name};
    const auto compared = compare(before, *now, renamed);
    for (const auto* names : {&compared.newly_failing, &compared.vanished})
      out.insert(out.end(), names->begin(), names->end());
  }
  return out;
}

// A test of the base that asks for more now: in its old form it passes on the base and on the
// change, in its new form it fails on the base's code.
bool asks_for_more(const Case& input, const core::CheckReport& before,
                   const core::CheckReport& base, const std::string& test) {
  const auto now = base.tests.find(test);
  return passes_for_sure(&before, test) && now != base.tests.end() &&
         now->second == TestStatus::Failed &&
         passes_for_sure(find(input.under_old_tests, before.name), test);
}

std::vector<std::string> failing_without_the_change(const Case& input) {
  std::vector<std::string> out;
  for (const auto& after : input.after) {
    const auto* base = find(input.base_under_new_tests, after.name);
    const auto* before = find(input.baseline, after.name);
    if (!base || !before || !after.by_test) continue;
    for (const auto& [test, status] : after.tests) {
      if (!passes_for_sure(&after, test)) continue;
      if (std::ranges::find(base->flaky, test) != base->flaky.end()) continue;
      if (before->tests.contains(test)) {
        if (asks_for_more(input, *before, *base, test)) out.push_back(test);
        continue;
      }
      const auto without = base->tests.find(test);
      // Where the check could not even begin without the change, its tests are not reported.
      const bool fails =
          without == base->tests.end() ? !base->passed() : without->second == TestStatus::Failed;
      if (fails) out.push_back(test);
    }
  }
  return out;
}

std::vector<std::string> passing_by_source_alone(const Case& input,
                                                 const std::vector<std::string>& tests) {
  if (input.source_with_new_tests.empty()) return tests;
  std::vector<std::string> out;
  for (const auto& test : tests) {
    if (std::ranges::any_of(input.source_with_new_tests,
                            [&](const auto& report) { return passes_for_sure(&report, test); }))
      out.push_back(test);
  }
  return out;
}

std::vector<std::string> blind_tests(const Case& input) {
  std::vector<std::string> out(input.unnoticed.begin(), input.unnoticed.end());
  if (input.under_canary.empty()) return out;
  for (const auto& test : input.canaries) {
    if (input.of_programs.contains(test)) continue;
    const bool failed = std::ranges::any_of(input.under_canary, [&test](const auto& report) {
      const auto found = report.tests.find(test);
      return found != report.tests.end() && found->second == TestStatus::Failed;
    });
    if (!failed) out.push_back(test);
  }
  return out;
}

bool assertions_are_seen_to_fail(const Case& input) {
  return !input.must_fail.empty() && input.canaries == input.must_fail &&
         input.only_at_their_end.empty() && input.of_programs.empty() && blind_tests(input).empty();
}

bool is_told_by_programs(const core::CheckReport& report) {
  return std::ranges::any_of(split(report.format, ','), [](const auto& part) {
    static const std::set<std::string, std::less<>> formats{"command", "tap",      "prove", "ctest",
                                                            "meson",   "automake", "node"};
    return formats.contains(trim(part));
  });
}

bool is_noticed(const std::vector<core::CheckReport>& after,
                const std::vector<core::CheckReport>& failing, const std::string& test,
                bool alone) {
  for (const auto& before : after) {
    const auto* now = before.tests.contains(test) ? find(failing, before.name) : nullptr;
    if (!now) continue;
    const auto own = now->tests.find(test);
    const bool failed = own != now->tests.end() && own->second == TestStatus::Failed;
    // A check that ends with its first failure says nothing of the programs behind it.
    const bool whole = before.format == "command" || before.format == "tap";
    if (failed && (alone || before.format != "command")) return true;
    if (!whole || !alone) continue;
    const bool another = std::ranges::any_of(now->tests, [&before](const auto& item) {
      const auto was = before.tests.find(item.first);
      return item.second == TestStatus::Failed && was != before.tests.end() &&
             was->second == TestStatus::Passed;
    });
    if (another || (before.passed() && !now->passed())) return true;
  }
  return false;
}

std::vector<std::string> tests_that_must_fail(const Case& input) {
  if (input.kind == core::Kind::Bugfix || input.kind == core::Kind::Feature)
    return proving_tests(input);
  std::vector<std::string> out;
  if (input.kind != core::Kind::Refactor) return out;
  for (const auto& before : input.baseline) {
    const auto* after = find(input.after, before.name);
    for (const auto& [test, status] : before.tests)
      if (passes_for_sure(&before, test) && passes_for_sure(after, test)) out.push_back(test);
  }
  return out;
}

std::vector<std::string> proving_tests(const Case& input) {
  auto fixed = fixed_under_old_tests(input);
  if (input.kind == core::Kind::Bugfix && !fixed.empty()) return fixed;
  return passing_by_source_alone(input, failing_without_the_change(input));
}

std::string own_name(std::string_view test) {
  const auto bracket = test.find('[', 1);
  test = test.substr(0, bracket);
  const auto start = test.find_last_of(":.>");
  if (start != std::string_view::npos) test = test.substr(start + 1);
  test = test.substr(0, test.find('/'));
  return trimmed(test);
}

std::vector<std::string> newly_flaky(const Case& input) {
  std::vector<std::string> out;
  for (const auto& before : input.baseline) {
    const auto* after = find(input.after, before.name);
    if (!after || !after->by_test) continue;
    for (const auto& test : after->flaky)
      if (passes_for_sure(&before, test)) out.push_back(test);
  }
  return out;
}

std::vector<std::string> failing_on_the_base(const Case& input) {
  std::vector<std::string> out;
  for (const auto& before : input.baseline) {
    if (!before.by_test || before.format == "command") continue;
    for (const auto& [test, status] : before.tests) {
      const bool flaky = std::ranges::find(before.flaky, test) != before.flaky.end();
      if (status == TestStatus::Failed && !flaky && !is_failure_of_the_check(before, test))
        out.push_back(test);
    }
  }
  return out;
}

namespace {

// "test_addNegative" -> add, negative.
std::set<std::string> words_of(std::string_view text) {
  static const std::set<std::string> common{"test", "tests", "the",    "and", "that",
                                            "when", "with",  "should", "not", "for",
                                            "from", "bug",   "fix",    "case"};
  std::set<std::string> out;
  std::string word;
  const auto end = [&] {
    if (word.size() >= 3 && !common.contains(word)) out.insert(word);
    word.clear();
  };
  bool was_small = false;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (!std::isalnum(u) || (was_small && std::isupper(u))) end();
    was_small = std::islower(u);
    if (std::isalnum(u)) word += static_cast<char>(std::tolower(u));
  }
  end();
  return out;
}

}  // namespace

namespace {

// "failing tests", "the tests fail", "make the suite pass", "fix the tests": what is red is meant.
bool speaks_of_the_suite(std::string_view brief) {
  std::vector<std::string> words(1);
  for (const char c : lower(brief)) {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '_')
      words.back() += c;
    else if (!words.back().empty())
      words.emplace_back();
  }
  static const std::set<std::string> tests{"test",      "tests", "suite",
                                           "testsuite", "check", "checks"};
  static const std::set<std::string> red{"failing", "failed", "broken", "red"};
  static const std::set<std::string> fail{"fail", "fails", "failing", "failed", "broken", "red"};
  static const std::set<std::string> green{"pass", "green", "work", "succeed"};
  static const std::set<std::string> make{"make", "get", "fix", "repair"};
  const auto near = [&words](size_t begin, size_t far, const auto& wanted) {
    for (size_t i = begin; i < words.size() && i < begin + far; ++i)
      if (wanted.contains(words[i])) return i;
    return words.size();
  };
  for (size_t i = 0; i < words.size(); ++i) {
    if (red.contains(words[i]) && near(i + 1, 2, tests) < words.size()) return true;
    if (tests.contains(words[i]) && near(i + 1, 2, fail) < words.size()) return true;
    if (!make.contains(words[i])) continue;
    const size_t named = near(i + 1, 3, tests);
    const bool mends = words[i] == "fix" || words[i] == "repair";
    if (named < words.size() && (mends || near(named + 1, 3, green) < words.size())) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> asked_to_pass(const Case& input) {
  std::vector<std::string> failing = failing_on_the_base(input);
  if (speaks_of_the_suite(input.brief)) return failing;
  const auto asked = words_of(input.brief);
  std::erase_if(failing, [&asked](const std::string& test) {
    const auto words = words_of(own_name(test));
    return std::ranges::none_of(words, [&](const auto& word) { return asked.contains(word); });
  });
  return failing;
}

namespace {

// "Notes:", "- keep it small": how, not what.
bool is_about_the_way(std::string_view text) {
  static const std::set<std::string> heads{
      "note",    "notes",      "hint", "hints",  "constraints", "context", "style",
      "remarks", "background", "keep", "avoid",  "use",         "do",      "don't",
      "no",      "never",      "only", "please", "see",         "leave"};
  const auto begin = text.find_first_not_of("#*-_ .)0123456789");
  if (begin == std::string_view::npos) return true;
  text = text.substr(begin);
  return heads.contains(lower(text.substr(0, text.find_first_of(" :*_,"))));
}

}  // namespace

size_t criteria_in(std::string_view brief) {
  size_t count = 0;
  bool of_the_way = false;  // the heading above says so
  for (const auto line : lines(brief)) {
    const std::string text = trimmed(line);
    const size_t digits = text.find_first_not_of("0123456789");
    const bool numbered = digits != 0 && digits != std::string::npos &&
                          (text[digits] == '.' || text[digits] == ')') &&
                          text.substr(digits + 1).starts_with(' ');
    const bool item = numbered || text.starts_with("- ") || text.starts_with("* ");
    if (!item && !text.empty())
      of_the_way = (text.ends_with(':') || text.starts_with('#')) && is_about_the_way(text);
    count += item && !of_the_way && !is_about_the_way(text);
  }
  return count;
}

}  // namespace nightjar::verify
