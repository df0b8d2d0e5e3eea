#include "cli/cli.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/paths.h"
#include "base/text.h"
#include "cli/context.h"

namespace nightjar::cli {

namespace {

using Command = int (*)(const Context&);
constexpr std::pair<std::string_view, Command> kCommands[] = {
    {"assign", run_assign},
    {"watch", run_watch},
    {"show", run_show},
    {"diff", run_diff},
    {"proof", run_proof},
    {"log", run_log},
    {"tasks", run_tasks},
    {"request-changes", run_request_changes},
    {"comment", run_comment},
    {"approve", run_approve},
    {"merge", run_merge},
    {"close", run_close},
    {"cancel", run_cancel},
    {"retry", run_retry},
    {"tell", run_tell},
    {"answer", run_answer},
    {"pause", run_pause},
    {"resume", run_resume},
    {"models", run_models},
    {"rewind", run_rewind},
    {"recipes", run_recipes},
    {"init", run_init},
    {"clean", run_clean},
    {"doctor", run_doctor},
    {"serve", run_serve},
    {"stop", run_stop},
    {"completion", run_completion},
    {"help", run_help},
    {"version", run_version},
};

// `nightjar --help`, `nightjar merge --help`, `nightjar -h merge` as `help` would say it.
bool asks_for_help(const std::vector<std::string>& words) {
  const auto end = std::ranges::find(words, "--");
  return std::any_of(words.begin(), end,
                     [](const auto& word) { return word == "--help" || word == "-h"; });
}

int show_help(const std::vector<std::string>& words) {
  const auto named =
      std::ranges::find_if(words, [](const auto& word) { return !word.starts_with('-'); });
  const CommandSpec* command = named == words.end() ? nullptr : find_command(*named);
  write_all(STDOUT_FILENO, command ? help_of(*command) : overview());
  return kDone;
}

int report_wrong_use(bool json, const WrongUse& wrong) {
  const int status = report_error(json, ErrorKind::Invalid, wrong.message);
  if (json) return status;
  if (wrong.command) {
    std::string hint = "\n";
    for (const auto line : lines(wrong.command->example)) hint += fmt::format("  {}\n", line);
    write_all(STDERR_FILENO,
              hint + fmt::format("\nnightjar help {} explains it.\n", wrong.command->name));
  } else {
    write_all(STDERR_FILENO, "\n" + overview());
  }
  return status;
}

int dispatch(const std::vector<std::string>& words, bool json, const Hooks& hooks) {
  const auto call = parse(words);
  if (!call) return report_wrong_use(json, call.error());
  const Context context{*call,
                        hooks,
                        terminal_of(STDOUT_FILENO),
                        terminal_of(STDERR_FILENO),
                        json,
                        Client(state_folder())};
  const auto found = std::ranges::find(kCommands, call->command->name,
                                       [](const auto& entry) { return entry.first; });
  if (found == std::end(kCommands))
    throw Error(ErrorKind::Internal, "the command has no implementation");
  return found->second(context);
}

}  // namespace

int exit_status(ErrorKind kind, bool reached) {
  switch (kind) {
    case ErrorKind::Invalid:
    case ErrorKind::NotFound:
    case ErrorKind::Denied:
      return kWrongUse;
    case ErrorKind::Unavailable:
      return reached ? kFailed : kNoService;
    case ErrorKind::Conflict:
    case ErrorKind::Timeout:
    case ErrorKind::Limit:
    case ErrorKind::Internal:
      return kFailed;
  }
  return kFailed;
}

int report_error(bool json, ErrorKind kind, const std::string& detail, const json::object& more,
                 bool reached) {
  const int status = exit_status(kind, reached);
  if (json) {
    json::object error{
        {"kind", to_string(kind)}, {"detail", valid_utf8(detail)}, {"exit_status", status}};
    for (const auto& member : more) {
      if (!error.contains(member.key())) error[member.key()] = member.value();
    }
    write_all(STDOUT_FILENO, to_pretty(json::object{{"error", std::move(error)}}));
  }
  std::string text = fmt::format("nightjar: {}\n", inert(detail, true));
  for (const auto& path : get_strings(more, "conflicts"))
    text += fmt::format("  conflict in {}\n", inert(path));
  write_all(STDERR_FILENO, text);
  return status;
}

void Context::print(std::string_view text) const { write_all(STDOUT_FILENO, text); }
void Context::print_json(const json::value& value) const {
  write_all(STDOUT_FILENO, to_pretty(value));
}
void Context::say(std::string_view message) const {
  write_all(STDERR_FILENO, fmt::format("nightjar: {}\n", inert(message, true)));
}
const Client& Context::service() const {
  reach_service(client, [this](std::string_view message) { say(message); });
  return client;
}

int run_cli(int argc, char** argv, const Hooks& hooks) {
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) words.emplace_back(argv[i]);
  const auto end = std::ranges::find(words, "--");
  const bool json = std::find(words.begin(), end, "--json") != end;
  try {
    if (words.empty()) {
      write_all(STDOUT_FILENO, overview());
      return kDone;
    }
    if (words[0] == "__complete") {
      write_all(STDOUT_FILENO, complete(Client(state_folder()), {words.begin() + 1, words.end()}));
      return kDone;
    }
    if (words[0] == "--version" || words[0] == "-V") words[0] = "version";
    if (words[0] != "help" && asks_for_help(words)) return show_help(words);
    return dispatch(words, json, hooks);
  } catch (const Refused& refused) {
    return report_error(json, refused.kind(), refused.what(), refused.more(), true);
  } catch (const Error& error) {
    return report_error(json, error.kind(), error.what());
  } catch (const std::exception& error) {
    return report_error(json, ErrorKind::Internal, error.what());
  } catch (const Cancelled&) {
    return 130;
  }
}

}  // namespace nightjar::cli
