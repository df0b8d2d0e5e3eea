// nightjar.toml, read and written. The one file that sees toml++.
#include <fmt/core.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"
#include "project/project.h"

namespace nightjar::project {

namespace {

constexpr std::string_view kFile = "nightjar.toml";
constexpr std::array<std::string_view, 2> kTopKeys{"environment", "check"};
constexpr std::array<std::string_view, 4> kEnvironmentKeys{"setup", "network", "caches", "share"};
constexpr std::array<std::string_view, 2> kCheckKeys{"name", "run"};

// A problem with its line; thrown and caught within this file.
struct Problem {
  std::string message;
};

[[noreturn]] void fail(unsigned line, const std::string& what) {
  throw Problem{fmt::format("{}:{}: {}", kFile, line, what)};
}

[[noreturn]] void fail(const toml::node& node, const std::string& what) {
  fail(node.source().begin.line, what);
}

// Edits that turn one word into the other, for words of a dozen letters.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string unknown_key(std::string_view key, std::string_view where,
                        std::span<const std::string_view> known) {
  std::string out = fmt::format("unknown key '{}'{}; ", shortened(inert(key), 60), where);
  const auto nearest = std::ranges::min_element(
      known, {}, [key](auto name) { return distance(key.substr(0, 40), name); });
  if (distance(key.substr(0, 40), *nearest) <= 2)
    return out + fmt::format("did you mean '{}'?", *nearest);
  std::string list;
  for (const auto& name : known) list += (list.empty() ? "" : ", ") + std::string(name);
  return out + "there are: " + list;
}

std::vector<std::string> strings(const toml::node& node, std::string_view key) {
  const auto* array = node.as_array();
  if (!array) fail(node, fmt::format("'{}' must be a list of strings: {} = [\"...\"]", key, key));
  std::vector<std::string> out;
  for (const auto& item : *array) {
    const auto text = item.value_exact<std::string>();
    if (!text) fail(item, fmt::format("'{}' must hold strings only", key));
    if (trimmed(*text).empty()) fail(item, fmt::format("'{}' holds an empty string", key));
    if (text->find('\0') != std::string::npos)
      fail(item, fmt::format("'{}' holds a NUL character", key));
    out.push_back(*text);
  }
  return out;
}

bool leaves_its_folder(std::string_view path) {
  return path.starts_with('/') ||
         std::ranges::any_of(split(path, '/'), [](const auto& part) { return part == ".."; });
}

void read_environment(const toml::node& node, Config& config) {
  const auto* table = node.as_table();
  if (!table) fail(node, "'environment' must be a table: [environment]");
  for (const auto& [key, value] : *table) {
    if (key == "setup") {
      config.setup = strings(value, "setup");
    } else if (key == "network") {
      const auto on = value.value_exact<bool>();
      if (!on) fail(value, "'network' must be true or false");
      config.network = *on;
    } else if (key == "caches") {
      config.caches = strings(value, "caches");
      for (const auto& path : config.caches) {
        const bool of_home = path.starts_with("~/") && path.size() > 2;
        if (!of_home || leaves_its_folder(path.substr(2))) {
          fail(value,
               fmt::format(
                   "'caches' names folders of your home, such as \"~/.m2/repository\", not '{}'",
                   inert(path)));
        }
      }
    } else if (key == "share") {
      config.share = strings(value, "share");
      for (const auto& path : config.share) {
        if (leaves_its_folder(path) || path.starts_with('~')) {
          fail(value,
               fmt::format("'share' names folders below the repository, not '{}'", inert(path)));
        }
      }
    } else {
      fail(key.source().begin.line, unknown_key(key.str(), " in [environment]", kEnvironmentKeys));
    }
  }
}

void read_check(const toml::node& node, Config& config) {
  const auto* table = node.as_table();
  if (!table) fail(node, "a check must be a table: [[check]]");
  core::CheckSpec check;
  for (const auto& [key, value] : *table) {
    if (key != "name" && key != "run")
      fail(key.source().begin.line, unknown_key(key.str(), " in [[check]]", kCheckKeys));
    const auto text = value.value_exact<std::string>();
    if (!text) fail(value, fmt::format("'{}' must be a string", key.str()));
    if (trimmed(*text).empty()) fail(value, fmt::format("'{}' is empty", key.str()));
    if (text->find('\0') != std::string::npos)
      fail(value, fmt::format("'{}' holds a NUL character", key.str()));
    (key == "name" ? check.name : check.run) = *text;
  }
  if (check.run.empty()) fail(node, "a [[check]] without 'run': the command that must pass");
  if (check.name.empty()) fail(node, "a [[check]] without 'name'");
  if (has_control_characters(check.name) || check.name.find('\n') != std::string::npos) {
    fail(node,
         fmt::format("the name '{}' holds control characters", shortened(inert(check.name), 60)));
  }
  for (const auto& other : config.checks) {
    if (other.name == check.name)
      fail(node, fmt::format("there are two checks named '{}'", inert(check.name)));
  }
  config.checks.push_back(std::move(check));
}

Config read(const toml::table& table) {
  Config config;
  for (const auto& [key, node] : table) {
    if (key == "environment") {
      read_environment(node, config);
    } else if (key == "check") {
      const auto* array = node.as_array();
      if (!array) fail(node, "checks are written with two brackets: [[check]]");
      for (const auto& item : *array) read_check(item, config);
    } else if (const auto found = std::ranges::find(kEnvironmentKeys, key.str());
               found != kEnvironmentKeys.end()) {
      fail(key.source().begin.line, fmt::format("'{}' belongs below [environment]", *found));
    } else {
      fail(key.source().begin.line, unknown_key(key.str(), "", kTopKeys));
    }
  }
  return config;
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  return out + "\"";
}

std::string in_quotes(const std::vector<std::string>& items) {
  std::string out;
  for (const auto& item : items) out += (out.empty() ? "" : ", ") + in_quotes(item);
  return "[" + out + "]";
}

bool any_run(const Config& config, std::string_view part) {
  return std::ranges::any_of(config.checks, [part](const auto& check) {
    return check.run.find(part) != std::string::npos;
  });
}

// What setup would be, where packages have to be installed first; the first tool that is found
// decides.
std::string setup_example(const Config& config) {
  if (any_run(config, "python3"))
    return "setup   = [\"python3 -m venv .venv\", \".venv/bin/pip install -e . pytest\"]";
  if (any_run(config, "npm ") || any_run(config, "npx ")) return "setup   = [\"npm ci\"]";
  if (any_run(config, "cargo")) return "setup   = [\"cargo fetch\"]";
  if (any_run(config, "go test")) return "setup   = [\"go mod download\"]";
  if (any_run(config, "mvn")) return "setup   = [\"mvn -q -B dependency:go-offline\"]";
  return "setup   = [\"./tools/install_what_the_tests_need\"]";
}

}  // namespace

std::expected<Config, std::string> parse(std::string_view text) {
  try {
    return read(toml::parse(text, kFile));
  } catch (const toml::parse_error& error) {
    return std::unexpected(
        fmt::format("{}:{}: {}", kFile, error.source().begin.line, inert(error.description())));
  } catch (const Problem& problem) {
    return std::unexpected(problem.message);
  }
}

std::string to_toml(const Config& config) {
  std::string out =
      "# How Nightjar makes this repository ready, and what must pass before a change counts as "
      "proved.\n";
  for (const auto& found : config.found) out += "# Found: " + inert(found) + "\n";
  out += "\n[environment]\n";
  out +=
      "# Commands that install what the checks need: run once per base and lock files, the result "
      "is kept.\n";
  out += config.setup.empty() ? "# " + setup_example(config) + "\n"
                              : "setup   = " + in_quotes(config.setup) + "\n";
  out +=
      "# true: setup alone may use the network, after you allowed it once. Checks never have it.\n";
  out += fmt::format("network = {}\n", config.network);
  out +=
      "# Folders of your home that a run may read; those of pip, npm, cargo, go and Maven are "
      "found without this.\n";
  out += config.caches.empty() ? "# caches  = [\"~/.m2/repository\"]\n"
                               : "caches  = " + in_quotes(config.caches) + "\n";
  out +=
      "# Untracked folders of your checkout that a run sees (what it writes there stays in the "
      "run).\n";
  out += config.share.empty() ? "# share   = [\".venv\", \"node_modules\"]\n"
                              : "share   = " + in_quotes(config.share) + "\n";
  if (config.checks.empty()) {
    out += "\n# No tests were found. Without a check nothing can be proved:\n";
    out += "# [[check]]\n# name = \"tests\"\n# run  = \"make test\"\n";
  }
  for (const auto& check : config.checks) {
    out +=
        "\n[[check]]\nname = " + in_quotes(check.name) + "\nrun  = " + in_quotes(check.run) + "\n";
  }
  return out;
}

}  // namespace nightjar::project
