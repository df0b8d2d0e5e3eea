// Candidates for the shells, from the same table that parses.
#include <fmt/core.h>

#include "base/text.h"
#include "cli/completion_scripts.h"
#include "cli/context.h"
#include "core/task.h"

namespace nightjar::cli {

namespace {

std::string candidate(std::string_view word, std::string_view explanation) {
  return fmt::format("{}\t{}\n", word, explanation);
}

std::string task_ids(const Client& client) {
  std::string out;
  try {
    if (!client.health()) return "";
    const json::value tasks = client.get("/tasks");
    if (!tasks.is_array()) return "";
    for (const auto& item : tasks.get_array()) {
      if (!item.is_object()) continue;
      const auto& task = item.get_object();
      out += candidate(inert(get_string(task, "id")),
                       fmt::format("{}: {}", inert(get_string(task, "state")),
                                   inert(shortened(get_string(task, "title"), 50))));
    }
  } catch (const Error&) {
    return "";  // no service: nothing to offer
  }
  return out;
}

std::string values_of(const Client& client, std::string_view what) {
  std::string out;
  if (what == "id") return task_ids(client);
  if (what == "agent") return candidate("mechanic", "no model needed");
  if (what == "command") {
    for (const auto& command : commands()) out += candidate(command.name, command.summary);
  } else if (what == "shell") {
    for (const auto* shell : {"bash", "zsh", "fish"}) out += candidate(shell, "");
  } else if (what == "method") {
    for (const auto* method : {"auto", "fast-forward", "merge", "squash"})
      out += candidate(method, "");
  } else if (what == "kind") {
    for (int i = 0; i <= static_cast<int>(core::Kind::Performance); ++i) {
      out += candidate(to_string(static_cast<core::Kind>(i)), "");
    }
  } else if (what == "file" || what == "folder") {
    out = fmt::format(":{}\n", what);  // the shell knows files better
  }
  return out;
}

const OptionSpec* option_of(const CommandSpec& command, std::string_view name) {
  for (const auto& option : command.options) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

}  // namespace

std::string complete(const Client& client, const std::vector<std::string>& words) {
  if (words.size() <= 1) return values_of(client, "command");
  const CommandSpec* command = find_command(words.front());
  if (!command) return "";
  const std::string& before = words[words.size() - 2];
  const std::string& current = words.back();
  if (words.size() > 2) {
    const OptionSpec* option = option_of(*command, before);
    if (option && !option->value.empty()) return values_of(client, option->values);
  }
  std::string out;
  if (current.starts_with('-')) {
    for (const auto& option : command->options) out += candidate(option.name, option.help);
    return out + candidate("--help", "explain this command");
  }
  size_t arguments = 0;  // before the current word
  for (size_t i = 1; i + 1 < words.size(); ++i) {
    const OptionSpec* option = option_of(*command, words[i]);
    if (option && !option->value.empty()) {
      ++i;
    } else if (!words[i].starts_with('-')) {
      ++arguments;
    }
  }
  if (arguments == 0) out = values_of(client, command->values);
  return out;
}

std::string_view completion_script(std::string_view shell) {
  if (shell == "bash") return kBashCompletion;
  if (shell == "zsh") return kZshCompletion;
  if (shell == "fish") return kFishCompletion;
  return "";
}

int run_completion(const Context& context) {
  const std::string& shell = context.call.arguments.front();
  const std::string_view script = completion_script(shell);
  if (script.empty())
    throw wrong_use(
        fmt::format("there is no completion for '{}'; there are: bash, zsh, fish", inert(shell)));
  if (context.json) {
    context.print_json(json::object{{"shell", shell}, {"script", script}});
  } else {
    context.print(script);
  }
  return kDone;
}

}  // namespace nightjar::cli
