// What a source file defines, and where its syntax is broken.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "syntax/syntax.h"

namespace nightjar::syntax {

struct Symbol {
  std::string kind;  ///< "class", "function", "method", ...
  std::string name;
  int line = 0, end_line = 0;  ///< from 1
  int depth = 0;               ///< how many other symbols it stands in
  std::string head;            ///< its first line, without what follows the signature
  bool operator==(const Symbol&) const = default;
};

struct SymbolLimits {
  size_t most = std::numeric_limits<size_t>::max();
  int deepest = std::numeric_limits<int>::max();  ///< others are left out
  Stopped stopped = {};                           ///< then there are none
};

/// In order of the file; empty for a language that is not known.
std::vector<Symbol> symbols_of(Syntax& syntax, std::string_view path, std::string_view text,
                               const SymbolLimits& limits = {});
/// The same in one walk with each identifier in it, those of the definitions included.
std::vector<Symbol> symbols_and_names(Syntax& syntax, std::string_view path, std::string_view text,
                                      const std::function<void(std::string_view name)>& on_name);

struct SyntaxError {
  int line = 0, column = 0;  ///< from 1
  std::string what;          ///< "missing ')'", "unexpected 'else'"
  bool operator==(const SyntaxError&) const = default;
};
/// How many places the parser could not read, and the first of them.
struct SyntaxState {
  int errors = 0;
  std::optional<SyntaxError> first;
};
SyntaxState syntax_of(Syntax& syntax, std::string_view path, std::string_view text);

}  // namespace nightjar::syntax
