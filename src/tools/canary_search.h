// What the canary's languages share: a syntax tree that is looked through for one test, and how a
// failure is put at the end of a body. Nodes live as long as their tree.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "syntax/symbols.h"
#include "tools/canary.h"

namespace nightjar::tools::canary {

using syntax::Path;
using syntax::text_of;
using syntax::type_of;
using Names = std::vector<std::string>;

constexpr size_t kDeepest = 400;  ///< nested deeper, a text was not written by hand

struct Edit {
  size_t at = 0;
  std::string text;
  size_t instead_of = 0;  ///< bytes that it replaces
};
using Edits = std::vector<Edit>;

/// What a language's part looks at, and what it found. Two places are none: nobody knows which.
struct Search {
  std::string_view path, text;
  TSNode root;
  Failing how = Failing::End;
  std::string why;
  std::vector<Edits> found = {};

  std::string_view of(TSNode node) const { return text_of(node, text); }
};

/// Each fills `found` with the edits for what `test` may name; without edits where it may fail
/// anyway.
void find_python(Search& in, std::string_view test);
void find_script(Search& in, std::string_view test);
void find_native(Search& in, std::string_view test);
void find_go(Search& in, std::string_view test);
void find_java(Search& in, std::string_view test);
void find_rust(Search& in, std::string_view test);

TSNode child(TSNode node, std::string_view field);
TSNode first_child(TSNode node);
/// Those of a block that are no comments.
std::vector<TSNode> statements(TSNode block);
/// Visits every node down to kDeepest.
void walk(const Search& in, const std::function<void(const Path&)>& visit);

/// function("why")
std::string call(const Search& in, std::string_view function);
bool ends_with(const Names& all, const Names& end);
/// Runners start in a folder of their own: one path may be the end of the other.
bool same_file(std::string_view path, std::string_view file);
/// A path's folders and the file's name without its ending.
Names components(std::string_view path);
/// What stands before a node on its line, where that is nothing but white space.
std::optional<std::string> indentation(const Search& in, TSNode node);
/// As Go and Java name it at the top of a file.
std::string package_of(const Search& in);
/// Nothing that follows the statement would run. `functions` do not come back.
bool leaves(const Search& in, TSNode statement, const Names& functions);

/// How a language with braces says it.
struct Failure {
  std::string statement;
  std::string before_the_end;  ///< the same where the compiler must not see what it leaves out
  Names leaving = {};          ///< functions that do not come back
  bool ends_lines = false;     ///< a line's end ends a statement, too
  bool last_is_value = false;  ///< where it is no statement, the body's last is its result
};

Edits into_block(const Search& in, TSNode block, const Failure& failure);

// canary_assertions.cpp: the last assertion of a body that is surely reached asks for what cannot
// be. Empty where there is none.
Edits falsified_python(const Search& in, TSNode block);
Edits falsified_script(const Search& in, TSNode body);
Edits falsified_native(const Search& in, TSNode block);
Edits falsified_rust(const Search& in, TSNode block);

// canary_programs.cpp
Edits into_program(const Search& in, syntax::Lang lang);
std::optional<std::string> failing_shell(std::string_view text, Failing how);

}  // namespace nightjar::tools::canary
