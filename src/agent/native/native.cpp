#include "agent/native/native.h"

#include <fmt/core.h>

#include "agent/native/conversation.h"
#include "agent/native/failover.h"
#include "agent/native/loop.h"
#include "agent/native/prompt.h"
#include "agent/native/repository_map.h"
#include "agent/native/tool_specs.h"
#include "base/error.h"
#include "base/text.h"

namespace nightjar::agent {

namespace native {

namespace {

constexpr const char* kConversationFile = "conversation.jsonl";
constexpr const char* kNewShell =
    "[The shell is a new one: it stands in the work tree, without earlier variables and jobs.]";

class Native final : public Agent {
 public:
  std::string_view name() const override { return "native"; }
  bool keeps_its_place() const override { return true; }

  WorkResult work(const Assignment& assignment, sandbox::Session& session,
                  const std::function<void(std::string)>& say, std::stop_token stop) override {
    return run(assignment, session, nullptr, say, stop);
  }

  std::optional<WorkResult> revise(const Assignment& assignment, const WorkResult&,
                                   const Failures& failures, sandbox::Session& session,
                                   const std::function<void(std::string)>& say,
                                   std::stop_token stop) override {
    return run(assignment, session, &failures, say, stop);
  }

 private:
  static WorkResult run(const Assignment& assignment, sandbox::Session& session,
                        const Failures* refuted, const std::function<void(std::string)>& say,
                        const std::stop_token& stop) {
    if (!assignment.model) {
      WorkResult out;
      out.outcome = Outcome::CannotDo;
      out.reason = "no model is configured for this run";
      return out;
    }
    const auto& endpoint = assignment.model->endpoint;
    const model::Frame frame{system_prompt(), tool_specs(),
                             "nightjar-" + assignment.folder.filename().string()};
    Conversation conversation(assignment.folder / kConversationFile, endpoint, frame);
    tools::Toolbox toolbox(session);
    if (conversation.empty()) {
      std::string note;
      const std::string map = repository_map(assignment, session, toolbox, note, stop);
      if (!note.empty()) say(note);
      conversation.user(first_message(assignment, session, map), "task");
    }
    if (assignment.rewind) {
      const std::string mark = fmt::format("rewind {}", assignment.rewind->number);
      if (!conversation.has(mark)) conversation.rewind(assignment.rewind->turn, mark);
    }
    std::string news = conversation.turn() > 0 ? kNewShell : "";
    if (refuted) {
      const std::string mark = fmt::format("round {}", assignment.round);
      if (!conversation.has(mark)) {
        say_refuted(conversation, *refuted, assignment.round, mark);
        news.clear();  // it says so
      }
    }
    return converse(assignment, session, toolbox, conversation, frame, std::move(news), stop);
  }

  // With its model; and, where that cannot go on and the person named another, with that one.
  static WorkResult converse(const Assignment& assignment, sandbox::Session& session,
                             tools::Toolbox& toolbox, Conversation& conversation,
                             const model::Frame& frame, std::string news,
                             const std::stop_token& stop) {
    const auto& first = *assignment.model;
    const auto& other = assignment.failover;
    const bool is_with_other = other && conversation.successor() == other->endpoint.name;
    const auto& [endpoint, key] = is_with_other ? *other : first;
    const bool settings_changed = !conversation.successor().empty() && !is_with_other;
    if (settings_changed || conversation.wire() != endpoint.wire) {
      WorkResult out;
      out.outcome = Outcome::CannotDo;
      out.reason = settings_changed
                       ? fmt::format("{} took this run over, and is not the failover any more",
                                     inert(conversation.successor()))
                       : fmt::format("the settings say another wire for {} than this run began on",
                                     inert(endpoint.name));
      return out;
    }
    model::Client client(endpoint, key);
    Loop loop(assignment, session, toolbox, conversation, client, frame, other && !is_with_other,
              std::move(news), stop);
    WorkResult result = loop.run();
    if (!loop.gave_up()) return result;
    const Totals& totals = conversation.totals();
    conversation.replace(handed_over(conversation.transcript(), other->endpoint, frame,
                                     totals.before_usd + cost_of(totals.usage, endpoint.prices),
                                     totals.before_known && endpoint.prices.known));
    if (assignment.tell)
      assignment.tell(
          {{"failover", json::object{{"turn", conversation.turn()},
                                     {"from", endpoint.name},
                                     {"to", other->endpoint.name},
                                     {"reason", shortened(inert(loop.gave_up()->words), 300)}}}});
    Assignment rest = assignment;
    rest.deadline = loop.deadline();
    return converse(rest, session, toolbox, conversation, frame, loop.news(), stop);
  }

  static void say_refuted(Conversation& conversation, const Failures& failures, int round,
                          const std::string& mark) {
    const std::string text = refutation(failures, round);
    // The call of finish has its answer, which has not been sent.
    if (conversation.answered())
      conversation.answer(text, {}, mark);
    else
      conversation.user(text, mark);
  }
};

}  // namespace

}  // namespace native

std::unique_ptr<Agent> make_native() { return std::make_unique<native::Native>(); }

}  // namespace nightjar::agent
