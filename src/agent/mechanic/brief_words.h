// A brief cut into words, and into the two sides of "replace A with B".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nightjar::agent::mechanic {

struct Word {
  std::string text;     ///< without quotes and without the sentence's punctuation
  bool quoted = false;  ///< stood in backticks or quotes
  size_t begin = 0;     ///< offset in the brief
};

std::vector<Word> words_of(std::string_view brief);

struct Sides {
  std::string first, second;
  bool quoted = false;  ///< both stood in backticks
};

/// "`a` with `b`", "a(…) to b(…)": cut at the first `with`, `by`, `to`, `into` or arrow outside
/// brackets.
std::optional<Sides> split_sides(std::string_view text);

/// Holds a bracket, a dot, a metavariable or an operator: no prose.
bool looks_like_code(std::string_view text);

/// `$A` and `$$$REST` in the order of their first appearance.
std::vector<std::string> metavariables(std::string_view pattern);
/// The first metavariable of the replacement that the pattern lacks; empty where all are bound.
std::string unbound_metavariable(std::string_view pattern, std::string_view replacement);

}  // namespace nightjar::agent::mechanic
