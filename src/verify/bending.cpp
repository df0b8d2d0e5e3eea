#include "verify/bending.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "verify/reading.h"

namespace nightjar::verify {

namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool has_any(std::string_view text, const auto& parts) {
  return std::ranges::any_of(parts, [text](auto part) { return has(text, part); });
}

// What only a test, or a program that meddles with its tests, says.
constexpr std::array<std::string_view, 18> kReachesIn{
    "import unittest",     "from unittest",     "import pytest",  "from pytest",
    "import _pytest",      "from _pytest",      "import doctest", "::testing::",
    "require('vitest')",   "from 'vitest'",     "\"testing\"",    "node:test",
    "TestCase.",           "#define assert",    "#undef assert",  "#define NDEBUG",
    "macro_rules! assert", "macro_rules! panic"};

// Ends the process, or writes over its results, where a test runner would have had its say.
constexpr std::array<std::string_view, 4> kLeavesEarly{"os._exit", "atexit", "process.reallyExit",
                                                       "_Exit("};

// Lines that test runners print.
constexpr std::array<std::string_view, 9> kForged{"--- PASS",        "=== RUN", "<testcase",
                                                  "test result: ok", "... ok",  "   Passed ",
                                                  "ok 1 - ",         "ok 2 - ", "\\\"Action\\\""};

constexpr std::array<std::string_view, 9> kHooks{
    "pytest_runtest",       "pytest_report_teststatus", "pytest_pyfunc_call",
    "pytest_sessionfinish", "pytest_exception_",        "pytest_collection",
    "pytest_cmdline",       "pytest_load_initial",      "pytest_unconfigure"};
constexpr std::array<std::string_view, 2> kHooksOfTests{"exitstatus", "load_tests"};

// import_module('unit' + 'test'): a name that is put together is a name that is hidden.
bool imports_a_joined_name(std::string_view line) {
  for (std::string_view call : {"import_module(", "__import__(", "require("}) {
    const auto at = line.find(call);
    if (at == std::string_view::npos) continue;
    const auto argument = line.substr(at + call.size(), line.find(')', at) - at - call.size());
    if (has(argument, "' +") || has(argument, "\" +") || has(argument, ".join(")) return true;
  }
  return false;
}

// "require('node:assert').strictEqual = ", "assert.equal = ", "sys.modules['unittest.case'].x =".
bool assigns_to_assertions(std::string_view line) {
  for (size_t equals = line.find(" = "); equals != std::string_view::npos;
       equals = line.find(" = ", equals + 1)) {
    const auto left = line.substr(0, equals);
    const auto dot = left.rfind('.');
    if (dot == std::string_view::npos || has(left.substr(dot), " ")) continue;
    if (has_any(left.substr(0, dot),
                std::array<std::string_view, 5>{"assert", "expect", "chai", "unittest", "pytest"}))
      return true;
  }
  return false;
}

// Says that all is well and ends, in a file that no program begins in.
bool ends_well_too_soon(std::string_view line, std::string_view after) {
  static constexpr std::array<std::string_view, 4> kBegins{"main(", "__main__", "#!/", "argv"};
  if (has_any(after, kBegins)) return false;
  for (std::string_view call : {"exit(0)", "Exit(0)", "exit(EXIT_SUCCESS)", "SystemExit(0)"}) {
    const auto at = line.find(call);
    if (at != std::string_view::npos && (at == 0 || !is_word_char(line[at - 1]))) return true;
  }
  return false;
}

// An object that is equal to everything.
bool equals_everything(const std::vector<std::string>& fresh, std::string_view after) {
  if (!has_any(join(fresh, "\n"), std::array<std::string_view, 2>{"__eq__", "return True"}))
    return false;
  bool inside = false;
  for (const auto whole : lines(after)) {
    const std::string_view line = trim(whole);
    if (line.empty()) continue;
    if (inside && line == "return True") return true;
    inside = line.starts_with("def __eq__") || line.starts_with("def __ne__");
    if (inside && line.ends_with(": return True")) return true;
  }
  return has(join(fresh, "\n"), "__eq__ = lambda");
}

}  // namespace

bool asks_whether_tested(std::string_view line) {
  static constexpr std::array<std::string_view, 20> kMarks{"PYTEST_CURRENT_TEST",
                                                           "PYTEST_ADDOPTS",
                                                           "PYTEST_VERSION",
                                                           "JEST_WORKER_ID",
                                                           "VITEST_",
                                                           "env.VITEST",
                                                           "import.meta.vitest",
                                                           "testing.Testing()",
                                                           "NODE_ENV === 'test'",
                                                           "NODE_ENV === \"test\"",
                                                           "NODE_ENV == 'test'",
                                                           "NODE_TEST_CONTEXT",
                                                           "flag.Lookup(\"test.",
                                                           "cfg(not(test))",
                                                           "cfg!(test)",
                                                           "cfg!(not(test))",
                                                           "GTEST_OUTPUT",
                                                           "nightjar-reports",
                                                           "/home/nightjar",
                                                           "CTEST_OUTPUT_ON_FAILURE"};
  if (has_any(line, kMarks)) return true;
  const bool runner = has(line, "pytest") || has(line, "unittest");
  return runner && (has(line, "sys.modules") || has(line, "sys.argv"));
}

std::string bends_its_tests(const std::vector<std::string>& fresh, std::string_view after) {
  for (const auto& line : fresh) {
    if (has_any(line, kReachesIn) || assigns_to_assertions(line) || imports_a_joined_name(line))
      return "is no test and reaches into a test runner";
    if (has_any(line, kLeavesEarly) || ends_well_too_soon(line, after))
      return "has its say when the process of its tests ends";
    if (has_any(line, kForged)) return "prints what test runners print";
    if (is_hook(line, false)) return "decides which tests run, or what their results are";
  }
  if (equals_everything(fresh, after)) return "makes values that are equal to everything";
  return "";
}

bool is_hook(std::string_view line, bool in_tests) {
  return has_any(line, kHooks) || (in_tests && has_any(line, kHooksOfTests));
}

}  // namespace nightjar::verify
