// One file of a structural replacement: which places match, what they become, which uses are left.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/mechanic/edits.h"
#include "agent/mechanic/pattern.h"
#include "agent/mechanic/scan.h"

namespace nightjar::agent::mechanic {

/// The two sides in one language, and the names that matter.
struct Rule {
  Pattern pattern, replacement;
  std::string old_callee, new_callee;  ///< empty where the side is no call
  bool plain_callee = false;  ///< both callees are bare names: a qualifier may stand before them
};
std::optional<Rule> make_rule(Syntax& syntax, Lang lang, std::string_view pattern,
                              std::string_view replacement);

struct Match {
  std::uint32_t begin = 0, end = 0;
  TSNode node{};
  TSNode parent{};
  Captures captures;
  std::string qualifier;  ///< "util." of `util.old(…)`
  std::uint32_t callee_end = 0;
};

struct FileRewrite {
  std::vector<Edit> edits;
  size_t replaced = 0;
  std::vector<std::uint32_t> names;  ///< offsets of the old callee in what is replaced
  std::vector<std::pair<std::uint32_t, std::string>>
      left;  ///< places that match and stay, with the rule
};

/// What to do with a file whose tree is `root`. `qualifies` says whether a receiver is a module or
/// a namespace.
FileRewrite rewrite(const Rule& rule, TSNode root, std::string_view text,
                    const std::vector<std::uint32_t>& places, const std::vector<Binding>& bindings,
                    Lang lang);

}  // namespace nightjar::agent::mechanic
