#include <fmt/core.h>

#include <algorithm>
#include <set>
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1  // the packaged library throws; untrusted text is an outcome here
#include <toml++/toml.h>

#include "base/text.h"
#include "project/project.h"

namespace nightjar::project {

namespace {

constexpr std::string_view kFile = "nightjar.toml";

struct Reader {
  Config config;
  std::string error;

  void fail(const toml::node& node, const std::string& what) {
    if (error.empty()) error = fmt::format("{}:{}: {}", kFile, node.source().begin.line, what);
  }

  void strings(const toml::node& node, std::string_view key, std::vector<std::string>& into) {
    const auto* array = node.as_array();
    if (!array) return fail(node, fmt::format("'{}' must be a list of strings, such as {} = [\"...\"]", key, key));
    for (const auto& item : *array) {
      const auto text = item.value_exact<std::string>();
      if (!text) return fail(item, fmt::format("'{}' must hold strings only", key));
      into.push_back(*text);
    }
  }

  void environment(const toml::node& node) {
    const auto* table = node.as_table();
    if (!table) return fail(node, "'environment' must be a table: [environment]");
    for (const auto& [key, value] : *table) {
      if (key == "setup") {
        strings(value, "setup", config.setup);
      } else if (key == "caches") {
        strings(value, "caches", config.caches);
      } else if (key == "share") {
        strings(value, "share", config.share);
      } else if (key == "network") {
        const auto on = value.value_exact<bool>();
        if (!on) return fail(value, "'network' must be true or false");
        config.network = *on;
      } else {
        return fail(value, fmt::format("unknown key '{}' in [environment]; there are: setup, network, caches, share", inert(key.str())));
      }
    }
    for (const auto& name : config.share) {
      if (name.empty() || name.front() == '/' || name.find("..") != std::string::npos) fail(node, "'share' names folders below the repository: '" + inert(name) + "'");
    }
    for (const auto& name : config.caches) {
      if (!name.starts_with("~/") || name.find("..") != std::string::npos) fail(node, "'caches' names folders of your home: \"~/...\", not '" + inert(name) + "'");
    }
  }

  void check(const toml::node& node) {
    const auto* table = node.as_table();
    if (!table) return fail(node, "'check' must be tables: [[check]]");
    core::CheckSpec check;
    for (const auto& [key, value] : *table) {
      const auto text = value.value_exact<std::string>();
      if (key != "name" && key != "run") return fail(value, fmt::format("unknown key '{}' in [[check]]; there are: name, run", inert(key.str())));
      if (!text || trimmed(*text).empty()) return fail(value, fmt::format("'{}' must be a string that is not empty", key.str()));
      (key == "name" ? check.name : check.run) = *text;
    }
    if (check.run.empty()) return fail(node, "a [[check]] needs 'run', the command");
    if (check.name.empty()) check.name = config.checks.empty() ? "check" : fmt::format("check {}", config.checks.size() + 1);
    for (const auto& other : config.checks) {
      if (other.name == check.name) return fail(node, fmt::format("two checks are named '{}'", inert(check.name)));
    }
    config.checks.push_back(std::move(check));
  }
};

std::string list_text(const std::vector<std::string>& items) {
  std::string out;
  for (const auto& item : items) {
    std::string quoted = "\"";
    for (const char c : item) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    out += (out.empty() ? "" : ", ") + quoted + "\"";
  }
  return "[" + out + "]";
}

}  // namespace

std::expected<Config, std::string> parse(std::string_view text) {
  const toml::parse_result parsed = toml::parse(text, kFile);
  if (!parsed) {
    return std::unexpected(fmt::format("{}:{}: {}", kFile, parsed.error().source().begin.line, parsed.error().description()));
  }
  Reader reader;
  for (const auto& [key, node] : parsed.table()) {
    if (key == "environment") {
      reader.environment(node);
    } else if (key == "check") {
      const auto* array = node.as_array();
      if (!array) {
        reader.fail(node, "'check' must be tables: [[check]] with double brackets");
        break;
      }
      for (const auto& item : *array) reader.check(item);
    } else {
      reader.fail(node, fmt::format("unknown key '{}'; there are: [environment] and [[check]]", inert(key.str())));
    }
  }
  if (!reader.error.empty()) return std::unexpected(reader.error);
  return reader.config;
}

std::string to_toml(const Config& config) {
  std::string out = "# How Nightjar makes this repository ready and checks a change.\n";
  for (const auto& found : config.found) out += "# Found: " + inert(found) + "\n";
  out += "\n[environment]\n";
  out += "# Commands that install what the checks need; run once per base and lock files, the result is cached.\n";
  out += (config.setup.empty() ? "# setup = [\"...\"]\n" : "setup = " + list_text(config.setup) + "\n");
  out += "# true: setup alone may use the network, after you allowed it once (nightjar assign --allow-network).\n";
  out += fmt::format("network = {}\n", config.network);
  out += "# Folders of your home with packages, read-only in the run; the usual ones are found by themselves.\n";
  out += (config.caches.empty() ? "# caches = [\"~/.m2/repository\"]\n" : "caches = " + list_text(config.caches) + "\n");
  out += "# Untracked folders of your checkout that the checks need, copy-on-write.\n";
  out += (config.share.empty() ? "# share = [\".venv\", \"node_modules\"]\n" : "share = " + list_text(config.share) + "\n");
  if (config.checks.empty()) out += "\n# No test tool was found. A check is a command that must pass:\n# [[check]]\n# name = \"tests\"\n# run = \"make test\"\n";
  for (const auto& check : config.checks) {
    std::string one = list_text({check.name});
    std::string two = list_text({check.run});
    out += "\n[[check]]\nname = " + one.substr(1, one.size() - 2) + "\nrun = " + two.substr(1, two.size() - 2) + "\n";
  }
  return out;
}

}  // namespace nightjar::project
