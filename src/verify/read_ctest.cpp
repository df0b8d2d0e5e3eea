// ctest and Meson, which start programs and say themselves how each of them ended.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "verify/reading.h"

namespace nightjar::verify {

namespace {

using core::TestStatus;

// "3/9 Test #3: name .......***Failed    0.00 sec" after "Test".
struct CtestLine {
  int number = 0;
  std::string name;
  TestStatus status = TestStatus::Failed;
  bool disabled = false;  ///< not among those that ctest counts
};

std::optional<CtestLine> ctest_line(std::string_view line) {
  line = trim_left(line);
  if (!take_number(line) || !take(line, "/") || !take_number(line) || !take(line, " Test"))
    return std::nullopt;
  line = trim_left(line);
  CtestLine out;
  if (!take(line, "#")) return std::nullopt;
  const auto number = take_number(line);
  if (!number || !take(line, ": ")) return std::nullopt;
  out.number = *number;
  std::string_view head;
  if (const auto stars = line.find("***"); stars != std::string_view::npos) {
    head = line.substr(0, stars);
    const auto verdict = line.substr(stars + 3);
    const bool skipped =
        verdict.starts_with("Skipped") || verdict.starts_with("Not Run (Disabled)");
    out.disabled = verdict.starts_with("Not Run (Disabled)");
    out.status = skipped ? TestStatus::Skipped : TestStatus::Failed;
  } else if (const auto passed = line.rfind(" Passed "); passed != std::string_view::npos) {
    head = line.substr(0, passed);
    out.status = TestStatus::Passed;
  } else {
    return std::nullopt;
  }
  const auto dots = head.find_last_of('.');
  if (dots == std::string_view::npos) return std::nullopt;
  head = head.substr(0, dots + 1);
  while (head.ends_with('.')) head.remove_suffix(1);
  out.name = trim(head);
  if (out.name.empty()) return std::nullopt;
  return out;
}

// One call of ctest. What its programs print stands between its lines and may look like them: only
// what agrees with its last words counts.
class Ctest {
 public:
  void line(std::string_view text) {
    if (text.starts_with("Total Test time (real)")) {
      listing_ = false;
      listed_.clear();
      ++ends_;
    } else if (text.starts_with("The following tests FAILED:")) {
      listing_ = ends_ > 0;
    } else if (listing_) {
      listed(text);
    }
    closing(text);
    if (auto test = ctest_line(text)) {
      auto& held = tests_[test->number];
      held.push_back(std::move(*test));
    }
  }

  /// False where the lines do not add up; `out` gets the failures alone then.
  bool end(Reading& out) {
    const bool none = tests_.empty() && closings_ == 0;
    const bool adds_up = none || (ends_ == 1 && closings_ == 1 && (fits(false) || fits(true)));
    for (auto& [number, lines] : tests_) {
      // A test that is repeated counts as it ended.
      auto& line = adds_up ? chosen(lines, repeated_) : chosen(lines, false);
      if (adds_up || line.status == TestStatus::Failed) out.add(std::move(line.name), line.status);
    }
    return adds_up;
  }

  core::Counts total() const { return {std::max(0, of_ - failed_), failed_, 0}; }

 private:
  static CtestLine& chosen(std::vector<CtestLine>& lines, bool last) {
    const auto failed = std::ranges::find(lines, TestStatus::Failed, &CtestLine::status);
    return last || failed == lines.end() ? lines.back() : *failed;
  }

  // "\t  3 - name (Failed)"
  void listed(std::string_view text) {
    text = trim_left(text);
    const auto number = take_number(text);
    if (number && take(text, " - "))
      listed_.insert(*number);
    else
      listing_ = false;
  }

  // "38% tests passed, 5 tests failed out of 8"
  void closing(std::string_view text) {
    if (!take_number(text) || !take(text, "% tests passed, ")) return;
    const auto failed = take_number(text);
    if (!failed || !(take(text, " tests failed") || take(text, " test failed")) ||
        !take(text, " out of "))
      return;
    failed_ = *failed;
    of_ = take_number(text).value_or(0);
    ++closings_;
  }

  bool fits(bool last) {
    repeated_ = last;
    std::set<int> failed;
    int run = 0;
    for (auto& [number, lines] : tests_) {
      const auto& line = chosen(lines, last);
      if (line.status == TestStatus::Failed) failed.insert(number);
      run += !line.disabled;
    }
    return static_cast<int>(failed.size()) == failed_ && run == of_ && failed == listed_;
  }

  std::map<int, std::vector<CtestLine>> tests_;
  std::set<int> listed_;  ///< as failed, after the end
  int failed_ = 0, of_ = 0, closings_ = 0, ends_ = 0;
  bool listing_ = false, repeated_ = false;
};

void blank(Lines& lines, size_t first, size_t last) {
  for (size_t i = first; i <= last && i < lines.size(); ++i) lines[i] = {};
}

// Where the call that begins at `first` ends: behind its last words, or where the next begins.
size_t end_of_ctest(const Lines& lines, size_t first) {
  size_t last = lines.size();
  for (size_t i = first + 1; i < lines.size(); ++i) {
    if (lines[i].starts_with("Test project ")) return last < i ? last : i - 1;
    if (lines[i].starts_with("Total Test time (real)") ||
        lines[i].starts_with("No tests were found") ||
        lines[i].starts_with("Errors while running CTest"))
      last = i;
  }
  return last;
}

}  // namespace

std::optional<Reading> read_ctest(Lines& lines) {
  Reading reading{.format = "ctest"};
  core::Counts total;
  bool found = false;
  bool adds_up = true;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!lines[i].starts_with("Test project ")) continue;
    found = true;
    const size_t end = end_of_ctest(lines, i);
    Ctest ctest;
    for (size_t at = i; at <= end && at < lines.size(); ++at) ctest.line(lines[at]);
    adds_up &= ctest.end(reading);
    add_up(total, ctest.total());
    blank(lines, i, end);
    i = end;
  }
  if (!found) return std::nullopt;
  if (!adds_up) count_only(reading, total);
  return reading;
}

namespace {

struct MesonWord {
  std::string_view word;
  TestStatus status;
};
constexpr std::array<MesonWord, 9> kMesonWords{{{"OK", TestStatus::Passed},
                                                {"FAIL", TestStatus::Failed},
                                                {"SKIP", TestStatus::Skipped},
                                                {"TIMEOUT", TestStatus::Failed},
                                                {"ERROR", TestStatus::Failed},
                                                {"INTERRUPT", TestStatus::Failed},
                                                {"EXPECTEDFAIL", TestStatus::Skipped},
                                                {"UNEXPECTEDPASS", TestStatus::Failed},
                                                {"IGNORED", TestStatus::Skipped}}};

std::optional<TestResult> meson_line(std::string_view line) {
  line = trim_left(line);
  if (!take_number(line) || !take(line, "/") || !take_number(line) || !take(line, " "))
    return std::nullopt;
  for (const auto& [word, status] : kMesonWords) {
    const std::string wanted = " " + std::string(word) + " ";
    const auto at = line.find(wanted);
    if (at == std::string_view::npos) continue;
    auto time = trim_left(line.substr(at + wanted.size()));
    if (!take_number(time) || !take(time, ".")) continue;
    const auto name = trim(line.substr(0, at));
    if (!name.empty()) return TestResult{std::string(name), status};
  }
  return std::nullopt;
}

// "Ok:                1"
void meson_total(std::string_view line, core::Counts& total) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const auto word = line.substr(0, colon);
  std::string_view rest = trim(line.substr(colon + 1));
  const auto number = take_number(rest);
  if (!number || !rest.empty()) return;
  if (word == "Ok") total.passed += *number;
  if (word == "Fail" || word == "Timeout" || word == "Unexpected Pass") total.failed += *number;
  if (word == "Skipped" || word == "Expected Fail" || word == "Ignored") total.skipped += *number;
}

}  // namespace

std::optional<Reading> read_meson(Lines& lines) {
  const bool ended = std::ranges::any_of(lines, [](std::string_view line) {
    return line.starts_with("Full log written to ") || line.starts_with("No tests defined");
  });
  if (!ended) return std::nullopt;
  Reading reading{.format = "meson"};
  core::Counts total;
  size_t first = lines.size();
  size_t last = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    auto test = meson_line(lines[i]);
    if (test)
      reading.tests.push_back(std::move(*test));
    else
      meson_total(lines[i], total);
    if (test || lines[i].starts_with("Full log written to ")) {
      first = std::min(first, i);
      last = i;
    }
  }
  settle(reading, total);
  if (first < lines.size()) blank(lines, first, last);
  return reading;
}

}  // namespace nightjar::verify
