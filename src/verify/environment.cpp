// Why a baseline ran no test, as far as its log tells, and what to write into nightjar.toml.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "verify/reading.h"
#include "verify/verify.h"

namespace nightjar::verify {

namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// What stands between `before` and the next of `ends` (or the line's end), where the line has
// `before`.
std::string between(std::string_view line, std::string_view before, std::string_view ends) {
  const auto at = line.find(before);
  if (at == std::string_view::npos) return "";
  auto rest = line.substr(at + before.size());
  return shortened(inert(trim(rest.substr(0, rest.find_first_of(ends)))), 100);
}

enum class Tool { Other, Python, Node, NodeBuild, Go, Cargo, Maven, Gradle, Cmake, Apt };

struct Missing {
  std::string what;
  Tool tool = Tool::Other;
  bool network = false;  ///< `what` is a whole sentence about the network
};

std::string advice_for(const Missing& missing) {
  const auto setup = [](std::string_view commands) {
    return "[environment]\nsetup = [" + std::string(commands) + "]\nnetwork = true\n";
  };
  switch (missing.tool) {
    case Tool::Python:
      return setup("\"python3 -m venv .venv\", \".venv/bin/pip install -e . pytest\"") +
             "# and let the check use it: run = \".venv/bin/python -m pytest -q\"\n"
             "# or, where your own checkout has a virtual environment with everything: share = "
             "[\".venv\"]\n";
    case Tool::Node:
      return setup("\"npm ci\"") +
             "# or, where your own checkout has them: share = [\"node_modules\"]\n";
    case Tool::NodeBuild:
      return "# It is built first, it seems. Let the check do that, so that a change is built, "
             "too:\n"
             "[environment]\nshare = [\"node_modules\"]\n\n"
             "[[check]]\nname = \"tests\"\nrun = \"npm run build && npm test\"\n";
    case Tool::Go:
      return setup("\"go mod download\"");
    case Tool::Cargo:
      return setup("\"cargo fetch\"");
    case Tool::Maven:
      return setup("\"mvn -q -B dependency:go-offline\"") + "caches = [\"~/.m2/repository\"]\n";
    case Tool::Gradle:
      return setup("\"./gradlew --no-daemon testClasses\"") + "caches = [\"~/.gradle\"]\n";
    case Tool::Cmake:
      return "# Install it on this machine (a run sees the host's tools and libraries), or let "
             "setup bring it:\n" +
             setup("\"...\"");
    case Tool::Apt:
      return "# Install it on this machine: a run sees the host's tools, but cannot install "
             "packages of the system.\n";
    case Tool::Other:
      return "# Install it on this machine and have it in PATH, or let setup bring it:\n" +
             setup("\"...\"");
  }
  return "";
}

// A Python module that is not there.
std::optional<Missing> python_trouble(std::string_view line) {
  for (std::string_view before : {"ModuleNotFoundError: No module named '",
                                  "ImportError: No module named '", ": No module named '"}) {
    const std::string module = between(line, before, "'");
    if (!module.empty()) return Missing{"the Python module '" + module + "'", Tool::Python};
  }
  for (std::string_view before : {"ImportError: No module named ", ": No module named "}) {
    const std::string module = between(line, before, " '\"");
    if (!module.empty()) return Missing{"the Python module '" + module + "'", Tool::Python};
  }
  if (has(line, "No matching distribution found for ") ||
      has(line, "Could not find a version that satisfies the requirement ")) {
    return Missing{
        "there is no network, or pip cannot find a package: " + shortened(inert(trim(line)), 100),
        Tool::Python, true};
  }
  if (has(line, "PackageNotFoundError: ")) {
    return Missing{
        "the metadata of the Python package " + between(line, "PackageNotFoundError: ", "\n"),
        Tool::Python};
  }
  if (has(line, "fixture '") && has(line, "' not found")) {
    return Missing{
        "a pytest plugin that brings the fixture '" + between(line, "fixture '", "'") + "'",
        Tool::Python};
  }
  if (has(line, "pytest: error: unrecognized arguments: ") ||
      has(line, "error: unrecognized arguments: --")) {
    return Missing{"a pytest plugin that knows " + between(line, "unrecognized arguments: ", "\n"),
                   Tool::Python};
  }
  return std::nullopt;
}

std::optional<Missing> node_trouble(std::string_view line) {
  for (std::string_view before : {"Cannot find module '", "Cannot find package '",
                                  "Failed to resolve import \"", "Failed to load url "}) {
    const std::string module = between(line, before, "'\" ");
    if (module.starts_with('.') || module.starts_with('/'))
      return Missing{"the file '" + module + "'", Tool::NodeBuild};
    if (!module.empty()) return Missing{"the Node module '" + module + "'", Tool::Node};
  }
  if (has(line, "ENOTCACHED") || has(line, "npm error code EAI_AGAIN") ||
      has(line, "npm ERR! code EAI_AGAIN")) {
    return Missing{"there is no network, and npm needs packages", Tool::Node, true};
  }
  if (has(line, "node_modules missing") ||
      has(line, "Local package.json exists, but node_modules missing")) {
    return Missing{"node_modules", Tool::Node};
  }
  return std::nullopt;
}

std::optional<Missing> compiled_trouble(std::string_view line) {
  if (has(line, "no required module provides package ")) {
    return Missing{"the Go package " + between(line, "no required module provides package ", ";"),
                   Tool::Go};
  }
  if (has(line, "module lookup disabled by GOPROXY=off") || has(line, "missing go.sum entry") ||
      (has(line, "go: ") &&
       (has(line, "dial tcp: lookup ") || has(line, "cannot find module providing package")))) {
    return Missing{"there is no network, and Go modules are not in the module cache", Tool::Go,
                   true};
  }
  if (has(line, "error: no matching package named ")) {
    return Missing{"the crate " + between(line, "no matching package named ", " ") +
                       " is missing, and cargo is offline",
                   Tool::Cargo, true};
  }
  if (const auto crate = between(line, "can't find crate for `", "`"); !crate.empty())
    return Missing{"the crate " + crate, Tool::Cargo};
  if (const auto package = between(line, "error: package ", " ");
      !package.empty() && has(line, ".java:") && has(line, " does not exist"))
    return Missing{"the Java package " + package, Tool::Maven};
  if (has(line, "failed to download from `") || has(line, "error: failed to get `") ||
      has(line, "attempting to make an HTTP request, but --offline")) {
    return Missing{"there is no network, and crates are not in cargo's registry", Tool::Cargo,
                   true};
  }
  if (has(line, "Could not resolve dependencies for project") ||
      has(line, "in offline mode and the artifact") || has(line, "Could not transfer artifact") ||
      has(line, "or one of its dependencies could not be resolved")) {
    return Missing{"there is no network, and Maven artifacts are not in the local repository",
                   Tool::Maven, true};
  }
  if (has(line, "No cached version of ") ||
      has(line, "Could not resolve all files for configuration") ||
      has(line,
          "Exception in thread \"main\" java.net.UnknownHostException: services.gradle.org")) {
    return Missing{"there is no network, and Gradle needs downloads", Tool::Gradle, true};
  }
  const std::string package =
      between(line, "Could not find a package configuration file provided by \"", "\"");
  if (!package.empty()) return Missing{"the CMake package " + package, Tool::Cmake};
  if (has(line, "Could NOT find ")) {
    return Missing{"what CMake calls " + between(line, "Could NOT find ", " "), Tool::Cmake};
  }
  if (has(line, "CMake Error: CMake was unable to find a build program") ||
      has(line, "No CMAKE_CXX_COMPILER could be found") ||
      has(line, "No CMAKE_C_COMPILER could be found")) {
    return Missing{"a compiler and a build program for CMake", Tool::Apt};
  }
  const std::string header = between(line, "fatal error: ", ":");
  if (!header.empty() && has(line, ": No such file or directory"))
    return Missing{"the header " + header, Tool::Cmake};
  return std::nullopt;
}

Tool tool_of_command(std::string_view command) {
  for (std::string_view name : {"pytest", "python", "tox", "nox", "pip", "uv", "poetry", "hatch"}) {
    if (command.starts_with(name)) return Tool::Python;
  }
  for (std::string_view name : {"vitest", "jest", "mocha", "tsc", "eslint", "ava", "tap",
                                "react-scripts", "rollup", "vite", "webpack"}) {
    if (command == name) return Tool::Node;
  }
  return Tool::Apt;
}

// "sh: 1: pytest: not found", "bash: line 1: foo: command not found", "make: foo: No such file or
// directory"
std::optional<Missing> command_trouble(std::string_view line) {
  std::string_view head = line;
  if (head.ends_with(": command not found")) {
    head.remove_suffix(19);
  } else if (head.ends_with(": not found")) {
    head.remove_suffix(11);
  } else if (head.starts_with("make: ") && head.ends_with(": No such file or directory")) {
    head.remove_suffix(27);
  } else if (has(line, ": No such file or directory") && head.starts_with("env: ")) {
    head = head.substr(0, head.find("’: No such"));
  } else {
    return std::nullopt;
  }
  const auto colon = head.rfind(": ");
  std::string_view command = trim(colon == std::string_view::npos ? head : head.substr(colon + 2));
  while (command.starts_with("'") || command.starts_with("‘") || command.starts_with("\""))
    command.remove_prefix(command.starts_with("‘") ? 3 : 1);
  if (command.empty() || command.size() > 200 || command.find(' ') != std::string_view::npos)
    return std::nullopt;
  return Missing{"the command '" + inert(command) + "'", tool_of_command(command)};
}

std::optional<Missing> network_trouble(std::string_view line) {
  for (std::string_view sign :
       {"Temporary failure in name resolution", "Could not resolve host",
        "Temporary failure resolving", "getaddrinfo EAI_AGAIN", "getaddrinfo ENOTFOUND",
        "Name or service not known", "dial tcp: lookup ", "Network is unreachable",
        "java.net.UnknownHostException", "nodename nor servname"}) {
    if (has(line, sign))
      return Missing{"there is no network: " + shortened(inert(trim(line)), 120), Tool::Other,
                     true};
  }
  return std::nullopt;
}

// The tool that the check itself is about, for advice where the trouble is general.
Tool tool_of_check(std::string_view command) {
  if (has(command, "npm") || has(command, "npx") || has(command, "node ") || has(command, "yarn") ||
      has(command, "pnpm"))
    return Tool::Node;
  if (has(command, "pytest") || has(command, "python") || has(command, "tox")) return Tool::Python;
  if (has(command, "cargo")) return Tool::Cargo;
  if (has(command, "go test") || has(command, "go build")) return Tool::Go;
  if (has(command, "mvn")) return Tool::Maven;
  if (has(command, "gradle")) return Tool::Gradle;
  return Tool::Other;
}

std::optional<Missing> trouble_in(const core::CheckReport& report) {
  const std::string text = plain_text(report.excerpt);
  const auto all = lines(text);
  for (const auto& line : all) {
    if (auto missing = command_trouble(line)) return missing;
    if (auto missing = python_trouble(line)) return missing;
    if (auto missing = node_trouble(line)) return missing;
    if (auto missing = compiled_trouble(line)) return missing;
  }
  for (const auto& line : all) {
    if (auto missing = network_trouble(line)) {
      missing->tool = tool_of_check(report.command);
      return missing;
    }
  }
  if (report.exit_status == 127)
    return Missing{"a command that the check calls", tool_of_check(report.command)};
  return std::nullopt;
}

}  // namespace

std::optional<NotReady> environment_trouble(const std::vector<core::CheckReport>& baseline) {
  // One test that passed, or was skipped by choice, shows that the environment works.
  const bool any_ran =
      std::ranges::any_of(baseline, [](const auto& report) { return report.counts.passed > 0; });
  if (any_ran) return std::nullopt;
  for (const auto& report : baseline) {
    if (report.passed()) continue;
    if (const auto missing = trouble_in(report)) {
      return NotReady{missing->what + (missing->network ? "" : " is missing") + " (check '" +
                          inert(report.name) + "': " + shortened(inert(report.command), 100) + ")",
                      advice_for(*missing)};
    }
  }
  return std::nullopt;
}

}  // namespace nightjar::verify
