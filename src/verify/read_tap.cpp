// The Test Anything Protocol, with nested subtests, and what prove makes of it.
#include <algorithm>
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
      if (text.starts_with("Bail out!")) {
        done_.push_back({"Bail out!", TestStatus::Failed});
        found_ = true;
      }
      if (take(text, "1..")) plan(text);
    }
    if (trim(text) == "type: 'suite'" && !parents_.empty()) parents_.back().is_suite = true;
    if (indent % 4) return;
    if (auto point = point_of(text)) result(indent / 4, std::move(*point));
  }

  std::optional<Reading> end() {
    if (!found_ && !(planned_ >= 0 && points_ > 0)) return std::nullopt;
    Reading reading{.format = "tap"};
    flush(0, "");
    for (auto& test : done_) reading.tests.push_back(std::move(test));
    for (auto& parent : parents_) {
      const bool counts =
          of_node_ ? !parent.is_suite : parent.status == TestStatus::Failed && !parent.child_failed;
      if (counts) reading.add(std::move(parent.name), parent.status);
    }
    if (planned_ > points_) {
      reading.add(
          "planned " + std::to_string(planned_) + " tests, " + std::to_string(points_) + " ran",
          TestStatus::Failed);
    }
    return reading;
  }

 private:
  struct Parent {
    std::string name;
    TestStatus status;
    bool child_failed = false;
    bool is_suite = false;
  };

  void plan(std::string_view text) {
    const auto number = take_number(text);
    if (!number) return;
    planned_ = std::max(planned_, 0) + *number;
    if (*number == 0) found_ = true;
  }

  // A subtest's lines come before the line of the test that they belong to.
  void result(size_t depth, Point point) {
    if (depth == 0) ++points_;
    bool child_failed = false;
    bool has_children = false;
    for (auto& held : held_) {
      if (held.depth <= depth) continue;
      has_children = true;
      child_failed = child_failed || held.test.status == TestStatus::Failed;
      held.test.name = point.name + " > " + held.test.name;
      held.depth = depth;
    }
    for (auto& parent : parents_) {
      if (parent_depth_[&parent - parents_.data()] > depth) {
        parent.name = point.name + " > " + parent.name;
        parent_depth_[&parent - parents_.data()] = depth;
      }
    }
    if (has_children) {
      parents_.push_back({point.name, point.status, child_failed, false});
      parent_depth_.push_back(depth);
    } else {
      held_.push_back({depth, {point.name, point.status}});
    }
    if (depth == 0) flush(0, "");
  }

  void flush(size_t, const char*) {
    for (auto& held : held_) done_.push_back(std::move(held.test));
    held_.clear();
  }

  struct Held {
    size_t depth;
    TestResult test;
  };
  std::vector<Held> held_;
  std::vector<TestResult> done_;
  std::vector<Parent> parents_;
  std::vector<size_t> parent_depth_;
  int planned_ = -1;
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
  for (const auto& line : lines) {
    if (line.starts_with("Test Summary Report")) summary = true;
    if (line.starts_with("Files=")) summary = false;
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
  return reading;
}

}  // namespace nightjar::verify
