// go test: -v, -json, or neither (then packages are all that is known of what passed).
#include <algorithm>
#include <map>
#include <set>

#include "base/json.h"
#include "verify/reading.h"

namespace nightjar::verify {

namespace {

using core::TestStatus;

// Text comes package by package; a package's name comes after its tests.
class GoText {
 public:
  void line(std::string_view text) {
    if (take(text, "=== RUN ")) {
      started_.insert(std::string(trim(text)));
      return;
    }
    if (result(text)) return;
    if (text.starts_with("ok  \t")) return package(text.substr(5), true);
    if (text.starts_with("FAIL\t")) return package(text.substr(5), false);
    if (text.starts_with("?   \t")) {
      found_ = true;
      clear();
      return;
    }
    // A test that printed without a last newline shares its line with the package's verdict.
    if (const auto at = text.find("FAIL\t"); at != std::string_view::npos && !started_.empty()) {
      package(text.substr(at + 5), false);
    }
  }

  std::optional<Reading> end() {
    if (!results_.empty() || !started_.empty())
      flush("", false);  // a test binary without `go test`
    if (!found_) return std::nullopt;
    reading_.format = "go";
    return std::move(reading_);
  }

 private:
  bool result(std::string_view text) {
    const auto at = text.find("--- ");
    if (at == std::string_view::npos) return false;
    std::string_view rest = text.substr(at + 4);
    TestStatus status = TestStatus::Passed;
    if (take(rest, "PASS: ")) {
      status = TestStatus::Passed;
    } else if (take(rest, "FAIL: ")) {
      status = TestStatus::Failed;
    } else if (take(rest, "SKIP: ")) {
      status = TestStatus::Skipped;
    } else {
      return false;
    }
    const std::string name(without_duration(rest));
    const bool at_start = trim(text.substr(0, at)).empty();
    if (name.size() == rest.size() || !(started_.contains(name) || (at_start && started_.empty())))
      return false;
    results_.push_back({name, status});
    found_ = true;
    return true;
  }

  void package(std::string_view text, bool passed) {
    const auto end = text.find_first_of("\t ");
    const std::string name(text.substr(0, end));
    if (name.empty()) return;
    found_ = true;
    const std::string_view rest =
        end == std::string_view::npos ? std::string_view() : text.substr(end);
    if (rest.find("[no tests to run]") != std::string_view::npos && results_.empty())
      return clear();
    for (const auto& what : {"[build failed]", "[setup failed]"}) {
      if (rest.find(what) != std::string_view::npos) {
        reading_.add(name + " " + what, TestStatus::Failed);
        return clear();
      }
    }
    flush(name, passed);
  }

  void flush(const std::string& package, bool passed) {
    const std::string prefix = package.empty() ? "" : package + ".";
    std::set<std::string> finished;
    bool any_failed = false;
    for (const auto& test : results_) {
      finished.insert(test.name);
      any_failed |= test.status == TestStatus::Failed;
      reading_.add(prefix + test.name, test.status);
    }
    if (!passed && !package.empty()) {
      for (const auto& name : started_) {
        if (finished.contains(name)) continue;
        any_failed = true;
        reading_.add(prefix + name, TestStatus::Failed);
      }
    }
    if (started_.empty() && !package.empty()) {
      reading_.add(package, passed ? TestStatus::Passed : TestStatus::Failed);
    } else if (!passed && !any_failed && !package.empty()) {
      reading_.add(package + " (failed)", TestStatus::Failed);
    }
    clear();
  }

  void clear() {
    results_.clear();
    started_.clear();
  }

  Reading reading_;
  std::vector<TestResult> results_;
  std::set<std::string> started_;
  bool found_ = false;
};

std::optional<Reading> read_json(const Lines& lines) {
  Reading reading{.format = "go"};
  std::map<std::string, bool> package_has_failure;
  std::map<std::string, std::set<std::string>> open;
  bool found = false;
  for (const auto& line : lines) {
    if (!line.starts_with('{') || line.find("\"Action\":\"") == std::string_view::npos) continue;
    if (line.find("\"Action\":\"output\"") != std::string_view::npos) continue;
    const auto value = parse_json(line);
    if (!value || !value->is_object()) continue;
    const auto& event = value->get_object();
    const std::string action = get_string(event, "Action");
    const std::string package = get_string(event, "Package");
    const std::string test = get_string(event, "Test");
    if (package.empty()) continue;
    found = true;
    if (action == "run") open[package].insert(test);
    if (action != "pass" && action != "fail" && action != "skip") continue;
    if (!test.empty()) {
      open[package].erase(test);
      package_has_failure[package] |= action == "fail";
      reading.add(package + "." + test, action == "pass"   ? TestStatus::Passed
                                        : action == "fail" ? TestStatus::Failed
                                                           : TestStatus::Skipped);
    } else if (action == "fail") {
      for (const auto& name : open[package]) {
        reading.add(package + "." + name, TestStatus::Failed);
        package_has_failure[package] = true;
      }
      if (!package_has_failure[package]) reading.add(package + " (failed)", TestStatus::Failed);
    }
  }
  if (!found) return std::nullopt;
  return reading;
}

}  // namespace

std::optional<Reading> read_go(Lines& lines) {
  if (auto reading = read_json(lines)) return reading;
  const bool likely = std::ranges::any_of(lines, [](std::string_view line) {
    return line.starts_with("ok  \t") || line.starts_with("FAIL\t") || line.starts_with("?   \t") ||
           line.starts_with("=== RUN   ");
  });
  if (!likely) return std::nullopt;
  GoText text;
  for (const auto& line : lines) text.line(line);
  return text.end();
}

}  // namespace nightjar::verify
