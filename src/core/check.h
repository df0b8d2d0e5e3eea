// Checks and what they reported: results by test, and the comparison of two reports.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"

namespace nightjar::core {

enum class TestStatus { Passed, Failed, Skipped };

/// A command that must pass. `name` is unique within a task.
struct CheckSpec {
  std::string name;
  std::string run;  ///< for `/bin/sh -c`, in the root of the work tree
  bool operator==(const CheckSpec&) const = default;
};

struct Counts {
  int passed = 0;
  int failed = 0;
  int skipped = 0;
  int total() const { return passed + failed + skipped; }
  bool operator==(const Counts&) const = default;
};

/// One execution (or several, merged) of one check.
struct CheckReport {
  std::string name;
  std::string command;
  int exit_status = 0;   ///< 128 + signal where a signal ended it
  std::string trouble;   ///< why it did not end by itself (timed out, out of memory); else empty
  bool by_test = false;  ///< false: only counts, or nothing, could be read from the output
  std::string format;    ///< "pytest", "ctest", ...; "command" where nothing was recognised
  std::map<std::string, TestStatus> tests;  ///< by test name where by_test
  std::vector<std::string> flaky;  ///< tests that both passed and failed on the same commit
  Counts counts;
  Millis duration{0};
  std::string log;  ///< path of the whole log, relative to the run's folder
  std::string log_sha256;
  std::string excerpt;  ///< the end of the output, for people; untrusted text
  bool passed() const { return exit_status == 0 && trouble.empty(); }
  bool operator==(const CheckReport&) const = default;
};

/// A check before and after the change, test by test.
struct CheckComparison {
  std::string name;
  std::string command;
  Counts before;
  Counts after;
  bool by_test = false;
  std::vector<std::string> newly_failing;  ///< passed before (or is new), fails now
  std::vector<std::string> fixed;          ///< failed before, passes now
  std::vector<std::string> still_failing;  ///< failed before and now: not the change's fault
  std::vector<std::string> flaky;          ///< gave both answers on one commit; proves nothing
  std::vector<std::string> vanished;       ///< was reported before (and not skipped), now is not
  bool operator==(const CheckComparison&) const = default;
};

std::string_view to_string(TestStatus status);
json::object to_json(const Counts& counts);
json::object to_json(const CheckReport& report);
CheckReport check_report_from(const json::object& object);
json::object to_json(const CheckComparison& comparison);
CheckComparison check_comparison_from(const json::object& object);

}  // namespace nightjar::core
