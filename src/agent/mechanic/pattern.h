// Patterns of code: `old($A, $$$REST)` parsed with a language's own grammar, and unified with
// trees.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "syntax/syntax.h"

namespace nightjar::agent::mechanic {

using namespace syntax;

/// A piece of code with metavariables, parsed. `$A` stands for one node, `$$$A` for any number in a
/// list.
class Pattern {
 public:
  /// nullopt where the text is no code of that language.
  static std::optional<Pattern> parse(Syntax& syntax, Lang lang, std::string_view text);

  TSNode root() const { return root_; }
  std::string_view source() const { return *source_; }
  /// "$A" or "$$$A" where the node is that metavariable, else empty.
  std::string metavariable(TSNode node) const;

  /// Where it is a call: the callee's node (a name, or a member), else a null node.
  TSNode callee() const;
  /// The called name: the last part of the callee.
  TSNode callee_name() const;
  /// The arguments' list of a call.
  TSNode arguments() const;
  /// A name that every match holds; empty where there is none. The callee's, where it is a call.
  std::string literal() const;
  /// How far below the root the literal stands.
  size_t literal_depth() const;

 private:
  TSNode literal_node() const;
  std::shared_ptr<const std::string> source_;
  std::shared_ptr<TSTree> tree_;
  TSNode root_{};
  std::map<std::string, std::string, std::less<>> names_;  // placeholder to metavariable
};

struct Capture {
  std::uint32_t begin = 0, end = 0;
  TSNode node{};  ///< of a single metavariable
  bool list = false;
};
using Captures = std::map<std::string, Capture, std::less<>>;

/// True where the node is the pattern's shape; `captures` are then complete.
bool matches(const Pattern& pattern, TSNode pattern_node, TSNode node, std::string_view text,
             Captures& captures);

TSNode callee_of(TSNode call);
TSNode arguments_of(TSNode call);
bool is_call(TSNode node);
/// The last name of `a.b.c`, `a::b`, or the node itself.
TSNode last_name(TSNode callee);

}  // namespace nightjar::agent::mechanic
