// The work stage: an agent makes a change, and the change becomes a candidate commit.
#pragma once

#include "base/json.h"
#include "run/agents_place.h"
#include "run/change.h"
#include "run/context.h"

namespace nightjar::run {

class Work {
 public:
  explicit Work(Context& context) : context_(context), job_(context.job), place_(context) {}

  /// The first round. Gives the candidate's commit and the agent's result; ends the run where the
  /// agent made none.
  json::object begin();
  /// The agent again, in a sandbox with its candidate and with what the checks say against it.
  /// `nothing_more` in its result: the candidate stays as it is.
  json::object revise(const json::object& work_done);

 private:
  Selection changes_of(const agent::WorkResult& result, sandbox::Session& session);
  void end_unless_changed(const agent::WorkResult& result) const;
  json::object candidate_of(const agent::WorkResult& result, Selection selection,
                            sandbox::Session& session);

  Context& context_;
  const Job& job_;
  AgentsPlace place_;
};

}  // namespace nightjar::run
