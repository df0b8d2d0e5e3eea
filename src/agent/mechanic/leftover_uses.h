// What of the old API a file still uses after a replacement: calls of another shape, the name as a
// value, imports.
#pragma once

#include <string>
#include <vector>

#include "agent/mechanic/rewrite.h"

namespace nightjar::agent::mechanic {

/// What declares the old name anywhere: decides whether `x.old()` can be it.
struct OldApi {
  bool function = false, method = false;
};

struct Use {
  std::uint32_t place = 0;
  std::string rule;
  bool blocks = false;  ///< a call of the old API
};

struct FileUses {
  std::vector<Use> left;
  std::vector<std::uint32_t> imports;  ///< of the old name
  bool old_is_used = false;            ///< by its bare name, beyond what was replaced
  bool new_is_bound = false;           ///< declared or imported in this file
  bool bare_replaced = false;          ///< some replaced call had no qualifier
};

FileUses uses_in_file(const Rule& rule, Lang lang, TSNode root, std::string_view text,
                      const std::vector<std::uint32_t>& old_places,
                      const std::vector<std::uint32_t>& new_places, const FileRewrite& change,
                      const std::vector<Binding>& bindings, const OldApi& api);

}  // namespace nightjar::agent::mechanic
