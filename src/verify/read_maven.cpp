// Maven's console. Surefire names every test when asked to (reporting_environment), except those it
// skipped; else only classes and failures are named, and totals are given for each module.
#include "verify/reading.h"

namespace nightjar::verify {

namespace {

using core::TestStatus;

bool take_level(std::string_view& line) {
  return take(line, "[INFO] ") || take(line, "[ERROR] ") || take(line, "[WARNING] ");
}

// "Tests run: 9, Failures: 1, Errors: 1, Skipped: 1"
std::optional<core::Counts> totals(std::string_view line) {
  const auto number = [&line](std::string_view label) -> std::optional<int> {
    const auto at = line.find(label);
    if (at == std::string_view::npos) return std::nullopt;
    auto rest = line.substr(at + label.size());
    return take_number(rest);
  };
  const auto run = number("Tests run: ");
  const auto failures = number("Failures: ");
  const auto errors = number("Errors: ");
  const auto skipped = number("Skipped: ");
  if (!run || !failures || !errors || !skipped) return std::nullopt;
  const int failed = *failures + *errors;
  return core::Counts{std::max(0, *run - failed - *skipped), failed, *skipped};
}

// "x.ParserTest.breaks -- Time elapsed: 0.03 s <<< FAILURE!" or "breaks(x.ParserTest)  Time
// elapsed: ..."
std::optional<TestResult> named_test(std::string_view line) {
  const auto time = line.find("Time elapsed: ");
  if (time == std::string_view::npos || line.starts_with("Tests run: ")) return std::nullopt;
  std::string_view name = trim_right(line.substr(0, time));
  if (name.ends_with("--")) name = trim_right(name.substr(0, name.size() - 2));
  if (name.empty() || name.find(' ') == 0) return std::nullopt;
  const bool failed = line.find("<<< FAILURE!", time) != std::string_view::npos ||
                      line.find("<<< ERROR!", time) != std::string_view::npos;
  std::string full(name);
  if (const auto open = name.rfind('('); name.ends_with(')') && open != std::string_view::npos) {
    const auto inside = name.substr(open + 1, name.size() - open - 2);
    if (inside.find('.') != std::string_view::npos && inside.find(' ') == std::string_view::npos) {
      full = std::string(inside) + "." + std::string(name.substr(0, open));
    }
  }
  return TestResult{full, failed ? TestStatus::Failed : TestStatus::Passed};
}

}  // namespace

std::optional<Reading> read_maven(const Lines& lines) {
  Reading reading{.format = "maven"};
  core::Counts total;
  bool found = false;
  for (std::string_view line : lines) {
    if (!take_level(line)) {
      // Surefire 2 prints its names without a level.
      if (found && line.find("Time elapsed: ") != std::string_view::npos) {
        if (auto test = named_test(line)) reading.tests.push_back(std::move(*test));
      }
      continue;
    }
    line = trim_right(line);
    if (line == " T E S T S") found = true;
    if (line.starts_with("Tests run: ")) {
      found = true;
      const bool of_module = line.find("Time elapsed") == std::string_view::npos;
      if (const auto counts = totals(line); of_module && counts) {
        add_up(total, *counts);
        reading.total = total;
      }
    } else if (auto test = named_test(line)) {
      reading.tests.push_back(std::move(*test));
    } else if (line.ends_with(" skipped") && line.find(' ') == line.size() - 8 &&
               line.find('.') != std::string_view::npos) {
      reading.add(std::string(line.substr(0, line.size() - 8)) + " (a skipped test)",
                  TestStatus::Skipped);
    }
  }
  if (!found) return std::nullopt;
  if (reading.total) settle(reading, total);
  if (!reading.total && reading.tests.empty()) return std::nullopt;
  return reading;
}

}  // namespace nightjar::verify
