// Which imports mean something of this repository, and which mean a stranger's package.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/mechanic/work_tree.h"
#include "syntax/languages.h"

namespace nightjar::agent::mechanic {

using namespace syntax;

class Modules {
 public:
  Modules(const WorkTree& tree, const std::vector<std::string>& paths);

  /// `module` as an import of `family` names it: "./x", "a.b", "example.org/m/p", "crate".
  bool is_internal(Family family, std::string_view module) const;
  /// A file or folder of that name can be imported here (Python: `from . import core`).
  bool is_module(Family family, std::string_view name) const;

 private:
  std::set<std::string, std::less<>> python_, script_packages_, go_modules_, rust_crates_,
      rust_modules_;
};

}  // namespace nightjar::agent::mechanic
