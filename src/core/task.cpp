#include "core/task.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/text.h"

namespace nightjar::core {

namespace {

constexpr std::array<std::pair<Kind, std::string_view>, 8> kKinds{
    {{Kind::Refactor, "refactor"},
     {Kind::Bugfix, "bugfix"},
     {Kind::Feature, "feature"},
     {Kind::Tests, "tests"},
     {Kind::Migration, "migration"},
     {Kind::Docs, "docs"},
     {Kind::Chore, "chore"},
     {Kind::Performance, "performance"}}};

constexpr std::array<std::pair<State, std::string_view>, 11> kStates{
    {{State::Queued, "queued"},
     {State::Preparing, "preparing"},
     {State::Working, "working"},
     {State::Waiting, "waiting"},
     {State::Verifying, "verifying"},
     {State::Publishing, "publishing"},
     {State::InReview, "in_review"},
     {State::Merged, "merged"},
     {State::Closed, "closed"},
     {State::Failed, "failed"},
     {State::Cancelled, "cancelled"}}};

constexpr std::array<std::pair<WaitingFor, std::string_view>, 6> kWaits{
    {{WaitingFor::Nothing, ""},
     {WaitingFor::Person, "person"},
     {WaitingFor::Model, "model"},
     {WaitingFor::Quota, "quota"},
     {WaitingFor::Disk, "disk"},
     {WaitingFor::Lock, "lock"}}};

template <class Table, class Value>
std::string_view name_in(const Table& table, Value value) {
  for (const auto& [entry, name] : table) {
    if (entry == value) return name;
  }
  return "";
}

template <class Table>
auto value_in(const Table& table, std::string_view text) {
  using Value = decltype(table[0].first);
  std::optional<std::remove_cv_t<Value>> found;
  for (const auto& [entry, name] : table) {
    if (name == text) found = entry;
  }
  return found;
}

}  // namespace

ModelUse& ModelUse::operator+=(const ModelUse& other) {
  // Tries that gave no reply are paid for as well.
  const auto asked = [](const ModelUse& use) {
    return use.turns > 0 || use.input + use.output > 0;
  };
  if (!asked(other)) return *this;
  cost_known = other.cost_known && (!asked(*this) || cost_known);
  if (!other.model.empty()) model = other.model;
  turns += other.turns;
  input += other.input;
  cached += other.cached;
  output += other.output;
  cost_usd += other.cost_usd;
  return *this;
}

ModelUse model_use(const Task& task) {
  ModelUse out;
  for (const auto& run : task.runs) out += run.model;
  return out;
}

std::string_view to_string(Kind kind) { return name_in(kKinds, kind); }
std::string_view to_string(State state) { return name_in(kStates, state); }
std::string_view to_string(WaitingFor what) { return name_in(kWaits, what); }
std::optional<Kind> kind_from(std::string_view text) { return value_in(kKinds, text); }
std::optional<State> state_from(std::string_view text) { return value_in(kStates, text); }
WaitingFor waiting_for_from(std::string_view text) {
  return value_in(kWaits, text).value_or(WaitingFor::Nothing);
}

bool is_ended(State state) {
  return state == State::Merged || state == State::Closed || state == State::Failed ||
         state == State::Cancelled;
}

bool needs_no_runner(State state, WaitingFor waiting) {
  return is_ended(state) || state == State::InReview ||
         (state == State::Waiting &&
          (waiting == WaitingFor::Person || waiting == WaitingFor::Quota));
}

const Run* Task::run(std::string_view run_id) const {
  const auto found = std::ranges::find(runs, run_id, &Run::id);
  return found == runs.end() ? nullptr : &*found;
}

std::string with_id(std::string_view text, std::string_view id) {
  constexpr std::string_view kProgram = "nightjar ", kPlace = " ID";
  std::string out;
  while (!text.empty()) {
    const size_t at = text.find(kProgram);
    if (at == std::string_view::npos) break;
    size_t end = at + kProgram.size();
    while (end < text.size() &&
           (std::islower(static_cast<unsigned char>(text[end])) != 0 || text[end] == '-'))
      ++end;
    out += text.substr(0, end);
    text.remove_prefix(end);
    const bool is_place = text.starts_with(kPlace) &&
                          (text.size() == kPlace.size() || !is_word_char(text[kPlace.size()]));
    if (!is_place) continue;
    out += ' ';
    out += id;
    text.remove_prefix(kPlace.size());
  }
  return out += text;
}

bool may_follow(State from, State next) {
  switch (from) {
    case State::Merged:
    case State::Closed:
      return false;
    case State::Failed:
    case State::Cancelled:
      return next == State::Queued;  // taken up again, by a further run
    default:
      break;
  }
  switch (next) {
    case State::Queued:
      return from == State::InReview || from == State::Waiting;
    case State::Merged:
      return from == State::InReview;
    default:
      return true;
  }
}

}  // namespace nightjar::core
