#include "tools/arguments.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "base/text.h"

namespace nightjar::tools {

namespace {

struct Alias {
  std::string_view tools, ours, theirs;
};

// Those of Claude Code, Codex, Gemini CLI, aider, OpenCode and the editors' agents.
constexpr std::array kAliases{
    Alias{"read write edit outline search", "path", "file_path filePath filename file filepath"},
    Alias{"read outline search", "path", "directory dir folder dir_path absolute_path"},
    Alias{"read write edit", "path", "absolute_path target_file"},
    Alias{"write", "content", "contents file_text text file_content"},
    Alias{"edit", "old", "old_string old_str oldText old_text oldString"},
    Alias{"edit", "new", "new_string new_str newText new_text newString"},
    Alias{"edit", "all", "replace_all replaceAll"},
    Alias{"patch", "patch", "input diff patchText patch_text"},
    Alias{"search", "pattern", "query regex regexp"},
    Alias{"search", "glob", "include file_pattern"},
    Alias{"search", "ignore_case", "case_insensitive -i"},
    Alias{"search", "context", "-C context_lines"},
    Alias{"shell", "command", "cmd"},
    Alias{"shell", "background", "run_in_background is_background"},
    Alias{"shell", "folder", "workdir cwd working_directory"},
    Alias{"shell", "timeout_s", "timeout_sec timeout_seconds"},
    Alias{"shell", "timeout_ms", "timeoutMs"},
};

constexpr std::array<std::string_view, 6> kBooleans{"background",  "stop",       "all",
                                                    "ignore_case", "files_only", "literal"};
constexpr std::array<std::string_view, 6> kNumbers{"timeout_s", "timeout_ms", "timeout",
                                                   "offset",    "limit",      "context"};

void rename(std::string_view tool, json::object& arguments) {
  for (const auto& alias : kAliases) {
    const auto tools = split(alias.tools, ' ');
    if (std::ranges::find(tools, tool) == tools.end()) continue;
    for (const auto& theirs : split(alias.theirs, ' ')) {
      const auto* value = arguments.if_contains(theirs);
      if (value && !arguments.contains(alias.ours)) arguments[alias.ours] = json::value(*value);
    }
  }
}

void unquote_booleans(json::object& arguments) {
  for (const auto member : kBooleans) {
    auto* value = arguments.if_contains(member);
    if (!value) continue;
    if (value->is_string()) {
      const std::string word = lower(trimmed(std::string_view(value->get_string())));
      *value = word == "true" || word == "yes" || word == "1";
    } else if (value->is_number()) {
      *value = value->to_number<double>() != 0;
    }
  }
}

void unquote_numbers(json::object& arguments) {
  for (const auto member : kNumbers) {
    auto* value = arguments.if_contains(member);
    if (!value || !value->is_string()) continue;
    const std::string text = trimmed(std::string_view(value->get_string()));
    std::int64_t number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec == std::errc{})
      *value = number;
    else
      arguments.erase(member);
  }
}

// A plain "timeout" is in seconds for some and in milliseconds for others; nobody means a limit of
// hours or of less than a second.
void read_timeout(json::object& arguments) {
  if (arguments.contains("timeout_s")) return;
  constexpr std::int64_t kMostSeconds = 3600;
  if (const std::int64_t ms = get_int(arguments, "timeout_ms"); ms > 0)
    arguments["timeout_s"] = (ms + 999) / 1000;
  else if (const std::int64_t some = get_int(arguments, "timeout"); some > 0)
    arguments["timeout_s"] = some > kMostSeconds ? (some + 999) / 1000 : some;
}

bool is_shell(std::string_view word) {
  const std::string_view name = word.substr(word.rfind('/') + 1);
  return name == "bash" || name == "sh" || name == "zsh" || name == "dash";
}

std::string line_of(const json::array& array) {
  std::vector<std::string> words;
  for (const auto& item : array)
    words.push_back(item.is_string() ? std::string(item.get_string()) : to_line(item));
  if (words.size() == 3 && is_shell(words[0]) && (words[1] == "-c" || words[1] == "-lc"))
    return words[2];
  if (words.size() == 1) return words[0];
  for (auto& word : words) word = shell_quoted(word);
  return join(words, " ");
}

}  // namespace

json::object understood(std::string_view tool, const json::object& given) {
  json::object out(given);
  rename(tool, out);
  unquote_booleans(out);
  unquote_numbers(out);
  if (tool != "shell") return out;
  read_timeout(out);
  if (auto* command = out.if_contains("command"); command && command->is_array())
    *command = line_of(command->get_array());
  return out;
}

}  // namespace nightjar::tools
