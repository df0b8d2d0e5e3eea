// What a person says to a run that uses a model: words, pauses, more room, another try.
#include <fmt/core.h>

#include "base/text.h"
#include "daemon/answer.h"
#include "daemon/assignment.h"
#include "daemon/history.h"
#include "daemon/service.h"
#include "run/stages.h"
#include "run/words.h"

namespace nightjar::daemon {

using core::State;
using server::Answer;

namespace {

/// The run that a word is for: the newest one that has not ended for good.
const core::Run* open_run(const core::Task& task) {
  if (task.runs.empty() || core::is_ended(task.state)) return nullptr;
  const core::Run& run = task.runs.back();
  const bool open = run.ended == Time{} || run.state == State::Waiting;
  return open && !core::is_ended(run.state) ? &run : nullptr;
}

bool is_parked(const core::Run& run) { return run.state == State::Waiting && run.ended != Time{}; }

bool waits_for_model(const core::Run& run) {
  return run.state == State::Waiting && run.waiting_for == core::WaitingFor::Model &&
         run.ended == Time{};
}

std::string no_open_run(const core::Task& task) {
  const std::string& id = task.id;
  switch (task.state) {
    case State::Merged:
    case State::Closed:
      return fmt::format("task {} is {}; assign a new one", id, core::to_string(task.state));
    case State::Cancelled:
      return fmt::format("task {} is cancelled; nightjar retry {} starts the next run", id, id);
    case State::Failed:
      return fmt::format(
          "task {} has failed; nightjar retry {} starts the next run, and nightjar "
          "request-changes {} one that does it differently",
          id, id, id);
    case State::InReview:
      return fmt::format(
          "no run of task {} is under way; nightjar request-changes {} starts the "
          "next one",
          id, id);
    default:
      return fmt::format(
          "no run of task {} was made yet{}{}; nightjar retry {} makes one once an "
          "agent can do it",
          id, task.reason.empty() ? "" : ": ", inert(task.reason, true), id);
  }
}

std::vector<core::Event> events_of(const std::vector<store::StoredEvent>& all,
                                   const std::string& run) {
  std::vector<core::Event> out;
  for (const auto& stored : all)
    if (stored.event.run == run) out.push_back(stored.event);
  return out;
}

/// Asked for, and not heard yet; a later word takes it back.
bool pause_is_asked_for(const std::vector<store::StoredEvent>& events, const std::string& run) {
  bool asked = false;
  for (const auto& stored : events) {
    const core::Event& event = stored.event;
    if (event.run == run && event.kind == "run_ended") asked = false;
    if (event.run.empty() && event.kind == "told" && get_string(event.body, "run") == run)
      asked = get_string(event.body, "kind") == "pause";
  }
  return asked;
}

/// Why the run would stop at once with this limit; empty: there is room.
std::string used_up(const core::Run& run, const std::vector<core::Event>& events,
                    std::string_view limit, double most) {
  const core::ModelUse& use = run.model;
  if (limit == "limit_turns" && most <= use.turns)
    return fmt::format("the run has had {} already: give it more",
                       count_of(static_cast<size_t>(use.turns), "turn"));
  const std::int64_t tokens = use.input + use.output;
  if (limit == "limit_tokens" && most <= static_cast<double>(tokens))
    return fmt::format("the run has had {} tokens already: give it more", tokens);
  if (limit == "limit_cost_usd" && use.cost_known && most <= use.cost_usd)
    return fmt::format("the run has spent ${:.4f} already: give it more", use.cost_usd);
  if (limit == "limit_time_ms") {
    const Millis worked = run::time_at_work(events, now());
    if (most <= static_cast<double>(worked.count()))
      return fmt::format("the run has worked for {} already: give it more", human(worked));
  }
  return "";
}

}  // namespace

Answer<void> Service::say(const core::Task& task, std::string_view how, const json::object& body) {
  const core::Run* run = open_run(task);
  if (!run) return refuse(ErrorKind::Conflict, no_open_run(task));
  if (run->agent != "native")
    return refuse(ErrorKind::Conflict,
                  fmt::format("the agent {} does not listen while it works", inert(run->agent)));
  const bool parked = is_parked(*run);
  std::string text;
  auto kind = agent::PersonsWord::Kind::Pause;
  if (how == "pause") {
    if (parked) return refuse(ErrorKind::Conflict, "the run waits already: " + run->reason);
    if (pause_is_asked_for(store_.events_of(task.id), run->id))
      return refuse(ErrorKind::Conflict,
                    "a pause is asked for already; the run stops before its next turn");
  } else {
    auto given = read_text(body, "text", how == "tell" ? "message" : "answer");
    if (!given) return std::unexpected(given.error());
    text = std::move(*given);
    kind = how == "tell" ? agent::PersonsWord::Kind::Tell : agent::PersonsWord::Kind::Answer;
    if (how == "answer" && !parked)
      return refuse(ErrorKind::Conflict,
                    fmt::format("the run has asked nothing; nightjar tell {} reaches it", task.id));
  }
  const fs::path folder = places_.run_folder(run->id);
  fs::create_directories(folder);
  run::add_word(folder, kind, text);
  append(task.id, "told", {{"run", run->id}, {"kind", how}, {"text", text}});
  if (parked) append(task.id, "run_resumed", {{"run", run->id}});
  if (how == "pause" && waits_for_model(*run)) supervisor_.take_up_again(run->id);
  return {};
}

Answer<void> Service::resume(const core::Task& task, const json::object& body) {
  const core::Run* run = open_run(task);
  if (!run) return refuse(ErrorKind::Conflict, no_open_run(task));
  if (waits_for_model(*run)) {
    if (!body.empty())
      return refuse(ErrorKind::Conflict, fmt::format("the run waits for its model, not for you: "
                                                     "nightjar pause {} first",
                                                     task.id));
    append(task.id, "asked_again", {{"run", run->id}});
    supervisor_.take_up_again(run->id);
    return {};
  }
  if (!is_parked(*run))
    return refuse(ErrorKind::Conflict, fmt::format("no run of task {} waits for you; it is {}",
                                                   task.id, core::to_string(task.state)));
  const auto stored = store_.events_of(task.id);
  const auto events = events_of(stored, run->id);
  json::object event{{"run", run->id}};
  if (body.contains("rewind_turn")) {
    const std::int64_t turn = get_int(body, "rewind_turn", -1);
    const int newest = newest_turn(events);
    if (run->agent != "native" || turn < 0 || turn > newest) {
      const std::string last = last_turns(events);
      return refuse(ErrorKind::Invalid,
                    fmt::format("there is no turn {} to go back to; there are 0 (the beginning) "
                                "to {}{}{}",
                                turn, newest, last.empty() ? "" : "; the newest did this: ", last));
    }
    event["rewind_turn"] = turn;
  }
  json::object limits;
  for (const char* member : {"limit_cost_usd", "limit_tokens", "limit_turns", "limit_time_ms"}) {
    const auto* value = body.if_contains(member);
    if (!value) continue;
    const double most = value->is_number() ? value->to_number<double>() : 0;
    if (most <= 0) return refuse(ErrorKind::Invalid, fmt::format("{} must be positive", member));
    if (std::string_view(member) == "limit_cost_usd" && run->agent == "native") {
      const std::string model = History(stored, run->id).model;
      const std::string why =
          spending_trouble(config_, model.empty() ? task.spec.model : model, most);
      if (!why.empty()) return refuse(ErrorKind::Invalid, why);
    }
    if (const std::string why = used_up(*run, events, member, most); !why.empty())
      return refuse(ErrorKind::Invalid, why);
    limits[std::string_view(member).substr(6)] = *value;
  }
  if (!limits.empty()) event["limits"] = std::move(limits);
  append(task.id, "run_resumed", std::move(event));
  return {};
}

}  // namespace nightjar::daemon
