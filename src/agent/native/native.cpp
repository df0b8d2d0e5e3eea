#include "agent/native/native.h"

#include <fmt/core.h>

#include "agent/native/conversation.h"
#include "agent/native/loop.h"
#include "agent/native/prompt.h"
#include "agent/native/repository_map.h"
#include "agent/native/tool_specs.h"
#include "base/error.h"

namespace nightjar::agent {

namespace native {

namespace {

constexpr const char* kConversationFile = "conversation.jsonl";

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

  // A claim in prose cannot be looked for.
  std::optional<std::vector<core::Finding>> recheck(const json::object&, sandbox::Session&,
                                                    const std::vector<std::string>&) override {
    return std::nullopt;
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
    const auto& [endpoint, key] = *assignment.model;
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
    if (refuted) {
      const std::string mark = fmt::format("round {}", assignment.round);
      if (!conversation.has(mark)) say_refuted(conversation, *refuted, assignment.round, mark);
    }
    model::Client client(endpoint, key);
    return Loop(assignment, session, toolbox, conversation, client, frame, stop).run();
  }

  static void say_refuted(Conversation& conversation, const Failures& failures, int round,
                          const std::string& mark) {
    const std::string text = refutation(failures, round);
    // The call of finish has its answer, which has not been sent.
    if (conversation.answered())
      conversation.answer(text, 0, mark);
    else
      conversation.user(text, mark);
  }
};

}  // namespace

}  // namespace native

std::unique_ptr<Agent> make_native() { return std::make_unique<native::Native>(); }

}  // namespace nightjar::agent
