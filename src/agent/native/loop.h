// The agent loop: a conversation with a model, a toolbox, and the limits of a run.
#pragma once

#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "agent/agent.h"
#include "agent/native/budget.h"
#include "agent/native/conversation.h"
#include "agent/native/instructions.h"
#include "agent/native/room.h"
#include "model/client.h"
#include "tools/toolbox.h"

namespace nightjar::agent::native {

/// Before a person's yes to its plan.
inline constexpr const char* kPlanFirst =
    "The person wants to see a plan first: look around, set it with the plan tool, and change "
    "nothing yet.";

/// None are an empty object; the error says what stands there instead of an object.
std::expected<json::object, std::string> arguments_of(const model::ToolCall& call);

class Loop {
 public:
  /// `news`: for the model, with the next message that it gets anyway.
  Loop(const Assignment& assignment, sandbox::Session& session, tools::Toolbox& toolbox,
       Conversation& conversation, model::Client& model, const model::Frame& frame, bool has_other,
       std::string news, std::stop_token stop);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Until the model claims to be done, needs somebody, or a limit ends it. The claim is `Changed`,
  /// whatever it is worth: the verifier decides.
  WorkResult run();

  /// What its model did not do for it, where another one may: the result of `run` is then not the
  /// run's.
  const std::optional<model::Failure>& gave_up() const { return gave_up_; }
  /// What the next loop begins with: what is left of the time, and what was not told yet.
  Deadline deadline() const { return deadline_; }
  const std::string& news() const { return news_; }

 private:
  bool take_words();
  std::optional<WorkResult> plan_waits();
  bool plan_is_due() const;
  void warn_of_early_change(model::ToolResult& result);
  Spent own_spent() const;
  BudgetState budget();
  Spent next_reply(Spent last) const;
  std::optional<WorkResult> beyond_limits();
  std::optional<WorkResult> ask_model();
  std::optional<WorkResult> declined(const model::Reply& reply);
  void resumed(Millis waited);
  model::Outcome call_model(const model::CallHooks& hooks);
  std::optional<WorkResult> run_calls();
  std::function<void(std::string_view)> tell_output(const model::ToolCall& call);
  model::ToolResult run_call(const model::ToolCall& call);
  model::ToolResult dispatch(const model::ToolCall& call, const json::object& arguments);
  model::ToolResult set_plan(const model::ToolCall& call, const json::object& arguments);
  std::string instructions_for(const model::ToolCall& call, const json::object& arguments);
  void note_repetition(const model::ToolCall& call, model::ToolResult& result);
  bool goes_in_circles();
  bool tree_was_written(bool thoroughly);
  void keep_tree();
  std::optional<WorkResult> go_on();
  std::string next_message(const std::string& text);
  std::optional<WorkResult> landed();
  std::string follow_up(const model::Reply& reply) const;
  std::optional<WorkResult> finish_call(const model::Reply& reply) const;
  WorkResult claimed(const std::string& summary, const std::string& details) const;
  WorkResult failed_for(const model::Failure& failure);
  WorkResult parked(std::string reason, core::WaitingFor what = core::WaitingFor::Person);
  WorkResult parked_at(const BudgetState& budget, const std::string& last_words);
  void count_lost();
  void end_others();
  void tell_use();
  void event(std::string_view kind, json::object body);
  /// What comes with the next event, and before the model is asked at the latest.
  void tell();

  const Assignment& assignment_;
  sandbox::Session& session_;
  tools::Toolbox& toolbox_;
  Conversation& conversation_;
  model::Client& model_;
  Room room_;
  std::stop_token stop_;
  NearestInstructions nearest_;
  std::string question_;
  bool was_asked_ = false;  ///< the call of `ask` at hand is from before this process
  std::string diff_;        ///< of the call under way, for people
  std::string message_;     ///< for the model, with the next results
  std::string words_;       ///< of the person, in that message or the result at hand
  std::string mark_;        ///< of that message
  std::string news_;        ///< for the model where there is a message anyway
  PersonsWord word_;        ///< the person's last
  long heard_ = 0;
  bool has_other_;  ///< a model that goes on where this one cannot
  std::optional<model::Failure> gave_up_;
  int declined_ = 0;                     ///< replies in a row
  int without_call_ = 0;                 ///< replies in a row that hold no call
  std::map<std::string, int> repeated_;  ///< call and result: how often since something changed
  int most_repeated_ = 0;
  model::Usage others_told_;  ///< what the last `model_used` held of theirs
  model::Usage lost_;         ///< by tries that gave no reply, not counted yet
  std::vector<Happening> untold_;
  bool unkept_ = false;  ///< the tree was written to since it was kept
  Deadline deadline_;
};

}  // namespace nightjar::agent::native
