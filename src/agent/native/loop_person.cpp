// What a person says to a run at work, and the plan that they want to see first.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "agent/native/loop.h"
#include "base/text.h"

namespace nightjar::agent::native {

namespace {

using model::ToolCall;

constexpr size_t kShownReason = 600;
constexpr const char* kPlanApproved = "plan approved";

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

// --- a plan that the person wants to see first -------------------------------------------------

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

}  // namespace nightjar::agent::native
