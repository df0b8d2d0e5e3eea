// The loop's calls: each is journalled when it begins and when it ends, and answered once.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "agent/native/loop.h"
#include "agent/native/prompt.h"
#include "agent/native/tool_specs.h"
#include "agent/native/transcript.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "tools/arguments.h"

namespace nightjar::agent::native {

namespace {

using model::ToolCall;
using model::ToolResult;

constexpr Millis kBeforeNews{5'000};
constexpr int kRepeatedTold = 3, kRepeatedEnd = 8;
constexpr size_t kShownText = 2'000;

// What a call does, in a line for people.
std::string what_of(const ToolCall& call, const json::object& arguments) {
  if (call.name == "patch") {
    const auto files = files_of_patch(get_string(arguments, "patch"));
    if (!files.empty()) return shortened(inert(join(files, ", ")), 200);
  }
  for (const char* member : {"command", "path", "pattern", "question", "summary", "job"}) {
    if (const std::string text = trimmed(get_string(arguments, member)); !text.empty())
      return shortened(inert(text, true), 200) + (text.find('\n') != std::string::npos ? " …" : "");
  }
  return call.name;
}

// What people see of an output that tells of a failure.
std::string end_of(std::string_view output) {
  constexpr size_t kMost = 600;
  if (output.size() > kMost) {
    output.remove_prefix(output.size() - kMost);
    output.remove_prefix(std::min(output.find('\n') + 1, output.size()));
  }
  return inert(trimmed(output), true);
}

ToolResult answer(const ToolCall& call, std::string_view output, bool error = false) {
  return {call.id, call.name, valid_utf8(output), error, "", ""};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The length of "12.5 ms", 0 where these are digits that may as well be progress.
size_t length_of_time(std::string_view text) {
  const auto digits = [&text](size_t from) {
    while (from < text.size() && is_digit(text[from])) ++from;
    return from;
  };
  size_t end = digits(0);
  const bool fraction = end + 1 < text.size() && text[end] == '.' && is_digit(text[end + 1]);
  if (fraction) end = digits(end + 1);
  std::string_view rest = text.substr(end);
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  size_t letters = 0;
  while (letters < rest.size() && std::isalpha(static_cast<unsigned char>(rest[letters])))
    ++letters;
  constexpr std::array<std::string_view, 7> kUnits{"s", "ms", "us", "ns", "sec", "secs", "seconds"};
  const bool unit = std::ranges::find(kUnits, rest.substr(0, letters)) != kUnits.end();
  return fraction || unit ? end : 0;
}

// How long something took says nothing of what it did.
std::string without_times(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t time = is_digit(text[0]) ? length_of_time(text) : 0;
    size_t plain = 1;
    while (time == 0 && is_digit(text[0]) && plain < text.size() && is_digit(text[plain])) ++plain;
    out += time > 0 ? std::string_view("#") : text.substr(0, plain);
    text.remove_prefix(time > 0 ? time : plain);
  }
  return out;
}

// To wait for a command in the background is not to go in circles.
bool waits_for_job(const ToolCall& call, const ToolResult& result) {
  if (call.name != "shell" || result.error || !result.output.ends_with(" is running]"))
    return false;
  const auto arguments = arguments_of(call);
  return arguments && !get_string(*arguments, "job").empty();
}

}  // namespace

std::expected<json::object, std::string> arguments_of(const ToolCall& call) {
  auto parsed = parse_json(call.arguments.empty() ? "{}" : call.arguments);
  if (!parsed) return std::unexpected(parsed.error());
  if (!parsed->is_object()) return std::unexpected("another kind of value");
  return std::move(parsed->get_object());
}

std::optional<WorkResult> Loop::run_calls() {
  for (const auto& pending : conversation_.pending()) {
    if (stop_.stop_requested()) throw Cancelled{};
    if (pending.begun && pending.call.name != "ask") {
      conversation_.result(
          answer(pending.call,
                 (assignment_.lost.empty()
                      ? "This call was under way when the program was stopped"
                      : "The sandbox was lost during this call (" + assignment_.lost + ")") +
                     std::string(", and was not run again. What it did until then stands; look "
                                 "before you repeat it. The shell is new.") +
                     (assignment_.lost.empty() ? "" : " The call itself may have ended it."),
                 true));
      continue;
    }
    was_asked_ = pending.begun;
    if (!pending.begun) conversation_.call_begins(pending.call);
    ToolResult result = run_call(pending.call);
    if (!question_.empty()) return parked("it asks: " + question_);
    note_repetition(pending.call, result);
    const bool asked = pending.call.name == "ask";
    conversation_.result(result, asked ? Heard{heard_, std::exchange(words_, "")} : Heard{});
  }
  if (goes_in_circles())
    return parked("the model is going in circles: it made the same call " +
                  std::to_string(kRepeatedEnd) +
                  " times with the same result; nightjar tell ID \"...\" says what to do instead");
  return std::nullopt;
}

ToolResult Loop::run_call(const ToolCall& call) {
  const auto given = arguments_of(call);
  if (!given)
    return answer(call,
                  "The arguments are no JSON object (" + given.error() +
                      "), so nothing was done. They were: " + shortened(inert(call.arguments), 500),
                  true);
  const json::object arguments = tools::understood(call.name, *given);
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
  if (result.error) body["output"] = end_of(result.output);
  event("tool_finished", std::move(body));
  if (call.name == "shell") warn_of_early_change(result);
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
  if (before_plan && plan_is_due()) return answer(call, kPlanFirst, true);
  if (call.name == "plan") return set_plan(call, arguments);
  if (call.name == "check") {
    if (!assignment_.check) return answer(call, "There is no check here.", true);
    return answer(call, failures_text(assignment_.check(session_)));
  }
  if (call.name == "ask") {
    for (const auto& word :
         assignment_.words ? assignment_.words(heard_) : std::vector<PersonsWord>{}) {
      heard_ = std::max(heard_, word.number);
      if (word.kind == PersonsWord::Kind::Pause) continue;
      words_ = (was_asked_ ? "The person answers: " : "The person says: ") + word.text;
      if (was_asked_) return answer(call, words_);
      return answer(call, words_ +
                              "\n[This was said before your question was asked, and the person has "
                              "not seen that. Ask again if this leaves it open.]");
    }
    question_ =
        shortened_lines(trimmed(inert(get_string(arguments, "question"), true)), kShownText);
    if (question_.empty()) return answer(call, "Say which question.", true);
    return answer(call, "");
  }
  if (call.name == "finish") return answer(call, "Your claim was heard.");
  const tools::Answer done =
      toolbox_.call(call.name, arguments, tell_output(call), deadline_, stop_);
  if (done.changed) {
    unkept_ = true;  // whatever a look at the tree would cost
    repeated_.clear();
    most_repeated_ = 0;
  }
  diff_ = done.diff;
  ToolResult result{call.id, call.name, done.output, done.error, done.image_type, done.image};
  if (!done.error) result.output += instructions_for(call, arguments);
  return result;
}

// What the repository says of the folders that a call touches, once each.
std::string Loop::instructions_for(const ToolCall& call, const json::object& arguments) {
  std::vector<std::string> paths{get_string(arguments, "path")};
  if (call.name == "patch") paths = files_of_patch(get_string(arguments, "patch"));
  std::string out;
  for (const std::string& given : paths) {
    std::string_view path = given;
    if (path.starts_with(assignment_.work_tree + "/"))
      path.remove_prefix(assignment_.work_tree.size() + 1);
    if (!path.empty()) out += nearest_.for_path(path, session_);
  }
  return out;
}

// A sign of life of a command that takes long: the last line that it printed.
std::function<void(std::string_view)> Loop::tell_output(const ToolCall& call) {
  return [this, tool = call.name, next = in(kBeforeNews)](std::string_view more) mutable {
    const std::string text = trimmed(more);
    if (text.empty() || std::chrono::steady_clock::now() < next) return;
    next = in(kBeforeNews);
    event("tool_output", {{"turn", conversation_.turn()},
                          {"tool", tool},
                          {"text", shortened(inert(text.substr(text.rfind('\n') + 1)), 200)}});
  };
}

ToolResult Loop::set_plan(const ToolCall& call, const json::object& arguments) {
  json::array items;
  for (const auto& item : get_array(arguments, "items")) {
    if (!item.is_object() || items.size() >= 50) continue;
    const std::string text = trimmed(get_string(item.get_object(), "text"));
    if (text.empty()) continue;
    items.push_back(json::object{{"text", shortened(inert(text), 200)},
                                 {"done", get_bool(item.get_object(), "done")}});
  }
  if (items.empty())
    return answer(call,
                  "There is no plan in this: give \"items\", a list of {\"text\": one step, "
                  "\"done\": whether it is done}.",
                  true);
  event("plan", {{"items", std::move(items)}});
  return answer(call, "The person sees the plan.");
}

// The same call with the same result, and nothing changed in between, leads nowhere.
void Loop::note_repetition(const ToolCall& call, ToolResult& result) {
  if (waits_for_job(call, result)) return;
  const std::string key = call.name + '\n' + call.arguments + '\n' + without_times(result.output);
  const int count = ++repeated_[sha256(key)];
  most_repeated_ = std::max(most_repeated_, count);
  if (count >= kRepeatedTold && count < kRepeatedEnd)
    result.output += fmt::format(
        "\n[you made this same call {} times with the same result; try something else]", count);
}

bool Loop::goes_in_circles() {
  if (most_repeated_ < kRepeatedEnd) return false;
  if (tree_was_written(true)) keep_tree();  // a command's edits show in the tree alone
  return most_repeated_ >= kRepeatedEnd;
}

}  // namespace nightjar::agent::native
