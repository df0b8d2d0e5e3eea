// The documented objects of the API as text for people: pure functions, every foreign word inert.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "cli/terminal.h"
#include "core/event.h"

namespace nightjar::cli {

/// A whole command that makes sense now, and what it is for.
struct NextStep {
  std::string command;
  std::string purpose;
};
std::vector<NextStep> next_steps(const json::object& task);

/// "in review, proved" and how it looks. Colour never stands alone: the symbol and the words say
/// it.
struct StateWord {
  std::string text;
  Symbol symbol = Symbol::Idle;
  Tone tone = Tone::Plain;
};
StateWord state_word(const json::object& task);

/// `tasks` and the board. `now` is for the running times.
std::string render_tasks(const Terminal& terminal, const json::array& tasks, Time now);
/// `show`.
std::string render_task(const Terminal& terminal, const json::object& task, Time now);
/// `assign`: what was accepted and what happens next.
std::string render_assigned(const Terminal& terminal, const json::object& task);
/// `proof`; `proof` is the object of GET /tasks/{id}/proof.
std::string render_proof(const Terminal& terminal, const json::object& proof);
/// The lines "what to do next"; empty where there is nothing.
std::string render_next_steps(const Terminal& terminal, const json::object& task);

// Parts that `show` and `proof` share.
std::string render_checks(const Terminal& terminal, const json::array& checks);
std::string render_obligations(const Terminal& terminal, const json::array& obligations);
std::string render_findings(const Terminal& terminal, const json::array& findings);

/// A unified diff, coloured, control characters inert. For a terminal only: bytes change.
std::string render_diff(const Terminal& terminal, std::string_view diff);
/// A log for people: colours removed, the rest inert.
std::string render_log(std::string_view log);

/// One event as a line without newline: "12:03:04  baseline  tests: 120 passed (8.2 s)"; empty
/// where it is of no interest to a person. `with_task` names the task first.
std::string event_line(const Terminal& terminal, const json::object& event, bool with_task);
/// "turn 7", a whole line above the first event of a turn; empty elsewhere. `nightjar rewind` takes
/// this number.
std::string turn_mark(const Terminal& terminal, const json::object& event, core::Turns& turns);
/// What belongs below that line where one task is followed: a plan's items, a change as a diff, the
/// end of what a failing command printed. Whole lines, bounded; empty for most events.
std::string event_details(const Terminal& terminal, const json::object& event);

/// Waits no more: ended, in review, or waiting for what only a person can give.
bool needs_person_or_ended(const json::object& task);
/// The status of a command that waited until `needs_person_or_ended`.
int exit_status_of(const json::object& task);

}  // namespace nightjar::cli
