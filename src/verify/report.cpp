// From a check's output to its report: which parser, and what is done where sources disagree.
#include <algorithm>
#include <set>

#include "base/text.h"
#include "verify/reading.h"
#include "verify/verify.h"

namespace nightjar::verify {

namespace {

using core::TestStatus;

constexpr std::string_view kReports = "/tmp/nightjar-reports/";
constexpr size_t kLongestName = 400;
constexpr size_t kMostTests = 300'000;
constexpr size_t kExcerpt = 8000;
constexpr int kSignalled = 128;  // an exit status from here on: a signal ended it

bool is_below(const std::string& path, std::string_view folder) {
  return path.find(folder) != std::string::npos;
}

struct Files {
  std::optional<Reading> pytest;
  std::map<std::string, Reading> gtest;  // by executable and number: "all_tests", "all_tests_1"
  std::map<std::string, Reading> junit;  // by path
};

Files read_files(const std::map<std::string, std::string>& files) {
  Files out;
  for (const auto& [path, content] : files) {
    if (path == std::string(kReports) + "pytest.xml") {
      out.pytest = read_junit_xml(content);
    } else if (is_below(path, "nightjar-reports/gtest/")) {
      std::string name = path.substr(path.rfind('/') + 1);
      if (auto reading = read_junit_xml(content, true))
        out.gtest[name.substr(0, name.rfind('.'))] = std::move(*reading);
    } else if (auto reading = read_junit_xml(content)) {
      out.junit[path] = std::move(*reading);
    }
  }
  return out;
}

Reading joined(std::map<std::string, Reading> readings, std::string format) {
  Reading out;
  out.format = std::move(format);
  for (auto& [path, reading] : readings) {
    for (auto& test : reading.tests) out.tests.push_back(std::move(test));
  }
  return out;
}

// ctest knows programs, GoogleTest's own reports know the tests inside them. A program that has
// several reports was started several times, a test at a time: then ctest names them itself.
void add_inside(Reading& ctest, const Files& files) {
  std::map<std::string, int> starts;
  const auto program = [&files](const std::string& name) {
    const auto dash = name.rfind('_');
    const bool numbered =
        dash != std::string::npos && dash + 1 < name.size() &&
        std::ranges::all_of(name.substr(dash + 1), [](char c) { return c >= '0' && c <= '9'; }) &&
        files.gtest.contains(name.substr(0, dash));
    return numbered ? name.substr(0, dash) : name;
  };
  for (const auto& [name, reading] : files.gtest) ++starts[program(name)];
  std::set<std::string> known;
  for (const auto& test : ctest.tests) known.insert(test.name);
  std::vector<TestResult> inside;
  bool any_failed = false;
  size_t programs = 0;
  for (const auto& [name, reading] : files.gtest) {
    if (starts[program(name)] > 1 || reading.tests.size() < 2) continue;
    ++programs;
    for (const auto& test : reading.tests) {
      if (known.contains(test.name)) continue;
      any_failed = any_failed || test.status == TestStatus::Failed;
      inside.push_back(test);
    }
  }
  if (inside.empty()) return;
  // Where every entry is such a program, its entry would count its tests twice.
  if (programs == ctest.tests.size()) {
    std::erase_if(ctest.tests, [any_failed](const auto& test) {
      return test.status == TestStatus::Passed || (test.status == TestStatus::Failed && any_failed);
    });
  }
  for (auto& test : inside) ctest.tests.push_back(std::move(test));
}

// Surefire's files hold the names of skipped tests too; but files of an earlier build may lie
// about.
Reading maven_reading(Reading text, const Files& files) {
  if (files.junit.empty()) return text;
  Reading xml = joined(files.junit, "maven");
  if (text.total && counted(xml.tests) == *text.total) return xml;
  return text;
}

std::vector<Reading> read_all(const CheckOutput& output) {
  const std::string text = plain_text(output.output);
  Lines lines = nightjar::lines(text);
  const Files files = read_files(output.files);
  std::vector<Reading> out;
  const auto keep = [&out](std::optional<Reading> reading) {
    if (!reading) return false;
    out.push_back(std::move(*reading));
    return true;
  };
  // These know which lines are theirs, so others may follow in the same check.
  if (auto ctest = read_ctest(lines)) {
    add_inside(*ctest, files);
    keep(std::move(ctest));
  }
  keep(read_meson(lines));
  // The output of these holds whatever the tests print: nothing else is looked for in it.
  bool primary = keep(read_cargo(lines));
  primary |= keep(read_go(lines));
  if (auto maven = read_maven(lines)) primary |= keep(maven_reading(std::move(*maven), files));
  primary |= keep(read_pytest(lines, files.pytest));
  primary |= keep(read_vitest(lines));
  primary |= keep(read_jest(lines));
  primary |= keep(read_mocha(lines));
  primary |= keep(read_node(lines));
  if (!primary) {
    if (!keep(read_prove(lines))) keep(read_tap(lines));
    keep(read_unittest(lines));
    keep(read_gtest(lines));
    if (out.empty()) keep(read_automake(lines));
  }
  // What only files tell: Gradle, a quiet Maven, any tool that was told to write there.
  const bool only_counts = std::ranges::any_of(out, &Reading::counts_only);
  if (!files.junit.empty() && (out.empty() || (out.size() == 1 && only_counts))) {
    Reading xml = joined(files.junit, "junit");
    if (out.empty() ||
        counted(xml.tests).total() >= out.front().total.value_or(core::Counts{}).total()) {
      if (!out.empty()) xml.format = out.front().format;
      out = {std::move(xml)};
    }
  }
  if (out.empty() && !files.gtest.empty()) out.push_back(joined(files.gtest, "gtest"));
  return out;
}

// Names as keys: bounded, printable, and the second of two equal ones told apart by order.
std::map<std::string, TestStatus> by_name(const std::vector<TestResult>& tests) {
  std::map<std::string, TestStatus> out;
  std::map<std::string, int> seen;
  for (const auto& test : tests) {
    if (out.size() >= kMostTests) break;
    const std::string name = shortened(inert(test.name), kLongestName);
    const int number = ++seen[name];
    out[number == 1 ? name : name + " (" + std::to_string(number) + ")"] = test.status;
  }
  return out;
}

// Without any name, the check itself is the one test.
void report_itself(core::CheckReport& report) {
  report.format = "command";
  report.by_test = true;
  report.tests = {{shortened(inert(report.command), kLongestName),
                   report.passed() ? TestStatus::Passed : TestStatus::Failed}};
}

// A check that failed while all its tests passed (a crash, a compiler's error, a coverage
// threshold) must not look as if nothing had happened.
void add_failure_of_the_check(core::CheckReport& report) {
  const bool said_why =
      report.counts.failed > 0 && report.trouble.empty() && report.exit_status < kSignalled;
  if (report.passed() || said_why) return;
  report.tests[failure_of_the_check(report)] = TestStatus::Failed;
  ++report.counts.failed;
}

core::Counts counts_of(const std::map<std::string, TestStatus>& tests) {
  core::Counts counts;
  for (const auto& [name, status] : tests) {
    counts.passed += status == TestStatus::Passed;
    counts.failed += status == TestStatus::Failed;
    counts.skipped += status == TestStatus::Skipped;
  }
  return counts;
}

}  // namespace

std::string failure_of_the_check(const core::CheckReport& report) {
  const std::string why =
      report.trouble.empty() ? "exit status " + std::to_string(report.exit_status) : report.trouble;
  return report.name + " (" + why + ")";
}

bool is_failure_of_the_check(const core::CheckReport& report, std::string_view test) {
  return test.starts_with(report.name + " (") && test == failure_of_the_check(report);
}

core::CheckReport read_report(const core::CheckSpec& check, const CheckOutput& output) {
  core::CheckReport report;
  report.name = check.name;
  report.command = check.run;
  report.exit_status = output.exit_status;
  report.trouble = output.trouble;
  report.by_test = true;
  const std::string_view all = output.output;
  report.excerpt = inert(plain_text(all.substr(all.size() - std::min(all.size(), kExcerpt))), true);

  std::vector<TestResult> tests;
  std::vector<std::string> formats;
  core::Counts unnamed;
  for (auto& reading : read_all(output)) {
    formats.push_back(reading.format);
    if (reading.counts_only) {
      // The middle of a long output is missing, or the runner names no test: failures at most are
      // named.
      report.by_test = false;
      const core::Counts known = counted(reading.tests);
      const core::Counts total = reading.total.value_or(core::Counts{});
      unnamed.passed += total.passed;
      unnamed.failed += std::max(0, total.failed - known.failed);
      unnamed.skipped += total.skipped;
      std::erase_if(reading.tests,
                    [](const auto& test) { return test.status != TestStatus::Failed; });
    }
    for (auto& test : reading.tests) tests.push_back(std::move(test));
  }
  if (formats.empty()) {
    report_itself(report);
    report.counts = counts_of(report.tests);
    return report;
  }
  report.format = join(formats, ", ");
  report.tests = by_name(tests);
  report.counts = counts_of(report.tests);
  report.counts.passed += unnamed.passed;
  report.counts.failed += unnamed.failed;
  report.counts.skipped += unnamed.skipped;
  if (report.counts.total() == 0 && !report.passed()) {
    report_itself(report);
    report.counts = counts_of(report.tests);
    return report;
  }
  if (!report.by_test) {
    std::erase_if(report.tests, [](const auto& test) { return test.second != TestStatus::Failed; });
  }
  add_failure_of_the_check(report);
  return report;
}

std::map<std::string, std::string> reporting_environment() {
  // Nothing here may change a result: colours, CI and the like are left as they are.
  return {
      // Written at the end of the session; the text names what passed too where the file is lost.
      {"PYTEST_ADDOPTS",
       "--junitxml=/tmp/nightjar-reports/pytest.xml -o junit_family=xunit1 -rfEsxXp"},
      {"GOFLAGS", "-v"},
      {"GTEST_OUTPUT", "xml:/tmp/nightjar-reports/gtest/"},
      {"CTEST_OUTPUT_ON_FAILURE", "1"},
      {"MAVEN_OPTS", "-Dsurefire.useFile=false -Dsurefire.reportFormat=plain"},
  };
}

std::vector<std::pair<std::string, std::string>> report_files(std::string_view command) {
  std::vector<std::pair<std::string, std::string>> out{{"/tmp/nightjar-reports", "*.xml"}};
  // Only these write below the work tree, into each module's own folder: others need no walk.
  if (command.find("mvn") != std::string_view::npos ||
      command.find("gradle") != std::string_view::npos) {
    out.emplace_back(".", "TEST-*.xml");
  } else if (command.empty()) {
    out.emplace_back("target/surefire-reports", "TEST-*.xml");
    out.emplace_back("target/failsafe-reports", "TEST-*.xml");
    out.emplace_back("build/test-results", "TEST-*.xml");
  }
  return out;
}

}  // namespace nightjar::verify
