// What a person says to a run at work, and the plan that they want to see first.
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

#include "agent/native/consent.h"
#include "agent/native/loop.h"
#include "base/text.h"

namespace nightjar::agent::native {

namespace {

using model::ToolResult;

constexpr size_t kShownReason = 600, kShownPaths = 10;
constexpr const char* kPlanApproved = "plan approved";
constexpr const char* kAfterWord = " after word ";  // the number of the last that was said before

std::string plan_in_a_line(const model::Reply& reply) {
  std::string out;
  for (const auto& call : reply.calls) {
    const auto arguments = arguments_of(call);
    if (call.name != "plan" || !arguments) continue;
    out.clear();
    int number = 0;
    for (const auto& item : get_array(*arguments, "items")) {
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
  long pause = 0;
  for (const auto& word : assignment_.words(heard_)) {
    heard_ = std::max(heard_, word.number);
    if (word.kind == PersonsWord::Kind::Pause) {
      // What was said before it waits as well: it is read again, and this is not obeyed again.
      if (word.number > conversation_.paused()) pause = word.number;
      continue;
    }
    pause = 0;
    if (!message_.empty()) message_ += "\n\n";
    message_ += "The person says: " + word.text;
    words_ += (words_.empty() ? "" : "\n\n") + ("The person says: " + word.text);
    word_ = word;
  }
  if (pause == 0) return true;
  conversation_.pause(pause);
  return false;
}

// --- a plan that the person wants to see first -------------------------------------------------

bool Loop::plan_is_due() const {
  return assignment_.spec.plan_first && !conversation_.has(kPlanApproved);
}

// Shown once; then the run waits until it is let go on: with a yes, or with what to change. What
// was said before the plan was shown is no answer to it, and is delivered with that.
std::optional<WorkResult> Loop::plan_waits() {
  const auto& reply = conversation_.open_reply();
  if (!plan_is_due() || !reply) return std::nullopt;
  const bool prose =
      reply->calls.empty() && reply->stop == model::Stop::Finished && !trimmed(reply->text).empty();
  const bool planned =
      conversation_.answered() && std::ranges::any_of(conversation_.results(), [](const auto& one) {
        return one.name == "plan" && !one.error;
      });
  if (!planned && !prose) return std::nullopt;
  const std::string shown = fmt::format("plan of turn {} shown at ", conversation_.turn());
  const std::string now_shown = shown + std::to_string(assignment_.resumes) + kAfterWord;
  if (conversation_.mark_like(shown).empty())
    conversation_.note(now_shown + std::to_string(heard_));
  const std::string mark = conversation_.mark_like(shown);
  const long before = std::strtol(mark.substr(mark.rfind(' ')).c_str(), nullptr, 10);
  if (mark.starts_with(now_shown) || word_.number <= before) {  // to let it go on is no yes
    const std::string plan = prose ? reply->text : plan_in_a_line(*reply);
    return parked("it waits for your yes to its plan: " +
                  shortened_lines(trimmed(inert(plan, true)), kShownReason) +
                  "; nightjar answer ID yes, or say what to change");
  }
  if (is_yes(word_.text)) {
    mark_ = kPlanApproved;
    message_ =
        "The person agrees with the plan. Begin." + (message_.empty() ? "" : "\n\n" + message_);
  } else {
    message_ += "\n\nSet the plan anew with the plan tool; change nothing else yet.";
  }
  return std::nullopt;
}

// Commands cannot be told from their effects beforehand.
void Loop::warn_of_early_change(ToolResult& result) {
  if (!plan_is_due() || !tree_was_written(true) || !assignment_.changed_paths) return;
  const std::vector<std::string> paths = assignment_.changed_paths();
  if (paths.empty()) return;
  std::string names;
  for (size_t i = 0; i < paths.size() && i < kShownPaths; ++i)
    names += (names.empty() ? "" : ", ") + inert(paths[i]);
  if (paths.size() > kShownPaths) names += ", ...";
  result.output += fmt::format(
      "\n[the person has not agreed to a plan yet, and the work tree differs from how it began: "
      "{}. Undo that, and change nothing before they agree.]",
      names);
}

}  // namespace nightjar::agent::native
