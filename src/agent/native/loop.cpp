#include "agent/native/loop.h"

#include <fmt/core.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <future>

#include "agent/native/prompt.h"
#include "agent/native/tool_specs.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"

namespace nightjar::agent::native {

namespace {

using core::WaitingFor;
using model::Failure;
using model::ToolCall;
using model::ToolResult;

constexpr int kRepeatedTold = 3, kRepeatedEnd = 8, kMostCut = 3;
constexpr size_t kShownText = 2'000;
constexpr size_t kShownReason = 600;
constexpr const char* kPlanApproved = "plan approved";

bool is_repeated_end(int count) { return count >= kRepeatedEnd; }

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

std::string landing_mark(int turn) { return fmt::format("landing {}", turn); }

// "Yes", "ok, go ahead.": short, and without a but.
bool is_yes(std::string_view word) {
  std::string text;
  for (const char c : trimmed(word))
    text += c == ',' || c == '.' || c == '!' ? ' ' : static_cast<char>(std::tolower(c));
  constexpr std::array<std::string_view, 10> kYes{"yes", "y",       "ok",   "okay", "go",
                                                  "do",  "approve", "lgtm", "fine", "good"};
  const std::string_view first = std::string_view(text).substr(0, text.find(' '));
  const bool begins = std::ranges::find(kYes, first) != kYes.end() || text.starts_with("approved");
  return begins && text.size() <= 24 && text.find("but") == std::string::npos;
}

std::string plan_in_a_line(const model::Reply& reply) {
  std::string out;
  for (const auto& call : reply.calls) {
    const auto arguments = parse_json(call.arguments);
    if (call.name != "plan" || !arguments || !arguments->is_object()) continue;
    out.clear();
    int number = 0;
    for (const auto& item : get_array(arguments->get_object(), "items")) {
      if (!item.is_object()) continue;
      ++number;
      out += fmt::format("{}{}. {}", number > 1 ? "; " : "", number,
                         get_string(item.get_object(), "text"));
    }
  }
  return out;
}

}  // namespace

Loop::Loop(const Assignment& assignment, sandbox::Session& session, tools::Toolbox& toolbox,
           Conversation& conversation, model::Client& model, const model::Frame& frame,
           std::stop_token stop)
    : assignment_(assignment),
      session_(session),
      toolbox_(toolbox),
      conversation_(conversation),
      model_(model),
      room_(conversation, model, frame,
            [this](const std::string& how, std::int64_t before, std::int64_t after) {
              event("compacted", {{"turn", conversation_.turn()},
                                  {"how", how},
                                  {"tokens_before", before},
                                  {"tokens_after", after}});
              tell_use();
            }),
      stop_(std::move(stop)),
      heard_(conversation.heard()),
      deadline_(assignment.deadline) {}

WorkResult Loop::run() {
  for (;;) {
    if (auto end = run_calls()) return std::move(*end);
    if (!take_words()) return parked("paused; nightjar resume goes on");
    if (auto end = plan_waits()) return std::move(*end);
    if (auto end = landed()) return std::move(*end);
    if (auto end = go_on()) return std::move(*end);
    if (auto end = beyond_limits()) return std::move(*end);
    if (auto end = ask_model()) return std::move(*end);
  }
}

// What the next request ends with; a claim where there is nothing to say.
std::optional<WorkResult> Loop::go_on() {
  const auto& reply = conversation_.open_reply();
  if (conversation_.answered()) {
    if (auto claim = finish_call(*reply)) return claim;
    conversation_.answer(message_, heard_);
  } else {
    std::string text = reply ? follow_up(*reply) : "";
    if (!message_.empty()) text += (text.empty() ? "" : "\n\n") + message_;
    if (!text.empty())
      conversation_.user(text, "", heard_);
    else if (reply)
      return claimed(reply->text, reply->text);  // a reply without a call is a claim
  }
  message_.clear();
  return std::nullopt;
}

// --- the model ---------------------------------------------------------------------------------

std::optional<WorkResult> Loop::ask_model() {
  ::malloc_trim(0);  // most of a run's time is this wait; what the turn used goes back meanwhile
  const model::CallHooks hooks{
      .on_text = {},
      .on_wait =
          [this](const model::Waiting& waiting) {
            event("waiting",
                  {{"waiting_for", core::to_string(WaitingFor::Model)},
                   {"until", to_rfc3339(waiting.until)},
                   {"reason",
                    fmt::format("{} ({}); it goes on at {}", waiting.failure.words,
                                to_string(waiting.failure.kind), to_local(waiting.until))}});
          },
      .on_resume = [this] { event("resumed", {}); }};
  room_.keep(hooks, deadline_, stop_);
  auto outcome = call_model(hooks);
  if (!outcome && outcome.error().kind == Failure::Kind::ContextFull &&
      room_.make(hooks, deadline_, stop_))
    return std::nullopt;  // asked again, with less
  if (!outcome) return failed_for(outcome.error());
  conversation_.reply(*outcome);
  tell_use();
  if (!outcome->text.empty())
    event("said", {{"turn", conversation_.turn()},
                   {"text", shortened(inert(outcome->text, true), kShownText)}});
  if (outcome->stop == model::Stop::Refused)
    return ended_failed("the model declined: " + shortened(inert(outcome->text), 300));
  if (outcome->stop == model::Stop::Repetition && ++cut_ >= kMostCut)
    return ended_failed("the model repeated the same text again and again");
  return std::nullopt;
}

// While the model thinks, what the turn before wrote is kept.
model::Outcome Loop::call_model(const model::CallHooks& hooks) {
  const std::string request = conversation_.request();
  const bool keep = assignment_.tree_changed && assignment_.tree_changed();
  if (!keep) return model_.call(request, hooks, deadline_, stop_);
  std::stop_source broken;
  const std::stop_callback forward(stop_, [&broken] { broken.request_stop(); });
  auto asked = std::async(std::launch::async, [&] {
    return model_.call(request, hooks, deadline_, broken.get_token());
  });
  try {
    assignment_.checkpoint(conversation_.turn());
  } catch (...) {
    broken.request_stop();
    throw;  // the answer is lost, and asked for again
  }
  return asked.get();
}

// What is to be said to a reply without calls that is no claim.
std::string Loop::follow_up(const model::Reply& reply) {
  switch (reply.stop) {
    case model::Stop::Length:
      return "Your reply reached the longest that is possible and was cut. Go on in smaller steps.";
    case model::Stop::Repetition:
      return "Your last reply repeated the same text over and over and was cut. Go on with the "
             "next step.";
    case model::Stop::Paused:
      return "Go on.";
    default:
      return "";
  }
}

WorkResult Loop::failed_for(const Failure& failure) {
  const std::string who = inert(model_.endpoint().name);
  switch (failure.kind) {
    case Failure::Kind::NoMoney:
      return parked(fmt::format("{} says that no money is left: {}", who, failure.words),
                    WaitingFor::Quota);
    case Failure::Kind::BadKey:
      return parked(fmt::format("{} does not take the key: {}", who, failure.words));
    case Failure::Kind::ContextFull:
      return ended_failed(
          fmt::format("the task alone is longer than {} takes: {}", who, failure.words));
    case Failure::Kind::Rejected:
      return parked(fmt::format("{} refused the request: {}", who, failure.words));
    case Failure::Kind::Malformed:
      return ended_failed(fmt::format("what {} sends cannot be read: {}", who, failure.words));
    default:
      return parked(fmt::format("{} cannot be reached: {}", who, failure.words),
                    WaitingFor::Person);
  }
}

// --- calls -------------------------------------------------------------------------------------

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
  const bool circles = std::ranges::any_of(
      repeated_, [](const auto& entry) { return is_repeated_end(entry.second); });
  if (circles)
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
  if (done.changed) repeated_.clear();
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
  if (count >= kRepeatedTold && !is_repeated_end(count))
    result.output += fmt::format(
        "\n[you made this same call {} times with the same result; try something else]", count);
}

// --- the person --------------------------------------------------------------------------------

// False: the run is to pause.
bool Loop::take_words() {
  if (!assignment_.words) return true;
  for (const auto& word : assignment_.words(heard_)) {
    heard_ = std::max(heard_, word.number);
    if (word.kind == PersonsWord::Kind::Pause) {
      paused_ = true;
      continue;
    }
    paused_ = false;
    if (!message_.empty()) message_ += "\n\n";
    message_ += "The person says: " + word.text;
    word_ = word.text;
  }
  if (!std::exchange(paused_, false)) return true;
  if (message_.empty()) conversation_.hear(heard_);
  return false;
}

// --- a plan that the person wants to see first
// ----------------------------------------------------

bool Loop::plan_is_due() const {
  return assignment_.spec.plan_first && !conversation_.has(kPlanApproved);
}

// Shown once; then the run waits until it is let go on: with a yes, or with what to change.
std::optional<WorkResult> Loop::plan_waits() {
  const auto& reply = conversation_.open_reply();
  if (!plan_is_due() || !reply) return std::nullopt;
  const bool prose = reply->calls.empty() && !trimmed(reply->text).empty();
  const bool planned =
      conversation_.answered() &&
      std::ranges::find(reply->calls, "plan", &ToolCall::name) != reply->calls.end();
  if (!planned && !prose) return std::nullopt;
  const std::string shown = fmt::format("plan of turn {} shown at ", conversation_.turn());
  const std::string now_shown = shown + std::to_string(assignment_.resumes);
  if (!conversation_.has_like(shown)) conversation_.hear(heard_, now_shown);
  if (conversation_.has(now_shown)) {
    const std::string plan = prose ? reply->text : plan_in_a_line(*reply);
    return parked("it waits for your yes to its plan: " + shortened(inert(plan), kShownReason) +
                  "; nightjar answer ID yes, or say what to change");
  }
  if (message_.empty() || is_yes(word_)) {
    conversation_.hear(heard_, kPlanApproved);
    message_ = "The person agrees with the plan. Begin.";
  } else {
    message_ += "\n\nSet the plan anew with the plan tool; change nothing else yet.";
  }
  return std::nullopt;
}

// --- limits ------------------------------------------------------------------------------------

BudgetState Loop::budget() {
  const Totals& totals = conversation_.totals();
  const auto spent_on = [this](const model::Usage& usage) {
    return Spent{cost_of(usage, model_.endpoint().prices), usage.input + usage.output};
  };
  Spent spent = spent_on(totals.usage);
  if (assignment_.others_spent) {
    const Spent others = assignment_.others_spent(spent);
    spent.cost_usd += others.cost_usd;
    spent.tokens += others.tokens;
  }
  const auto left =
      std::chrono::duration_cast<Millis>(deadline_ - std::chrono::steady_clock::now());
  return budget_state(assignment_.limits, totals.turns, spent, spent_on(totals.last), left);
}

// Near a limit the model is told; its last reply says how things stand.
std::optional<WorkResult> Loop::beyond_limits() {
  const BudgetState state = budget();
  if (state.reach == Reach::Over) return parked_at(state, "");
  if (state.reach == Reach::Near && !conversation_.has("near " + state.limit))
    conversation_.user(fmt::format("You are near the limit of this run ({}). Bring the work tree "
                                   "into a state that works now, and finish, or say what is "
                                   "missing.",
                                   state.limit),
                       "near " + state.limit);
  const std::string mark = landing_mark(conversation_.turn() + 1);
  if (state.reach == Reach::Last && conversation_.totals().turns > 0 && !conversation_.has(mark))
    conversation_.user(fmt::format("This is your last reply within the limit of this run ({}). If "
                                   "the work is done, call finish. Otherwise make no call: say in "
                                   "a few lines what is done, what is missing, and the one "
                                   "question whose answer would help most.",
                                   state.limit),
                       mark);
  return std::nullopt;
}

// The last reply within a limit is no claim; with more room it goes on behind it.
std::optional<WorkResult> Loop::landed() {
  const auto& reply = conversation_.open_reply();
  if (!reply || !conversation_.has(landing_mark(conversation_.turn()))) return std::nullopt;
  if (conversation_.answered() && finish_call(*reply)) return std::nullopt;
  const BudgetState state = budget();
  if (state.reach >= Reach::Last) return parked_at(state, reply->text);
  message_ = "There is more room now: go on." + (message_.empty() ? "" : "\n\n" + message_);
  return std::nullopt;
}

WorkResult Loop::parked_at(const BudgetState& state, const std::string& last_words) {
  const std::string words = shortened(inert(last_words), kShownReason);
  return parked(
      fmt::format("the limit of {} is reached{}; the work so far is kept, and nightjar "
                  "resume ID {} N goes on with more",
                  state.limit, words.empty() ? "" : ": " + words, state.option));
}

void Loop::tell_use() {
  const Totals& totals = conversation_.totals();
  core::ModelUse use;
  use.model = model_.endpoint().name;
  use.turns = totals.turns;
  use.input = totals.usage.input;
  use.cached = totals.usage.cached;
  use.output = totals.usage.output;
  use.cost_known = model_.endpoint().prices.known;
  use.cost_usd = cost_of(totals.usage, model_.endpoint().prices);
  json::object body;
  core::put_model_use(body, use);
  event("model_used", std::move(body));
}

// --- ends --------------------------------------------------------------------------------------

// The answer to a finish goes out only where the verifier has something to say.
std::optional<WorkResult> Loop::finish_call(const model::Reply& reply) const {
  for (const auto& call : reply.calls) {
    if (call.name != "finish") continue;
    const auto arguments = parse_json(call.arguments);
    if (!arguments || !arguments->is_object()) continue;
    return claimed(get_string(arguments->get_object(), "summary"),
                   get_string(arguments->get_object(), "details"));
  }
  return std::nullopt;
}

WorkResult Loop::claimed(const std::string& summary, const std::string& details) const {
  WorkResult out;
  out.outcome = Outcome::Changed;
  out.all_changes = true;
  out.summary = shortened(trimmed(inert(summary)), 100);
  if (out.summary.empty()) out.summary = assignment_.spec.title;
  out.details = inert(details, true);
  return out;
}

WorkResult Loop::ended_failed(std::string reason) {
  WorkResult out;
  out.outcome = Outcome::Failed;
  out.reason = std::move(reason);
  return out;
}

// What was done so far is kept where no stage clears it away.
WorkResult Loop::parked(std::string reason, WaitingFor what) {
  if (assignment_.checkpoint && assignment_.tree_changed && assignment_.tree_changed())
    assignment_.checkpoint(conversation_.turn());
  WorkResult out;
  out.outcome = Outcome::Parked;
  out.reason = std::move(reason);
  out.waiting_for = what;
  return out;
}

void Loop::event(std::string_view kind, json::object body) const {
  if (assignment_.event) assignment_.event(kind, std::move(body));
}

}  // namespace nightjar::agent::native
