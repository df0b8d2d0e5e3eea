#include "agent/native/loop.h"

#include <fmt/core.h>
#include <malloc.h>

#include <algorithm>
#include <future>

#include "agent/native/prompt.h"
#include "base/error.h"
#include "base/text.h"

namespace nightjar::agent::native {

namespace {

using core::WaitingFor;
using model::Failure;

constexpr int kMostCut = 3;
// Where another model may go on: half a minute of tries, and no longer wait than that.
constexpr Millis kWorthWaiting = std::chrono::seconds(60);
constexpr int kTriesWorthMaking = 7;
constexpr size_t kShownText = 2'000;
constexpr size_t kShownReason = 600;

std::string landing_mark(int turn) { return fmt::format("landing {}", turn); }

}  // namespace

Loop::Loop(const Assignment& assignment, sandbox::Session& session, tools::Toolbox& toolbox,
           Conversation& conversation, model::Client& model, const model::Frame& frame,
           bool has_other, std::stop_token stop)
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
      has_other_(has_other),
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
      .on_resume = [this] { event("resumed", {}); },
      .gives_up =
          [this](const model::Waiting& waiting) {
            return has_other_ &&
                   (waiting.until - now() > kWorthWaiting || waiting.tries >= kTriesWorthMaking);
          }};
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
  if (has_other_ && failure.kind != Failure::Kind::ContextFull) gave_up_ = failure;
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

// --- limits ------------------------------------------------------------------------------------

BudgetState Loop::budget() {
  const Totals& totals = conversation_.totals();
  const auto spent_on = [this](const model::Usage& usage) {
    return Spent{cost_of(usage, model_.endpoint().prices), usage.input + usage.output};
  };
  Spent spent = spent_on(totals.usage);
  spent.cost_usd += totals.before_usd;
  spent.tokens += totals.before.input + totals.before.output;
  if (assignment_.others_spent) {
    const OthersSpent others = assignment_.others_spent(spent);
    spent.cost_usd += others.cost_usd;
    spent.tokens += others.usage.input + others.usage.output;
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
  const model::Prices& prices = model_.endpoint().prices;
  const double cost = totals.before_usd + cost_of(totals.usage, prices);
  model::Usage all = totals.before;
  all += totals.usage;
  OthersSpent others;
  if (assignment_.others_spent) others = assignment_.others_spent({cost, all.input + all.output});
  all += others.usage;
  use.input = all.input;
  use.cached = all.cached;
  use.output = all.output;
  use.cost_known = totals.before_known && prices.known && others.cost_known;
  use.cost_usd = cost + others.cost_usd;
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
