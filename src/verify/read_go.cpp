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
    if (text.ends_with("PASS") || text.ends_with("FAIL")) closed_ = true;
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
    // A test binary without `go test` says PASS or FAIL itself; beside packages, what belongs to
    // none of them is worth nothing but a failure.
    if (!results_.empty() || !started_.empty()) {
      if (packages_ > 0 || !closed_)
        std::erase_if(results_, [](const auto& test) { return test.status != TestStatus::Failed; });
      flush("", false);
    }
    if (!found_) return std::nullopt;
    reading_.format = "go";
    return std::move(reading_);
  }

 private:
  // "--- PASS: TestX (0.00s)", with what a test printed without a last newline in front of it.
  bool result(std::string_view text) {
    for (size_t at = text.find("--- "); at != std::string_view::npos;
         at = text.find("--- ", at + 1)) {
      if (result_at(text, at)) return true;
    }
    return false;
  }

  bool result_at(std::string_view text, size_t at) {
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
    found_ = true;
    // Each test ends once: of two answers the worse counts.
    const auto [place, is_new] = ended_.emplace(name, results_.size());
    if (is_new)
      results_.push_back({name, status});
    else if (status == TestStatus::Failed)
      results_[place->second].status = status;
    return true;
  }

  void package(std::string_view text, bool passed) {
    const auto end = text.find_first_of("\t ");
    const std::string name(text.substr(0, end));
    if (name.empty()) return;
    found_ = true;
    ++packages_;
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
    // Tests that passed, and no PASS of the program's own behind them: nothing is known of them.
    if (passed && !started_.empty() && !closed_) {
      std::erase_if(results_, [](const auto& test) { return test.status != TestStatus::Failed; });
      started_.clear();
    }
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
    ended_.clear();
    closed_ = false;
  }

  Reading reading_;
  std::vector<TestResult> results_;
  std::set<std::string> started_;
  std::map<std::string, size_t> ended_;  // where each is among the results
  int packages_ = 0;
  bool closed_ = false;  // the program said PASS or FAIL
  bool found_ = false;
};

// Events of test2json. Text that a program prints stands inside of them, so that they are nothing
// beside text of `go test` itself, and every package must come to its end.
class GoEvents {
 public:
  /// False where `go test` wrote the line as text.
  bool line(std::string_view text) {
    if (!event(text)) {
      const bool of_build = text.find("[build failed]") != std::string_view::npos ||
                            text.find("[setup failed]") != std::string_view::npos;
      return of_build || (text.find("ok  \t") == std::string_view::npos &&
                          text.find("FAIL\t") == std::string_view::npos &&
                          !text.starts_with("=== RUN ") && !text.starts_with("--- "));
    }
    return true;
  }

  std::optional<Reading> end() {
    if (packages_.empty()) return std::nullopt;
    Reading reading{.format = "go"};
    for (const auto& [name, package] : packages_) {
      if (!package.ended && package.tests.empty()) continue;
      if (!package.ended) return std::nullopt;
      bool any_failed = false;
      for (const auto& [test, status] : package.tests) {
        const auto held = status.value_or(TestStatus::Failed);
        if (!status && package.passed) continue;
        any_failed |= held == TestStatus::Failed;
        reading.add(name + "." + test, held);
      }
      if (!package.passed && !any_failed) reading.add(name + " (failed)", TestStatus::Failed);
    }
    return reading;
  }

 private:
  struct Package {
    std::map<std::string, std::optional<TestStatus>> tests;  // no status: it has begun
    bool ended = false, passed = true;
  };

  bool event(std::string_view text) {
    if (!text.starts_with('{')) return false;
    const bool output = text.find("\"Action\":\"output\"") != std::string_view::npos;
    if (output && text.ends_with("\"}")) return true;
    const auto value = parse_json(text);
    if (!value || !value->is_object()) return false;
    const auto& object = value->get_object();
    const std::string action = get_string(object, "Action");
    if (action.empty()) return false;
    if (const std::string name = get_string(object, "Package"); !name.empty())
      note(packages_[name], action, get_string(object, "Test"));
    return true;
  }

  static void note(Package& package, std::string_view action, const std::string& test) {
    const bool ends = action == "pass" || action == "fail" || action == "skip";
    if (test.empty()) {
      if (!ends) return;
      package.ended = true;
      package.passed &= action != "fail";
    } else if (action == "run") {
      package.tests.try_emplace(test);
    } else if (ends) {
      auto& held = package.tests[test];
      if (held == TestStatus::Failed) return;
      held = action == "pass"   ? TestStatus::Passed
             : action == "fail" ? TestStatus::Failed
                                : TestStatus::Skipped;
    }
  }

  std::map<std::string, Package> packages_;
};

std::optional<Reading> read_json(const Lines& lines) {
  GoEvents events;
  for (const auto& line : lines) {
    if (!events.line(line)) return std::nullopt;
  }
  return events.end();
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
