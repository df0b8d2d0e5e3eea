// The Test Anything Protocol, with nested subtests, and what prove makes of it.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/text.h"
#include "verify/reading.h"

namespace nightjar::verify {

namespace {

using core::TestStatus;

// "ok 1 - name # SKIP why", "not ok 2 name"
struct Point {
  int number = 0;
  std::string name;
  TestStatus status = TestStatus::Passed;
};

std::optional<Point> point_of(std::string_view text) {
  Point out;
  const bool failed = take(text, "not ");
  if (!take(text, "ok") || (!text.empty() && text.front() != ' ')) return std::nullopt;
  text = trim(text);
  const auto number = take_number(text);
  if (!number || (!text.empty() && text.front() != ' ')) return std::nullopt;
  out.number = *number;
  text = trim_left(text);
  if (text == "-") text = {};
  take(text, "- ");
  std::string_view directive;
  for (size_t at = text.find('#'); at != std::string_view::npos; at = text.find('#', at + 1)) {
    if (at > 0 && text[at - 1] == '\\') continue;
    const std::string word = lower(trim(text.substr(at + 1)).substr(0, 4));
    if (word == "skip" || word == "todo") {
      directive = text.substr(at);
      text = text.substr(0, at);
      break;
    }
  }
  out.name = replaced(trim(text), "\\#", "#");
  if (text.ends_with('{'))
    out.name = trimmed(out.name.substr(0, out.name.size() - 1));  // node-tap's buffered subtests
  if (out.name.empty()) out.name = "test " + std::to_string(out.number);
  out.status = !directive.empty() ? TestStatus::Skipped
               : failed           ? TestStatus::Failed
                                  : TestStatus::Passed;
  return out;
}

class Tap {
 public:
  void line(std::string_view line) {
    const size_t indent = indent_of(line);
    std::string_view text = line.substr(std::min(indent, line.size()));
    if (indent == 0) {
      if (take(text, "TAP version ")) found_ = true;
      if (text.starts_with("# suites ")) of_node_ = true;
      if (auto rest = text; take(rest, "# fail ")) told_ = take_number(rest).value_or(0);
      if (text.starts_with("Bail out!")) {
        levels_[0].push_back({{"Bail out!", TestStatus::Failed}});
        found_ = true;
      }
      if (take(text, "1..")) plan(text);
    }
    if (trim(text) == "type: 'suite'" && suite_level_ && !levels_[*suite_level_].empty()) {
      levels_[*suite_level_].back().is_suite = true;
    }
    if (indent % 4 == 0 && indent / 4 < levels_.size()) {
      if (auto point = point_of(text)) return result(indent / 4, std::move(*point));
    }
    hidden_failure(text);
  }

  std::optional<Reading> end() {
    if (!found_ && !(planned_ >= 0 && points_ > 0)) return std::nullopt;
    add_hidden_failures();
    if (plans_ == 1) one_answer_a_number();
    Reading reading{.format = "tap"};
    for (auto& level : levels_) {
      for (auto& item : level) {
        // A parent repeats what its children say, except where node counts it as a test of its own.
        const bool counts = !item.is_parent || (of_node_ ? !item.is_suite : item.fails_alone);
        if (counts) reading.tests.push_back(std::move(item.test));
      }
    }
    if (planned_ >= 0 && planned_ != points_) {
      reading.add(
          "planned " + std::to_string(planned_) + " tests, " + std::to_string(points_) + " ran",
          TestStatus::Failed);
    }
    if (const int failed = counted(reading.tests).failed; told_ > failed) {
      reading.add("the runner counts " + std::to_string(told_) + " failed, " +
                      std::to_string(failed) + " named",
                  TestStatus::Failed);
    }
    return reading;
  }

 private:
  struct Item {
    TestResult test;
    bool is_parent = false;
    bool is_suite = false;
    bool fails_alone = false;  // although no test within it failed
    int number = 0;            // of a test of the plan; 0: within one
  };
  static constexpr size_t kDeepest = 16;

  void plan(std::string_view text) {
    const auto number = take_number(text);
    if (!number) return;
    planned_ = std::max(planned_, 0) + *number;
    ++plans_;
    if (*number == 0) found_ = true;
  }

  // A subtest's lines come before the line of the test that they belong to.
  void result(size_t depth, Point point) {
    if (depth == 0) ++points_;
    bool is_parent = false;
    bool child_failed = false;
    for (size_t inner = depth + 1; inner < levels_.size(); ++inner) {
      for (auto& item : levels_[inner]) {
        is_parent = true;
        child_failed = child_failed || item.test.status == TestStatus::Failed;
        item.test.name = point.name + " > " + item.test.name;
        levels_[depth].push_back(std::move(item));
      }
      levels_[inner].clear();
    }
    const bool fails_alone = point.status == TestStatus::Failed && !child_failed;
    levels_[depth].push_back({{std::move(point.name), point.status},
                              is_parent,
                              false,
                              fails_alone,
                              depth == 0 ? point.number : 0});
    suite_level_ = depth;
  }

  // A program that prints no last newline puts its text in front of the next result.
  void hidden_failure(std::string_view text) {
    const auto at = text.find("not ok ");
    if (at == std::string_view::npos) return;
    if (auto point = point_of(text.substr(at)); point && point->status == TestStatus::Failed)
      hidden_.push_back(std::move(*point));
  }

  // Those of the plan; text that merely speaks of another number is no result.
  void add_hidden_failures() {
    std::set<int> failed;
    for (const auto& item : levels_[0]) {
      if (item.test.status == TestStatus::Failed) failed.insert(item.number);
    }
    for (auto& point : hidden_) {
      if (point.number < 1 || point.number > planned_) continue;
      if (!failed.insert(point.number).second) continue;
      ++points_;
      levels_[0].push_back(
          {{std::move(point.name), TestStatus::Failed}, false, false, true, point.number});
    }
  }

  // A number that was given twice is one test, and failed where any of its lines says so.
  void one_answer_a_number() {
    std::map<int, std::set<TestStatus>> answers;
    for (const auto& item : levels_[0]) answers[item.number].insert(item.test.status);
    std::erase_if(levels_[0], [&](const Item& item) {
      const auto& all = answers[item.number];
      const bool contradicted = item.number > 0 && all.size() > 1 &&
                                all.contains(TestStatus::Failed) &&
                                item.test.status != TestStatus::Failed;
      points_ -= contradicted;
      return contradicted;
    });
  }

  std::array<std::vector<Item>, kDeepest> levels_;
  std::optional<size_t> suite_level_;  // where the newest item is
  std::vector<Point> hidden_;
  int planned_ = -1;
  int plans_ = 0;
  int told_ = 0;  // the failed ones, by the runner's own count
  int points_ = 0;
  bool found_ = false;
  bool of_node_ = false;
};

}  // namespace

std::optional<Reading> read_tap(const Lines& lines) {
  Tap tap;
  for (const auto& line : lines) tap.line(line);
  return tap.end();
}

std::optional<Reading> read_prove(const Lines& lines) {
  const bool likely =
      std::ranges::any_of(lines,
                          [](std::string_view line) { return line.starts_with("Result: "); }) &&
      std::ranges::any_of(lines, [](std::string_view line) { return line.starts_with("Files="); });
  if (!likely) return std::nullopt;
  struct File {
    std::string name;
    std::optional<TestStatus> status;
    Tap tap;
    bool verbose = false;
  };
  std::vector<File> files;
  std::set<std::string> failed;
  bool summary = false;
  bool denied = false;
  for (const auto& line : lines) {
    if (line.starts_with("Test Summary Report")) summary = true;
    if (line.starts_with("Files=")) summary = false;
    if (line.starts_with("Result: ")) denied = line.starts_with("Result: FAIL");
    // "t/a.t (Wstat: 256 (exited 1) Tests: 4 Failed: 1)"; with "Failed: 0" and no status it is only
    // a remark.
    if (const auto wstat = line.find(" (Wstat: ");
        summary && wstat != std::string_view::npos && !line.starts_with(' ')) {
      const bool remark = line.find("(Wstat: 0 ") != std::string_view::npos &&
                          line.find("Failed: 0)") != std::string_view::npos;
      if (!remark) failed.emplace(trim(line.substr(0, wstat)));
      continue;
    }
    if (summary) continue;
    const auto dots = line.find(" ..");
    if (dots != std::string_view::npos && !line.starts_with(' ') && line.find(' ') == dots) {
      std::string_view rest = line.substr(dots);
      while (rest.starts_with(' ') || rest.starts_with('.')) rest.remove_prefix(1);
      File file;
      file.name = line.substr(0, dots);
      if (rest == "ok" || rest.starts_with("ok ")) file.status = TestStatus::Passed;
      if (rest.starts_with("skipped: ") || rest == "skipped") file.status = TestStatus::Skipped;
      files.push_back(std::move(file));
      continue;
    }
    if (files.empty()) continue;
    if (point_of(trim_left(line)) && line != "ok") files.back().verbose = true;
    if (line == "ok" && !files.back().status) files.back().status = TestStatus::Passed;
    files.back().tap.line(line);
  }
  Reading reading{.format = "prove"};
  for (auto& file : files) {
    const bool bad = failed.contains(file.name);
    bool named = false;
    if (file.verbose) {
      const auto inside = file.tap.end();
      for (const auto& test : inside ? inside->tests : std::vector<TestResult>{}) {
        named = named || test.status == TestStatus::Failed;
        reading.add(file.name + ": " + test.name, test.status);
      }
    }
    if (!file.verbose || (bad && !named)) {
      reading.add(file.name, bad || !file.status ? TestStatus::Failed : *file.status);
    }
  }
  if (denied && counted(reading.tests).failed == 0)
    reading.add("prove (Result: FAIL)", TestStatus::Failed);
  return reading;
}

}  // namespace nightjar::verify
