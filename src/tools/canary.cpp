// Finds a test's body by its syntax tree, a language at a time, and puts a failure at its end.
#include "tools/canary.h"

#include <array>

#include "tools/canary_search.h"

namespace nightjar::tools {

namespace {

using namespace canary;

// In the order of syntax::Family.
constexpr std::array kFinders{find_python, find_script, find_native, find_go, find_java, find_rust};

std::optional<std::string> edited(std::string_view path, std::string_view text,
                                  syntax::Syntax& syntax, const Edits& edits) {
  if (edits.empty()) return std::nullopt;
  std::string out(text);
  for (auto edit = edits.rbegin(); edit != edits.rend(); ++edit)
    out.replace(edit->at, edit->instead_of, edit->text);
  const int before = syntax::syntax_of(syntax, path, text).errors;
  if (syntax::syntax_of(syntax, path, out).errors > before) return std::nullopt;
  return out;
}

}  // namespace

std::optional<std::string> with_canary(std::string_view path, std::string_view text,
                                       std::string_view test, Failing how, std::string_view why) {
  const auto lang = syntax::language_of(path);
  if (!lang || test.empty()) return std::nullopt;
  syntax::Syntax syntax;
  const syntax::Tree tree = syntax.parse_file(path, *lang, text);
  if (!tree) return std::nullopt;
  Search search{path, text, ts_tree_root_node(tree.get()), how, std::string(why)};
  kFinders[static_cast<size_t>(syntax::family_of(*lang))](search, test);
  if (search.found.size() != 1) return std::nullopt;
  return edited(path, text, syntax, search.found.front());
}

std::optional<std::string> with_failing_program(std::string_view path, std::string_view text,
                                                Failing how, std::string_view why) {
  if (path.ends_with(".sh") || path.ends_with(".bash") ||
      (text.starts_with("#!") && text.substr(0, text.find('\n')).ends_with("sh")))
    return failing_shell(text, how);
  const auto lang = syntax::language_of(path);
  if (!lang) return std::nullopt;
  syntax::Syntax syntax;
  const syntax::Tree tree = syntax.parse_file(path, *lang, text);
  if (!tree) return std::nullopt;
  const Search search{path, text, ts_tree_root_node(tree.get()), how, std::string(why)};
  return edited(path, text, syntax, into_program(search, *lang));
}

}  // namespace nightjar::tools
