#include "agent/native/loop.h"

#include <fmt/core.h>
#include <malloc.h>

#include <algorithm>
#include <future>
#include <utility>

#include "agent/native/failure.h"
#include "base/error.h"
#include "base/text.h"
#include "base/warn.h"

namespace nightjar::agent::native {

namespace {

using core::WaitingFor;
using model::Failure;

constexpr int kMostWithoutCall = 3, kMostDeclined = 2;
// Where another model may go on: half a minute of tries, and no longer wait than that.
constexpr Millis kWorthWaiting = std::chrono::seconds(60);
constexpr int kTriesWorthMaking = 7;
constexpr size_t kShownText = 2'000;
constexpr size_t kShownReason = 600;
constexpr size_t kWorthGivingBack = size_t{512} << 10;

constexpr const char* kFinishAgain =
    "You asked and finished at once, so the claim was not looked at. Finish again when the work is "
    "done in the light of the answer.";

std::string landing_mark(int turn) { return fmt::format("landing {}", turn); }

bool asks(const model::Reply& reply) {
  return std::ranges::find(reply.calls, "ask", &model::ToolCall::name) != reply.calls.end();
}

std::string why_without_call(const model::Reply& reply) {
  switch (reply.stop) {
    case model::Stop::Length:
      return "they were cut; a larger max_output of the model, or smaller steps (nightjar tell), "
             "may help";
    case model::Stop::Repetition:
      return "the model repeated the same text again and again; nightjar tell it what to do "
             "instead";
    default:
      return "nothing came of them; nightjar tell it what to do";
  }
}

}  // namespace

Loop::Loop(const Assignment& assignment, sandbox::Session& session, tools::Toolbox& toolbox,
           Conversation& conversation, model::Client& model, const model::Frame& frame,
           bool has_other, std::string news, std::stop_token stop)
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
              nearest_.forget();
              tell_use();
              tell();
            }),
      stop_(std::move(stop)),
      news_(std::move(news)),
      heard_(conversation.heard()),
      has_other_(has_other),
      deadline_(assignment.deadline) {}

Loop::~Loop() {
  try {
    count_lost();  // also where the work is broken off: what was spent is spent
    end_others();
    tell();
  } catch (const Error& error) {
    warn(error.what());
  }
}

WorkResult Loop::run() {
  for (;;) {
    if (auto end = run_calls()) return std::move(*end);
    if (!take_words()) return parked("paused; nightjar resume ID goes on");
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
    auto claim = finish_call(*reply);
    if (claim && asks(*reply)) {  // before it had the answer
      message_ += (message_.empty() ? "" : "\n\n") + std::string(kFinishAgain);
      claim.reset();
    }
    if (claim && message_.empty() && !plan_is_due()) return claim;
    conversation_.answer(next_message(message_), {heard_, std::exchange(words_, "")}, mark_);
  } else {
    std::string text = reply ? follow_up(*reply) : "";
    if (!text.empty() && ++without_call_ >= kMostWithoutCall)
      return parked(fmt::format("{} replies in a row held no call: {}", without_call_,
                                why_without_call(*reply)));
    if (!message_.empty()) text += (text.empty() ? "" : "\n\n") + message_;
    if (!text.empty())
      conversation_.user(next_message(text), mark_, {heard_, std::exchange(words_, "")});
    else if (reply)
      return claimed(reply->text, reply->text);  // a reply without a call is a claim
  }
  message_.clear();
  mark_.clear();
  return std::nullopt;
}

std::string Loop::next_message(const std::string& text) {
  std::string out = std::exchange(news_, "");
  if (!out.empty() && !text.empty()) out += "\n\n";
  return out + text;
}

// --- the model ---------------------------------------------------------------------------------

std::optional<WorkResult> Loop::ask_model() {
  tell();
  // Most of a run's time is this wait: what the turn used goes back meanwhile, where it was much.
  if (::mallinfo2().fordblks > kWorthGivingBack) ::malloc_trim(0);
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
      .on_resume = [this](Millis waited) { resumed(waited); },
      .gives_up =
          [this](const model::Waiting& waiting) {
            return has_other_ &&
                   (waiting.until - now() > kWorthWaiting || waiting.tries >= kTriesWorthMaking);
          },
      .on_lost = [this](const model::Usage& usage) { lost_ += usage; }};
  room_.keep(hooks, deadline_, stop_);
  auto outcome = call_model(hooks);
  count_lost();
  if (!outcome && outcome.error().kind == Failure::Kind::ContextFull) {
    const auto made = room_.make(hooks, deadline_, stop_);
    count_lost();
    if (!made)
      outcome = std::unexpected(made.error());
    else if (*made)
      return std::nullopt;  // asked again, with less
  }
  if (!outcome && std::chrono::steady_clock::now() >= deadline_) return parked_at(budget(), "");
  if (!outcome) return failed_for(outcome.error());
  if (outcome->stop == model::Stop::Refused) return declined(*outcome);
  declined_ = 0;
  conversation_.reply(*outcome);
  if (!outcome->calls.empty()) without_call_ = 0;
  tell_use();
  if (!outcome->text.empty())
    untold_.push_back({"said",
                       {{"turn", conversation_.turn()},
                        {"text", shortened_lines(inert(outcome->text, true), kShownText)}}});
  return std::nullopt;
}

// Filters err, and seldom twice. What was declined is no part of the conversation: with it in there
// models decline again.
std::optional<WorkResult> Loop::declined(const model::Reply& reply) {
  lost_ += reply.usage;
  count_lost();
  if (++declined_ < kMostDeclined) return std::nullopt;
  const std::string text = trimmed(reply.text);
  const std::string words = shortened_lines(
      inert(reply.why + (reply.why.empty() || text.empty() ? "" : ": ") + text, true),
      kShownReason);
  if (has_other_) gave_up_ = {Failure::Kind::Rejected, "it declined twice: " + words, {}, 200};
  return parked(
      fmt::format("{} declined twice: {}; nightjar tell ID says it in other words, "
                  "nightjar resume ID asks once more",
                  inert(model_.endpoint().name), words));
}

// A wait for the model is not work.
void Loop::resumed(Millis waited) {
  event("resumed", {});
  if (deadline_ != kNoDeadline) deadline_ += waited;
  if (assignment_.waited) assignment_.waited(waited);
}

// While the model thinks, what the turn before wrote is kept.
model::Outcome Loop::call_model(const model::CallHooks& hooks) {
  const std::string_view request = conversation_.request();
  if (!tree_was_written(false)) return model_.call(request, hooks, deadline_, stop_);
  std::stop_source broken;
  const std::stop_callback forward(stop_, [&broken] { broken.request_stop(); });
  auto asked = std::async(std::launch::async, [&, deadline = deadline_] {
    return model_.call(request, hooks, deadline, broken.get_token());
  });
  try {
    keep_tree();
  } catch (...) {
    broken.request_stop();
    // The answer is lost, and asked for again.
    try {
      if (const auto lost = asked.get()) lost_ += lost->usage;
    } catch (const Cancelled&) {  // what came of it was counted
    }
    throw;
  }
  return asked.get();
}

// Tries that gave no reply are paid for as well.
void Loop::count_lost() {
  const model::Usage lost = std::exchange(lost_, {});
  if (lost == model::Usage{}) return;
  conversation_.spent(lost);
  tell_use();
}

// Where another model goes on, so do they.
void Loop::end_others() {
  if (gave_up_ || !assignment_.end_others || !assignment_.others_spent) return;
  assignment_.end_others();
  if (assignment_.others_spent(own_spent()).usage != others_told_) tell_use();
}

bool Loop::tree_was_written(bool thoroughly) {
  if (assignment_.tree_changed && assignment_.tree_changed(thoroughly)) unkept_ = true;
  return unkept_;
}

// Where its content is another one, the same call may well be made again.
void Loop::keep_tree() {
  unkept_ = false;
  if (!assignment_.checkpoint || !assignment_.checkpoint(conversation_.turn())) return;
  repeated_.clear();
  most_repeated_ = 0;
}

// What is to be said to a reply without calls that is no claim.
std::string Loop::follow_up(const model::Reply& reply) const {
  switch (reply.stop) {
    case model::Stop::Length:
      return "Your reply reached the longest that is possible and was cut. Go on in smaller steps.";
    case model::Stop::Repetition:
      return "Your last reply repeated the same text over and over and was cut; a call in it was "
             "not run. Go on with the next step. What has to repeat itself, a command can make.";
    case model::Stop::Paused:
      return "Go on.";
    default:
      return plan_is_due() && message_.empty() ? kPlanFirst : "";
  }
}

WorkResult Loop::failed_for(const Failure& failure) {
  if (has_other_ && failure.kind != Failure::Kind::ContextFull) gave_up_ = failure;
  WorkResult out = end_for(failure, inert(model_.endpoint().name));
  return out.outcome == Outcome::Parked ? parked(std::move(out.reason), out.waiting_for) : out;
}

// --- limits ------------------------------------------------------------------------------------

Spent Loop::own_spent() const {
  const Totals& totals = conversation_.totals();
  return {totals.before_usd + cost_of(totals.usage, model_.endpoint().prices),
          totals.before.input + totals.before.output + totals.usage.input + totals.usage.output};
}

BudgetState Loop::budget() {
  const Totals& totals = conversation_.totals();
  const auto spent_on = [this](const model::Usage& usage) {
    return Spent{cost_of(usage, model_.endpoint().prices), usage.input + usage.output};
  };
  Spent spent = own_spent();
  if (assignment_.others_spent) {
    const OthersSpent others = assignment_.others_spent(spent);
    spent.cost_usd += others.cost_usd;
    spent.tokens += others.usage.input + others.usage.output;
  }
  const auto left =
      std::chrono::duration_cast<Millis>(deadline_ - std::chrono::steady_clock::now());
  return budget_state(assignment_.limits, totals.turns, spent, next_reply(spent_on(totals.last)),
                      left);
}

// As the last one, with what was added since.
Spent Loop::next_reply(Spent last) const {
  if (last.tokens <= 0) return last;
  const auto tokens =
      std::max(last.tokens, conversation_.tokens() + conversation_.totals().last.output);
  last.cost_usd *= static_cast<double>(tokens) / static_cast<double>(last.tokens);
  last.tokens = tokens;
  return last;
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
  const std::string words = shortened_lines(trimmed(inert(last_words, true)), kShownReason);
  return parked(
      fmt::format("the limit of {} {}{}; the work so far is kept, and nightjar "
                  "resume ID {} N goes on with more",
                  state.limit, state.used_up ? "is reached" : "leaves no room for a further reply",
                  words.empty() ? "" : ": " + words, state.option));
}

void Loop::tell_use() {
  const Totals& totals = conversation_.totals();
  core::ModelUse use;
  use.model = model_.endpoint().name;
  use.turns = totals.turns;
  const Spent own = own_spent();
  model::Usage all = totals.before;
  all += totals.usage;
  OthersSpent others;
  if (assignment_.others_spent) others = assignment_.others_spent(own);
  all += others.usage;
  others_told_ = others.usage;
  use.input = all.input;
  use.cached = all.cached;
  use.output = all.output;
  use.cost_known = totals.before_known && model_.endpoint().prices.known && others.cost_known;
  use.cost_usd = own.cost_usd + others.cost_usd;
  json::object body;
  core::put_model_use(body, use);
  untold_.push_back({"model_used", std::move(body)});
}

// --- ends --------------------------------------------------------------------------------------

// The answer to a finish goes out only where the verifier has something to say.
std::optional<WorkResult> Loop::finish_call(const model::Reply& reply) const {
  for (const auto& call : reply.calls) {
    if (call.name != "finish") continue;
    if (const auto arguments = arguments_of(call))
      return claimed(get_string(*arguments, "summary"), get_string(*arguments, "details"));
  }
  return std::nullopt;
}

WorkResult Loop::claimed(const std::string& summary, const std::string& details) const {
  WorkResult out;
  out.outcome = Outcome::Changed;
  out.all_changes = true;
  out.turn = conversation_.turn();
  out.summary = shortened(trimmed(inert(summary, true)), 100);
  out.details = inert(details, true);
  return out;
}

// What was done so far is kept where no stage clears it away.
WorkResult Loop::parked(std::string reason, WaitingFor what) {
  if (tree_was_written(true)) keep_tree();
  WorkResult out;
  out.outcome = Outcome::Parked;
  out.reason = std::move(reason);
  out.waiting_for = what;
  return out;
}

void Loop::event(std::string_view kind, json::object body) {
  untold_.push_back({kind, std::move(body)});
  tell();
}

void Loop::tell() {
  if (untold_.empty()) return;
  const auto all = std::exchange(untold_, {});
  if (assignment_.tell) assignment_.tell(all);
}

}  // namespace nightjar::agent::native
