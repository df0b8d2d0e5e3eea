#include "agent/agent.h"
#include "agent/mechanic/mechanic.h"
#include "agent/native/native.h"

namespace nightjar::agent {

std::unique_ptr<Agent> make_agent(std::string_view name) {
  if (name == "mechanic") return make_mechanic();
  if (name == "native") return make_native();
  return nullptr;
}

}  // namespace nightjar::agent
