// What every command gets, and the few ways in which it answers.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "cli/command_line.h"
#include "cli/terminal.h"

namespace nightjar::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kWrongUse = 2;
inline constexpr int kNoService = 3;

/// What a person did wrong, found on this side of the socket.
inline Error wrong_use(const std::string& message) { return Error(ErrorKind::Invalid, message); }

struct Context {
  const Invocation& call;
  const Hooks& hooks;
  Terminal out;
  Terminal err;
  bool json = false;
  Client client;

  /// To standard output, as it is.
  void print(std::string_view text) const;
  /// One document on standard output.
  void print_json(const json::value& value) const;
  /// A message to standard error: "nightjar: ...".
  void say(std::string_view message) const;
  /// The service is there when this returns.
  const Client& service() const;
};

/// 1 for a conflict or fault, 2 for bad input, 3 where there is no service (which one that refuses
/// is not: `reached`).
int exit_status(ErrorKind kind, bool reached = false);
/// Says what went wrong: `{"error": {...}}` on standard output too, with --json.
int report_error(bool json, ErrorKind kind, const std::string& detail,
                 const json::object& more = {}, bool reached = false);

// The commands; each returns the exit status and throws Error.
int run_assign(const Context& context);
int run_watch(const Context& context);
int run_show(const Context& context);
int run_diff(const Context& context);
int run_proof(const Context& context);
int run_log(const Context& context);
int run_tasks(const Context& context);
int run_request_changes(const Context& context);
int run_comment(const Context& context);
int run_approve(const Context& context);
int run_merge(const Context& context);
int run_close(const Context& context);
int run_cancel(const Context& context);
int run_retry(const Context& context);
int run_tell(const Context& context);
int run_answer(const Context& context);
int run_pause(const Context& context);
int run_resume(const Context& context);
int run_rewind(const Context& context);
int run_models(const Context& context);
/// Says which vendors' keys this shell has and the service has not, and how it comes by them; with
/// a model's name, of its vendor alone.
void say_of_keys_only_here(const Context& context, std::string_view model);
/// What to say where config.toml was changed since the running service read it; empty: it was not,
/// or none runs.
std::string changed_config(const Client& client);
void say_of_changed_config(const Context& context);
/// What is wrong in the settings, of the answer of GET /models.
std::vector<std::string> problems_of_models(const json::array& models);
int run_recipes(const Context& context);
int run_init(const Context& context);
int run_clean(const Context& context);
int run_doctor(const Context& context);
int run_serve(const Context& context);
int run_stop(const Context& context);
int run_completion(const Context& context);
int run_help(const Context& context);
int run_version(const Context& context);

/// Candidates for the last of `words`, a line each ("word<TAB>explanation"): what completion
/// scripts ask.
std::string complete(const Client& client, const std::vector<std::string>& words);
/// The script of that shell; empty where there is none.
std::string_view completion_script(std::string_view shell);

}  // namespace nightjar::cli
