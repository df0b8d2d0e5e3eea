#include "agent/mechanic/replace.h"

namespace nightjar::agent::mechanic {
WorkResult replace_in(const WorkTree&, const std::vector<std::string>&, const Request&, unsigned) {
  WorkResult out;
  out.outcome = Outcome::CannotDo;
  out.reason = "the mechanic cannot replace yet";
  return out;
}
std::vector<core::Finding> uses_left(const WorkTree&, const std::vector<std::string>&, const json::object&, unsigned) { return {}; }
}  // namespace nightjar::agent::mechanic
