#include <array>
#include <utility>

#include "agent/agent.h"
#include "agent/mechanic/order.h"
#include "base/text.h"

namespace nightjar::agent {

using mechanic::Order;

Understanding understand(std::string_view brief, const std::vector<std::string>& earlier) {
  const auto order = mechanic::parse_order(brief, earlier);
  Understanding out;
  if (!order) {
    out.reason = order.error();
    out.kind = guess_kind(brief);
    return out;
  }
  out.can_do = true;
  out.title = inert(mechanic::title_of(*order));
  switch (order->action) {
    case Order::Action::Rename:
      out.kind = core::Kind::Refactor;
      out.from_base = !earlier.empty();
      break;
    case Order::Action::Replace:
      out.kind = core::Kind::Migration;
      break;
    case Order::Action::Run:
      out.kind = core::Kind::Chore;
      break;
  }
  return out;
}

core::Kind guess_kind(std::string_view brief) {
  using core::Kind;
  // The first word that says it counts: "Add tests for …" is about tests, "Fix the documentation"
  // about a fix.
  static constexpr std::array<std::pair<std::string_view, Kind>, 60> kWords{{
      {"test", Kind::Tests},
      {"tests", Kind::Tests},
      {"coverage", Kind::Tests},
      {"unittest", Kind::Tests},
      {"fix", Kind::Bugfix},
      {"fixes", Kind::Bugfix},
      {"fixed", Kind::Bugfix},
      {"bug", Kind::Bugfix},
      {"bugfix", Kind::Bugfix},
      {"crash", Kind::Bugfix},
      {"crashes", Kind::Bugfix},
      {"broken", Kind::Bugfix},
      {"wrong", Kind::Bugfix},
      {"error", Kind::Bugfix},
      {"fails", Kind::Bugfix},
      {"failing", Kind::Bugfix},
      {"leak", Kind::Bugfix},
      {"leaks", Kind::Bugfix},
      {"regression", Kind::Bugfix},
      {"repair", Kind::Bugfix},
      {"segfault", Kind::Bugfix},
      {"hangs", Kind::Bugfix},
      {"rename", Kind::Refactor},
      {"refactor", Kind::Refactor},
      {"extract", Kind::Refactor},
      {"inline", Kind::Refactor},
      {"simplify", Kind::Refactor},
      {"restructure", Kind::Refactor},
      {"deduplicate", Kind::Refactor},
      {"split", Kind::Refactor},
      {"cleanup", Kind::Refactor},
      {"migrate", Kind::Migration},
      {"migration", Kind::Migration},
      {"port", Kind::Migration},
      {"upgrade", Kind::Migration},
      {"deprecated", Kind::Migration},
      {"replace", Kind::Migration},
      {"document", Kind::Docs},
      {"docs", Kind::Docs},
      {"documentation", Kind::Docs},
      {"readme", Kind::Docs},
      {"typo", Kind::Docs},
      {"typos", Kind::Docs},
      {"docstring", Kind::Docs},
      {"docstrings", Kind::Docs},
      {"faster", Kind::Performance},
      {"slow", Kind::Performance},
      {"speed", Kind::Performance},
      {"performance", Kind::Performance},
      {"optimize", Kind::Performance},
      {"optimise", Kind::Performance},
      {"latency", Kind::Performance},
      {"add", Kind::Feature},
      {"implement", Kind::Feature},
      {"support", Kind::Feature},
      {"introduce", Kind::Feature},
      {"allow", Kind::Feature},
      {"create", Kind::Feature},
      {"feature", Kind::Feature},
      {"new", Kind::Feature},
  }};
  const std::string text = lower(brief.substr(0, 4000));
  const auto says = [&text](std::string_view part) { return text.find(part) != text.npos; };
  // "Fix a typo in the README" mends no bug.
  if (says("typo") && (says("readme") || says("docs") || says("documentation") ||
                       says("docstring") || says("comment") || says("changelog")))
    return Kind::Docs;
  Kind found = Kind::Chore;
  std::string word;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && (isalnum(static_cast<unsigned char>(text[i])) || text[i] == '_')) {
      word += text[i];
      continue;
    }
    for (const auto& [name, kind] : kWords) {
      if (word != name) continue;
      // "Add" alone says little: what is added comes after it.
      if (kind != Kind::Feature) return kind;
      if (found == Kind::Chore) found = kind;
    }
    word.clear();
  }
  return found;
}

}  // namespace nightjar::agent
