// States, next steps and what a wait's end means.
#include <fmt/core.h>

#include <functional>

#include "base/text.h"
#include "cli/render.h"
#include "core/task.h"

namespace nightjar::cli {

using core::State;

namespace {

State state_of(const json::object& task) {
  return core::state_from(get_string(task, "state")).value_or(State::Queued);
}

std::string verdict_of(const json::object& task) {
  return get_string(get_object(task, "proof"), "verdict", "none");
}

std::string stage_of_newest_run(const json::object& task) {
  const auto& runs = get_array(task, "runs");
  if (runs.empty() || !runs.back().is_object()) return "";
  return get_string(runs.back().get_object(), "stage");
}

StateWord waiting_word(const json::object& task) {
  const std::string what = get_string(task, "waiting_for");
  const std::string text = what == "person" ? "waiting for you"
                           : what.empty()   ? "waiting"
                                            : fmt::format("waiting: {}", inert(what));
  return {text, Symbol::Attention, Tone::Attention};
}

}  // namespace

StateWord state_word(const json::object& task) {
  const std::string verdict = verdict_of(task);
  switch (state_of(task)) {
    case State::Queued:
      return {"queued", Symbol::Idle, Tone::Dim};
    case State::Preparing:
      return {stage_of_newest_run(task) == "baseline" ? "baseline" : "preparing", Symbol::Busy,
              Tone::Busy};
    case State::Working:
      return {"working", Symbol::Busy, Tone::Busy};
    case State::Verifying:
      return {"verifying", Symbol::Busy, Tone::Busy};
    case State::Publishing:
      return {"publishing", Symbol::Busy, Tone::Busy};
    case State::Waiting:
      return waiting_word(task);
    case State::InReview:
      if (verdict == "proved") return {"in review", Symbol::Good, Tone::Good};
      return {"in review", Symbol::Attention, Tone::Attention};
    case State::Merged:
      if (verdict == "proved") return {"merged", Symbol::Good, Tone::Good};
      return {"merged", Symbol::Idle, Tone::Plain};
    case State::Closed:
      return {"closed", Symbol::Idle, Tone::Dim};
    case State::Failed:
      return {"failed", Symbol::Bad, Tone::Bad};
    case State::Cancelled:
      return {"cancelled", Symbol::Idle, Tone::Dim};
  }
  return {};
}

namespace {

json::object newest_run(const json::object& task) {
  const auto& runs = get_array(task, "runs");
  return runs.empty() || !runs.back().is_object() ? json::object{} : runs.back().get_object();
}

using Command = std::function<std::string(std::string_view verb, std::string_view rest)>;

// It has its process still, or has not had one yet.
bool goes_on_by_itself(const json::object& task) {
  const std::string what = get_string(task, "waiting_for");
  return (what == "model" || what == "disk" || what == "lock") &&
         get_string(newest_run(task), "ended").empty();
}

std::vector<NextStep> steps_of_a_wait(const json::object& task, const Command& command) {
  if (get_string(task, "waiting_for") != "model")
    return {{command("watch", ""), "it goes on by itself"}, {command("cancel", ""), "give it up"}};
  return {{command("resume", ""), "the model is asked again now, before the wait is over"},
          {command("tell", "\"...\""), "heard when it goes on"},
          {command("pause", ""), "it waits for you instead"},
          {command("log", ""), "what happened so far"},
          {command("cancel", ""), "give it up"}};
}

// "--limit-turns" of a reason that says which limit stopped the run, and ends with that.
std::string limit_option(const std::string& reason) {
  if (!reason.starts_with("the limit of ") && !reason.starts_with("the run's time limit "))
    return "";
  const size_t at = reason.rfind("--limit-");
  if (at == std::string::npos) return "";
  const size_t end = reason.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", at);
  return reason.substr(at, end == std::string::npos ? end : end - at);
}

// Of one that needs the person.
std::vector<NextStep> steps_of_a_parked_run(const json::object& task, const Command& command) {
  const std::string reason = get_string(task, "reason");
  std::vector<NextStep> out;
  if (const std::string option = limit_option(reason); !option.empty()) {
    out = {{command("resume", inert(option) + " N"), "it goes on where it stood, with more"}};
  } else if (reason.starts_with("it asks:")) {
    out = {{command("answer", "\"...\""), "it goes on with your answer"}};
  } else if (reason.starts_with("it waits for your yes")) {
    out = {{command("answer", "yes"), "it begins"},
           {command("answer", "\"...\""), "it changes its plan first"}};
  } else {
    out = {{command("resume", ""), "it goes on where it stood"},
           {command("tell", "\"...\""), "it goes on, with a word from you"}};
  }
  out.push_back({command("log", ""), "what happened so far"});
  out.push_back({command("cancel", ""), "give it up"});
  return out;
}

}  // namespace

std::vector<NextStep> next_steps(const json::object& task) {
  const std::string id = inert(get_string(task, "id"));
  const auto command = [&](std::string_view verb, std::string_view rest = "") {
    return fmt::format("nightjar {} {}{}{}", verb, id, rest.empty() ? "" : " ", rest);
  };
  const bool has_branch = !get_string(task, "branch").empty();
  switch (state_of(task)) {
    case State::InReview: {
      const std::string merge =
          get_bool(task, "detached") ? command("merge", "--into BRANCH") : command("merge");
      const bool proved = verdict_of(task) == "proved";
      return {
          {command("diff"), "look at the change"},
          {command("proof"), proved ? "what was proved, and how" : "why nothing was proved"},
          {command("request-changes", "\"...\""), "have it done differently, on the same branch"},
          {merge, proved ? "take it" : "take it, unproved"},
          {command("close"), "leave it"}};
    }
    case State::Failed: {
      std::vector<NextStep> steps{{command("log"), "what happened"}};
      if (has_branch) steps.push_back({command("diff"), "the change that was kept on its branch"});
      if (has_branch) steps.push_back({command("proof"), "what refuted it"});
      if (has_branch)
        steps.push_back({command("request-changes", "\"...\""), "have it done differently"});
      steps.push_back({command("retry"), "one more run with the same brief"});
      return steps;
    }
    case State::Waiting:
      // No run was possible yet.
      if (get_array(task, "runs").empty()) {
        return {{command("retry"), "once an agent can do it, such as with a model"},
                {"nightjar assign \"Rename class A to B everywhere\"", "say it like this"},
                {"nightjar assign 'replace `f($A)` with `g($A)`'", "or like this"},
                {"nightjar models", "what the native agent could use"},
                {command("cancel"), "give this one up"}};
      }
      if (goes_on_by_itself(task)) return steps_of_a_wait(task, command);
      if (get_string(newest_run(task), "agent") == "native")
        return steps_of_a_parked_run(task, command);
      return {{command("log"), "what happened"},
              {command("retry"), "once the reason is gone"},
              {command("cancel"), "give it up"}};
    case State::Merged:
      return {{"nightjar clean --dry-run", "what ended tasks still take on disk"}};
    case State::Closed:
      return {{command("diff"), "the change, which stays on its branch"}};
    case State::Cancelled:
      return {{command("retry"), "one more run with the same brief"}};
    default:
      return {{command("watch"), "follow it until it needs you"},
              {command("cancel"), "give it up"}};
  }
}

std::string render_next_steps(const Terminal& terminal, const json::object& task) {
  const auto steps = next_steps(task);
  size_t widest = 0;
  for (const auto& step : steps) widest = std::max(widest, display_width(step.command));
  widest = std::min<size_t>(widest, 50);
  std::string out;
  for (const auto& step : steps) {
    const size_t width = display_width(step.command);
    out += "  " + paint(terminal, Tone::Strong, step.command);
    if (!step.purpose.empty()) {
      out += std::string(widest > width ? widest - width : 0, ' ') + "  ";
      out += wrapped(terminal, step.purpose, widest + 4);
    }
    out += "\n";
  }
  return out;
}

bool needs_person_or_ended(const json::object& task) {
  const auto state = state_of(task);
  const auto waiting = core::waiting_for_from(get_string(task, "waiting_for"));
  return core::needs_no_runner(state, waiting);
}

int exit_status_of(const json::object& task) {
  const auto state = state_of(task);
  return state == State::Failed || state == State::Cancelled ? 1 : 0;
}

}  // namespace nightjar::cli
