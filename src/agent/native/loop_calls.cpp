// The loop's calls: each is journalled when it begins and when it ends, and answered once.
#include <fmt/core.h>

#include <algorithm>

#include "agent/native/loop.h"
#include "agent/native/prompt.h"
#include "agent/native/tool_specs.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"

namespace nightjar::agent::native {

namespace {

using model::ToolCall;
using model::ToolResult;

constexpr int kRepeatedTold = 3, kRepeatedEnd = 8;
constexpr size_t kShownText = 2'000;

// What a call does, in a line for people.
std::string what_of(const ToolCall& call, const json::object& arguments) {
  for (const char* member : {"command", "path", "pattern", "question", "summary", "job"}) {
    if (const std::string text = get_string(arguments, member); !text.empty())
      return shortened(inert(text), 200);
  }
  return call.name;
}

ToolResult answer(const ToolCall& call, std::string_view output, bool error = false) {
  return {call.id, call.name, valid_utf8(output), error, "", ""};
}

}  // namespace

std::optional<WorkResult> Loop::run_calls() {
  for (const auto& pending : conversation_.pending()) {
    if (stop_.stop_requested()) throw Cancelled{};
    if (pending.begun && pending.call.name != "ask") {
      conversation_.result(
          answer(pending.call,
                 "This call was under way when the program was stopped, and was not run again. "
                 "What it did until then stands; look before you repeat it. The shell is new.",
                 true));
      continue;
    }
    if (!pending.begun) conversation_.call_begins(pending.call);
    ToolResult result = run_call(pending.call);
    if (!question_.empty()) return parked("it asks: " + question_);
    note_repetition(pending.call, result);
    conversation_.result(result);
  }
  if (most_repeated_ >= kRepeatedEnd)
    return parked("the model is going in circles: it made the same call " +
                  std::to_string(kRepeatedEnd) +
                  " times with the same result; nightjar tell it what to do instead");
  return std::nullopt;
}

ToolResult Loop::run_call(const ToolCall& call) {
  const auto parsed = parse_json(call.arguments.empty() ? "{}" : call.arguments);
  if (!parsed || !parsed->is_object())
    return answer(call,
                  "The arguments are no JSON object (" +
                      (parsed ? std::string("another kind of value") : parsed.error()) +
                      "), so nothing was done. They were: " + shortened(inert(call.arguments), 500),
                  true);
  const json::object& arguments = parsed->get_object();
  const int turn = conversation_.turn();
  const std::string what = what_of(call, arguments);
  event("tool_started", {{"turn", turn}, {"tool", call.name}, {"what", what}});
  const auto begun = std::chrono::steady_clock::now();
  diff_.clear();
  ToolResult result = dispatch(call, arguments);
  const auto took = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - begun);
  json::object body{{"turn", turn},
                    {"tool", call.name},
                    {"what", what},
                    {"error", result.error},
                    {"duration_ms", took.count()}};
  if (!diff_.empty()) body["diff"] = valid_utf8(diff_);
  event("tool_finished", std::move(body));
  return result;
}

ToolResult Loop::dispatch(const ToolCall& call, const json::object& arguments) {
  const auto& known = tool_specs();
  if (std::ranges::find(known, call.name, &model::ToolSpec::name) == known.end()) {
    std::string names;
    for (const auto& spec : known) names += (names.empty() ? "" : ", ") + spec.name;
    return answer(call,
                  "There is no tool '" + shortened(inert(call.name), 60) + "'; there are: " + names,
                  true);
  }
  const bool before_plan = call.name != "shell" && call.name != "plan" && call.name != "ask" &&
                           call.name != "read" && call.name != "search" && call.name != "outline";
  if (before_plan && plan_is_due())
    return answer(call,
                  "The person wants to see a plan first: look around, set it with the plan tool, "
                  "and change nothing yet.",
                  true);
  if (call.name == "plan") return answer(call, set_plan(arguments));
  if (call.name == "check") {
    if (!assignment_.check) return answer(call, "There is no check here.", true);
    return answer(call, failures_text(assignment_.check(session_)));
  }
  if (call.name == "ask") {
    for (const auto& word :
         assignment_.words ? assignment_.words(heard_) : std::vector<PersonsWord>{}) {
      heard_ = std::max(heard_, word.number);
      if (word.kind == PersonsWord::Kind::Pause) continue;
      return answer(call, "The person answers: " + word.text);
    }
    question_ = shortened(inert(get_string(arguments, "question"), true), kShownText);
    if (question_.empty()) return answer(call, "Say which question.", true);
    return answer(call, "");
  }
  if (call.name == "finish") return answer(call, "The verifier looked at it.");
  const tools::Answer done = toolbox_.call(call.name, arguments, {}, deadline_, stop_);
  if (done.changed) {
    repeated_.clear();
    most_repeated_ = 0;
  }
  diff_ = done.diff;
  ToolResult result{call.id, call.name, done.output, done.error, done.image_type, done.image};
  const std::string given = get_string(arguments, "path");
  std::string_view path = given;
  if (path.starts_with(assignment_.work_tree + "/"))
    path.remove_prefix(assignment_.work_tree.size() + 1);
  if (!path.empty() && !done.error) result.output += nearest_.for_path(path, session_);
  return result;
}

std::string Loop::set_plan(const json::object& arguments) {
  json::array items;
  for (const auto& item : get_array(arguments, "items")) {
    if (!item.is_object() || items.size() >= 50) continue;
    items.push_back(
        json::object{{"text", shortened(inert(get_string(item.get_object(), "text")), 200)},
                     {"done", get_bool(item.get_object(), "done")}});
  }
  event("plan", {{"items", std::move(items)}});
  return "The person sees the plan.";
}

// The same call with the same result, and nothing changed in between, leads nowhere.
void Loop::note_repetition(const ToolCall& call, ToolResult& result) {
  const std::string key = call.name + '\n' + call.arguments + '\n' + result.output;
  const int count = ++repeated_[sha256(key)];
  most_repeated_ = std::max(most_repeated_, count);
  if (count >= kRepeatedTold && count < kRepeatedEnd)
    result.output += fmt::format(
        "\n[you made this same call {} times with the same result; try something else]", count);
}

}  // namespace nightjar::agent::native
