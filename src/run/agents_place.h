// Where an agent works and what it is given: its sandbox with the tree as its last try left it, its
// model, the gateway to that, and its assignment. One a process; what it gives an agent refers to
// it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "agent/agent.h"
#include "gateway/gateway.h"
#include "run/checkpoints.h"
#include "run/context.h"

namespace nightjar::run {

/// In a sandbox's policy: the program itself and `commit`'s files, which agents and rechecks read.
void show_to_agent(const Context& context, sandbox::Policy& policy, std::string_view commit);

class AgentsPlace {
 public:
  explicit AgentsPlace(Context& context);

  /// The sandbox, with the tree as the agent's last try left it where it can go on with that: from
  /// the folder itself, else from the newest checkpoint. Ends the run where its model has no key.
  std::unique_ptr<sandbox::Session> open(const agent::Agent& agent);
  /// For an agent in that sandbox.
  agent::Assignment assignment(sandbox::Session& session);

 private:
  void open_model(const agent::Agent& agent);
  std::unique_ptr<sandbox::Session> start_sandbox();
  gateway::Meter& meter();
  std::vector<gateway::Upstream> upstreams();
  void open_gateway();
  bool rewinds() const;

  Context& context_;
  const Job& job_;
  Checkpoints checkpoints_;
  std::optional<agent::ModelAccess> model_, failover_;
  std::filesystem::path scratch_;  ///< of the sandbox
  std::optional<gateway::Meter> meter_;
  Fd listener_;  ///< inside the sandbox
  gateway::Settings gateway_settings_;
  std::optional<gateway::Gateway> gateway_;
};

}  // namespace nightjar::run
