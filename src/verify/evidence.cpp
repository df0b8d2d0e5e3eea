#include "verify/evidence.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "verify/file_roles.h"
#include "verify/reading.h"

namespace nightjar::verify {

namespace {

constexpr std::array<std::string_view, 7> kRunners{
    "unittest", "pytest", "_pytest", "nose", "doctest", "sitecustomize", "usercustomize"};

// What only a test, or a program that meddles with its tests, says.
constexpr std::array<std::string_view, 10> kReachesIn{
    "import unittest", "from unittest",  "import pytest", "from pytest",       "import _pytest",
    "from _pytest",    "import doctest", "::testing::",   "require('vitest')", "from 'vitest'"};

constexpr std::array<std::string_view, 8> kHooks{
    "pytest_runtest",    "pytest_report_teststatus", "pytest_pyfunc_call", "pytest_sessionfinish",
    "pytest_exception_", "pytest_collection",        "exitstatus",         "load_tests"};

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// "unittest.py", "unittest/__init__.py", "evil.pth": what an interpreter would load instead of, or
// before, a test runner.
bool takes_a_runners_place(std::string_view path) {
  if (path.ends_with(".pth")) return true;
  const std::string_view name = file_name(path);
  const auto is_runner = [](std::string_view stem) {
    return std::ranges::find(kRunners, stem) != kRunners.end();
  };
  if (name.ends_with(".py") && is_runner(name.substr(0, name.size() - 3))) return true;
  const size_t slash = path.rfind('/');
  if (name != "__init__.py" || slash == std::string_view::npos) return false;
  return is_runner(file_name(path.substr(0, slash)));
}

// Lines of `after` that are not among those of `before`.
std::vector<std::string> fresh_lines(std::string_view before, std::string_view after) {
  std::set<std::string, std::less<>> held;
  for (const auto line : lines(before)) held.emplace(trim(line));
  std::vector<std::string> out;
  for (const auto line : lines(after)) {
    const auto text = trim(line);
    if (!text.empty() && !held.contains(text)) out.emplace_back(text);
  }
  return out;
}

bool registers_a_test(std::string_view line) {
  return line.starts_with("add_test") || line.starts_with("test(") ||
         line.starts_with("gtest_discover_tests") || line.starts_with("catch_discover_tests") ||
         line.starts_with("enable_testing");
}

// Registering one more test is no other way to run the ones that are there.
bool only_registers(std::string_view before, std::string_view after) {
  return fresh_lines(after, before).empty() &&
         std::ranges::all_of(fresh_lines(before, after), registers_a_test);
}

}  // namespace

std::vector<std::string> objections_to_evidence(const Case& input) {
  std::vector<std::string> out;
  const auto object = [&out](std::string_view path, std::string_view what) {
    if (out.size() < 20) out.push_back(inert(path) + " " + std::string(what));
  };
  for (const auto& change : input.changed) {
    if (change.status == 'D') continue;
    if (takes_a_runners_place(change.path)) {
      object(change.path, "takes the place of a test runner");
      continue;
    }
    const auto found = input.contents.find(change.path);
    if (found == input.contents.end()) continue;
    const auto& [before, after] = found->second;
    const auto fresh = fresh_lines(before, after);
    const auto any_has = [&fresh](const auto& marks) {
      return std::ranges::any_of(fresh, [&marks](const std::string& line) {
        return std::ranges::any_of(marks, [&line](auto mark) { return has(line, mark); });
      });
    };
    if (change.path == "nightjar.toml") {
      if (!fresh_lines(after, before).empty())
        object(change.path, "changes the checks that the base has");
    } else if (belongs_to_tests(change.path)) {
      if (any_has(kHooks))
        object(change.path, "decides which tests run, or what their results are");
    } else if (any_has(kReachesIn)) {
      object(change.path, "is no test and reaches into a test runner");
    } else {
      const auto was = test_configuration(change.path, before);
      const auto is = test_configuration(change.path, after);
      if (was && is && *was != *is && !only_registers(*was, *is))
        object(change.path, "changes how the tests are run");
    }
  }
  return out;
}

// Files that hold tests or do nothing but configure them. What builds the program as well
// (CMakeLists.txt, package.json) is not among them.
bool belongs_to_tests(std::string_view path) {
  static constexpr std::array<std::string_view, 10> kWhole{
      "conftest.py",  "pytest.ini",  "tox.ini",      "noxfile.py",        ".mocharc.json",
      ".mocharc.yml", ".mocharc.js", ".mocharc.cjs", "CTestCustom.cmake", "nextest.toml"};
  if (is_test_path(path)) return true;
  const std::string_view name = file_name(path);
  return std::ranges::find(kWhole, name) != kWhole.end() || name.starts_with("jest.config.") ||
         name.starts_with("vitest.config.") || name.starts_with("playwright.config.");
}

}  // namespace nightjar::verify
