// What one parser understood of a check's output, and the small tools that all parsers share.
// Parsers never throw, look at every line once or twice, and believe nothing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "core/check.h"

namespace nightjar::verify {

struct TestResult {
  std::string name;
  core::TestStatus status = core::TestStatus::Failed;
};

struct Reading {
  std::string format;
  std::vector<TestResult> tests;      ///< in the output's order; one name may come twice
  std::optional<core::Counts> total;  ///< what the runner itself counted, where it says so
  /// The names are known to be incomplete: only `total` counts, and `tests` holds failures at most.
  bool counts_only = false;

  void add(std::string name, core::TestStatus status) {
    tests.push_back({std::move(name), status});
  }
};

using Lines = std::vector<std::string_view>;

/// Escape sequences removed, carriage returns as line ends, other control characters as spaces,
/// lines cut at 4,000 bytes: what the parsers read.
std::string plain_text(std::string_view output);

core::Counts counted(const std::vector<TestResult>& tests);
void add_up(core::Counts& sum, const core::Counts& more);
/// Names count only where they agree with what the runner itself counted, by passed, failed and
/// skipped: a program under test prints lines like the runner's. Else the failures alone are kept.
void settle(Reading& reading, const core::Counts& total);
/// Whatever they say, the names do not count.
void count_only(Reading& reading, const core::Counts& total);

/// The number that `text` starts with, which is removed from it.
std::optional<int> take_number(std::string_view& text);
size_t indent_of(std::string_view line);
/// "name (12 ms)", "name (1.5s)", "name 12ms": the name.
std::string_view without_duration(std::string_view text);

// One parser a runner: nullopt where the output is not this runner's. Those of runners whose output
// holds that of the programs they start blank the lines that are theirs.
std::optional<Reading> read_ctest(Lines& lines);
std::optional<Reading> read_meson(Lines& lines);
std::optional<Reading> read_cargo(Lines& lines);
std::optional<Reading> read_go(Lines& lines);
std::optional<Reading> read_maven(const Lines& lines);
std::optional<Reading> read_vitest(const Lines& lines);
std::optional<Reading> read_jest(const Lines& lines);
std::optional<Reading> read_mocha(const Lines& lines);
std::optional<Reading> read_node(const Lines& lines);
std::optional<Reading> read_unittest(const Lines& lines);
std::optional<Reading> read_gtest(const Lines& lines);
std::optional<Reading> read_prove(const Lines& lines);
std::optional<Reading> read_tap(const Lines& lines);
std::optional<Reading> read_automake(const Lines& lines);
/// `xml`: the report file that pytest wrote, where there is one.
std::optional<Reading> read_pytest(const Lines& lines, const std::optional<Reading>& xml);

/// nullopt where the document is no JUnit report. A document that breaks off gives what came
/// before. `only_run`: leave out tests that GoogleTest lists without having run them.
std::optional<Reading> read_junit_xml(std::string_view xml, bool only_run = false);

}  // namespace nightjar::verify
