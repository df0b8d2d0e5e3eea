#include "tools/inline_tests.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "syntax/symbols.h"
#include "syntax/syntax.h"

namespace nightjar::tools {

namespace {

struct Range {
  size_t begin = 0, end = 0;
};

// "#[test]", "#[tokio::test(flavor = ...)]", "#[cfg(all(test, unix))]"; not "#[cfg(not(test))]".
bool marks_a_test(std::string_view attribute) {
  std::string said;
  for (const char c : attribute)
    if (c != ' ' && c != '\t' && c != '\n') said += c;
  std::string_view name = said;
  name.remove_prefix(std::min(name.find('[') + 1, name.size()));
  const bool condition = name.starts_with("cfg(");
  if (condition)
    return name.find("not(test") == std::string_view::npos &&
           (name.starts_with("cfg(test)") || name.starts_with("cfg(all(test,"));
  name = name.substr(0, name.find_first_of("(]"));
  return name == "test" || name.ends_with("::test") || name == "rstest" || name == "test_case";
}

// From the first mark of each such item to the item's end.
std::vector<Range> tests_in(TSNode root, std::string_view text) {
  std::vector<Range> out;
  std::optional<size_t> begin;
  bool marked = false;
  for (uint32_t i = 0; i < ts_node_named_child_count(root); ++i) {
    const TSNode node = ts_node_named_child(root, i);
    const std::string_view type = syntax::type_of(node);
    if (type == "attribute_item") {
      if (!begin) begin = ts_node_start_byte(node);
      marked = marked || marks_a_test(syntax::text_of(node, text));
      continue;
    }
    if (begin && type.find("comment") != std::string_view::npos) continue;
    if (marked) out.push_back({*begin, ts_node_end_byte(node)});
    begin.reset();
    marked = false;
  }
  return out;
}

}  // namespace

std::optional<std::string> with_tests_of(std::string_view path, std::string_view program,
                                         std::string_view tests) {
  const auto lang = syntax::language_of(path);
  if (!lang || syntax::family_of(*lang) != syntax::Family::Rust) return std::nullopt;
  syntax::Syntax syntax;
  const syntax::Tree one = syntax.parse_file(path, *lang, program);
  const syntax::Tree other = syntax.parse_file(path, *lang, tests);
  if (!one || !other) return std::nullopt;
  const auto own = tests_in(ts_tree_root_node(one.get()), program);
  const auto theirs = tests_in(ts_tree_root_node(other.get()), tests);
  const auto same = [&](const Range& a, const Range& b) {
    return program.substr(a.begin, a.end - a.begin) == tests.substr(b.begin, b.end - b.begin);
  };
  if (std::ranges::equal(own, theirs, same)) return std::string(program);
  std::string out;
  size_t at = 0;
  for (const auto& range : own) {
    out += program.substr(at, range.begin - at);
    at = range.end;
  }
  out += program.substr(at);
  while (out.ends_with('\n')) out.pop_back();
  out += '\n';
  for (const auto& range : theirs)
    out += "\n" + std::string(tests.substr(range.begin, range.end - range.begin)) + "\n";
  const int broken = std::max(syntax::syntax_of(syntax, path, program).errors,
                              syntax::syntax_of(syntax, path, tests).errors);
  if (syntax::syntax_of(syntax, path, out).errors > broken) return std::nullopt;
  return out;
}

}  // namespace nightjar::tools
