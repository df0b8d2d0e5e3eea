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
constexpr std::array<std::string_view, 15> kReachesIn{
    "import unittest", "from unittest",  "import pytest",  "from pytest",       "import _pytest",
    "from _pytest",    "import doctest", "::testing::",    "require('vitest')", "from 'vitest'",
    "node:test",       "TestCase.",      "#define assert", "#undef assert",     "#define NDEBUG"};

// Ends the process, or writes over its results, where a test runner would have had its say.
constexpr std::array<std::string_view, 8> kLeavesEarly{
    "os._exit",   "atexit",     "process.reallyExit", "_Exit(",
    "quick_exit", "excepthook", "uncaughtException",  "unhandledRejection"};

// Lines that test runners print; programs seldom do, or now and then.
constexpr std::array<std::string_view, 7> kForged{
    "--- PASS", "=== RUN", "<testcase", "test result: ok", "ok 1 - ", "ok 2 - ", "\\\"Action\\\""};
constexpr std::array<std::string_view, 2> kLikeForged{"... ok", "   Passed "};

constexpr std::array<std::string_view, 9> kHooks{
    "pytest_runtest",       "pytest_report_teststatus", "pytest_pyfunc_call",
    "pytest_sessionfinish", "pytest_exception_",        "pytest_collection",
    "pytest_cmdline",       "pytest_load_initial",      "pytest_unconfigure"};
constexpr std::array<std::string_view, 2> kHooksOfTests{"exitstatus", "load_tests"};

bool imports_gos_testing(std::string_view line) {
  return line.ends_with("\"testing\"") && line.find_first_of("=(,") == std::string_view::npos;
}

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

// "# define NDEBUG" is "#define NDEBUG".
std::string plain_directive(std::string_view line) {
  if (!line.starts_with('#')) return std::string(line);
  std::string out = "#";
  for (const char c : trim(line.substr(1))) {
    const bool space = c == ' ' || c == '\t';
    if (!space || out.back() != ' ') out += space ? ' ' : c;
  }
  return out;
}

// A shell's builtin, or a tool that tests are made of, under its own name: "echo() {",
// "alias [=true", "function test {".
bool takes_a_shells_word(std::string_view line) {
  static constexpr std::array<std::string_view, 17> kWords{
      "[",      "test", "echo", "printf", "exit", "trap", "set",     "true", "false",
      "return", "diff", "cmp",  "grep",   "cat",  "expr", "command", "sh"};
  std::string_view name = line;
  if (take(name, "alias ")) {
    name = trim(name);
    while (name.starts_with('-')) name = trim(name.substr(std::min(name.find(' '), name.size())));
    if (name.starts_with('\'') || name.starts_with('"')) name.remove_prefix(1);
    name = name.substr(0, name.find('='));
    if (name.ends_with('\'') || name.ends_with('"')) name.remove_suffix(1);
  } else if (take(name, "function ")) {
    name = trim(name);
    name = name.substr(0, name.find_first_of(" \t({"));
  } else {
    const auto open = name.find('(');
    if (open == std::string_view::npos || !trim(name.substr(open + 1)).starts_with(')'))
      return false;
    name = trim(name.substr(0, open));
  }
  return std::ranges::find(kWords, name) != kWords.end();
}

// Says in a file that others take in that all is well: "exit", "trap 'exit 0' EXIT".
bool ends_the_shell(std::string_view line) {
  for (const auto& part : split(line, ';')) {
    std::string_view said = trim(part);
    if (said.starts_with("trap ")) return true;
    for (std::string_view before : {"{ ", "&& ", "|| ", "then ", "do "})
      if (const auto at = said.rfind(before); at != std::string_view::npos)
        said = trim(said.substr(at + before.size()));
    if (said == "exit" || said == "exit 0" || said.starts_with("exit 0 ")) return true;
  }
  return false;
}

// Says that all is well and ends, in a file that no program begins in.
bool ends_well_too_soon(std::string_view line, std::string_view after) {
  static constexpr std::array<std::string_view, 4> kBegins{"main(", "__main__", "#!/", "argv"};
  if (has_any(after, kBegins)) return false;
  for (std::string_view call :
       {"exit(0)", "Exit(0)", "_exit(0)", "exit(EXIT_SUCCESS)", "_exit(EXIT_SUCCESS)", "exit()",
        "exit(None)", "SystemExit(0)", "SystemExit()", "raise SystemExit"}) {
    const auto at = line.find(call);
    if (at == std::string_view::npos || (at > 0 && is_word_char(line[at - 1]))) continue;
    if (call != "raise SystemExit" || trim(line.substr(at)) == call) return true;
  }
  return false;
}

// An object that is equal to everything.
std::string without_blanks(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') out += c;
  return out;
}

// Rust's "fn eq(&self, _: &i32) -> bool { true }"
bool equals_everything_in_rust(const std::vector<std::string>& fresh, std::string_view after) {
  if (!has_any(join(fresh, "\n"), std::array<std::string_view, 2>{"fn eq", "fn ne"})) return false;
  const std::string tight = without_blanks(after);
  for (const auto& [head, body] :
       {std::pair<std::string_view, std::string_view>{"fneq(", "{true}"}, {"fnne(", "{false}"}}) {
    for (size_t at = tight.find(head); at != std::string::npos; at = tight.find(head, at + 1)) {
      const size_t open = tight.find('{', at);
      if (open != std::string::npos && std::string_view(tight).substr(open).starts_with(body))
        return true;
    }
  }
  return false;
}

bool redefines_assertions(std::string_view line) {
  const std::string tight = without_blanks(line);
  return has(tight, "macro_rules!assert") || has(tight, "macro_rules!panic");
}

bool asks_rust_whether_tested(std::string_view line) {
  if (!has(line, "cfg")) return false;
  const std::string tight = without_blanks(line);
  return has(tight, "cfg(not(test") || has(tight, "cfg!(test") || has(tight, "cfg!(not(test") ||
         has(tight, "cfg!(any(test") || has(tight, "cfg!(all(test");
}

bool equals_everything(const std::vector<std::string>& fresh, std::string_view after) {
  if (equals_everything_in_rust(fresh, after)) return true;
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
  static constexpr std::array<std::string_view, 17> kMarks{"PYTEST_CURRENT_TEST",
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
                                                           "GTEST_OUTPUT",
                                                           "nightjar-reports",
                                                           "/home/nightjar",
                                                           "CTEST_OUTPUT_ON_FAILURE"};
  if (has_any(line, kMarks) || asks_rust_whether_tested(line)) return true;
  const bool runner = has(line, "pytest") || has(line, "unittest");
  return runner && (has(line, "sys.modules") || has(line, "sys.argv"));
}

std::string bends_a_shell(const std::vector<std::string>& fresh, std::string_view after) {
  for (const auto& line : fresh) {
    if (takes_a_shells_word(line)) return "takes the name of a tool that shell tests are made of";
    if (!after.starts_with("#!") && ends_the_shell(line))
      return "has its say when the process of its tests ends";
  }
  return "";
}

std::string bends_its_tests(const std::vector<std::string>& fresh, std::string_view after) {
  for (const auto& fresh_line : fresh) {
    const std::string line = plain_directive(fresh_line);
    if (has_any(line, kReachesIn) || imports_gos_testing(line) || redefines_assertions(line))
      return "is no test and reaches into a test runner";
    if (has_any(line, kLeavesEarly)) return "has its say when the process of its tests ends";
    if (has_any(line, kForged)) return "prints what test runners print";
    if (is_hook(line, false)) return "decides which tests run, or what their results are";
  }
  if (equals_everything(fresh, after)) return "makes values that are equal to everything";
  return "";
}

std::string may_bend_its_tests(const std::vector<std::string>& fresh, std::string_view after) {
  for (const auto& line : fresh) {
    if (assigns_to_assertions(line) || imports_a_joined_name(line))
      return "is no test and may reach into a test runner";
    if (ends_well_too_soon(line, after)) return "has its say when the process of its tests ends";
    if (has_any(line, kLikeForged)) return "prints what test runners print";
  }
  return "";
}

bool is_hook(std::string_view line, bool in_tests) {
  return has_any(line, kHooks) || (in_tests && has_any(line, kHooksOfTests));
}

}  // namespace nightjar::verify
