// Finds a test's body by its syntax tree, a language at a time, and puts a failure at its end.
#include "tools/canary.h"

#include <array>

#include "tools/canary_search.h"

namespace nightjar::tools {

namespace {

using namespace canary;

// In the order of syntax::Family.
constexpr std::array kFinders{find_python, find_script, find_native, find_go, find_java, find_rust};

}  // namespace

std::optional<std::string> with_canary(std::string_view path, std::string_view text,
                                       std::string_view test) {
  const auto lang = syntax::language_of(path);
  if (!lang || test.empty()) return std::nullopt;
  syntax::Syntax syntax;
  const syntax::Tree tree = syntax.parse_file(path, *lang, text);
  if (!tree) return std::nullopt;
  Search search{path, text, ts_tree_root_node(tree.get()), {}};
  kFinders[static_cast<size_t>(syntax::family_of(*lang))](search, test);
  if (search.found.size() != 1 || search.found.front().empty()) return std::nullopt;
  std::string out(text);
  auto& edits = search.found.front();
  for (auto edit = edits.rbegin(); edit != edits.rend(); ++edit) out.insert(edit->at, edit->text);
  const int before = syntax::syntax_of(syntax, path, text).errors;
  if (syntax::syntax_of(syntax, path, out).errors > before) return std::nullopt;
  return out;
}

}  // namespace nightjar::tools
