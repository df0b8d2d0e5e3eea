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

enum class Mark {
  None,
  Test,  ///< only a build of tests sees what it stands at
  Other  ///< says more of tests than that: "cfg(not(test))", "cfg_attr(test, ...)"
};

bool says_test(std::string_view text) {
  for (size_t at = text.find("test"); at != std::string_view::npos;
       at = text.find("test", at + 1)) {
    const bool begins = at == 0 || !is_word_char(text[at - 1]);
    const bool ends = at + 4 == text.size() || !is_word_char(text[at + 4]);
    if (begins && ends) return true;
  }
  return false;
}

// "#[test]", "#[tokio::test(flavor = ...)]", "#[cfg(test)]", "#[cfg(all(test, unix))]"
Mark mark_of(std::string_view attribute) {
  std::string said;
  for (const char c : attribute)
    if (c != ' ' && c != '\t' && c != '\n') said += c;
  std::string_view name = said;
  name.remove_prefix(std::min(name.find('[') + 1, name.size()));
  if (name.starts_with("cfg")) {
    if (!says_test(name) || name.find("feature=\"test\"") != std::string_view::npos)
      return Mark::None;
    const bool plain =
        name.find("not(") == std::string_view::npos && name.find("any(") == std::string_view::npos;
    const bool all = name.starts_with("cfg(test)") || name.starts_with("cfg(all(");
    return plain && all && !attribute.starts_with("#!") ? Mark::Test : Mark::Other;
  }
  name = name.substr(0, name.find_first_of("(]"));
  const bool test =
      name == "test" || name.ends_with("::test") || name == "rstest" || name == "test_case";
  return test ? Mark::Test : Mark::None;
}

struct Parts {
  std::vector<Range> tests;         ///< at the top of the file, each from its first mark to its end
  std::vector<std::string> within;  ///< what else is made for tests, wherever it stands
};

// What stands deeper, or is told apart for tests in another way, stays with the code: two versions
// can be parted where it is the same in both.
void look_within(TSNode node, std::string_view text, std::vector<std::string>& out, int depth) {
  constexpr int kDeepest = 400;
  if (depth > kDeepest) return;
  for (uint32_t i = 0; i < ts_node_named_child_count(node); ++i) {
    const TSNode inner = ts_node_named_child(node, i);
    const std::string_view type = syntax::type_of(inner);
    const std::string_view said = syntax::text_of(inner, text);
    const bool attribute = type == "attribute_item" || type == "inner_attribute_item";
    const bool asks = type == "macro_invocation" && said.starts_with("cfg") && says_test(said);
    if (asks || (attribute && mark_of(said) != Mark::None)) {
      const TSNode marked = ts_node_next_named_sibling(inner);
      out.push_back(std::string(said) +
                    (ts_node_is_null(marked) ? "" : std::string(syntax::text_of(marked, text))));
    }
    look_within(inner, text, out, depth + 1);
  }
}

Parts parts_of(TSNode root, std::string_view text) {
  Parts out;
  std::vector<TSNode> run;  // of attributes, and the remarks between them
  bool marked = false, otherwise = false;
  for (uint32_t i = 0; i < ts_node_named_child_count(root); ++i) {
    const TSNode node = ts_node_named_child(root, i);
    const std::string_view type = syntax::type_of(node);
    if (type == "attribute_item") {
      const Mark mark = mark_of(syntax::text_of(node, text));
      marked = marked || mark == Mark::Test;
      otherwise = otherwise || mark == Mark::Other;
      run.push_back(node);
      continue;
    }
    if (!run.empty() && type.find("comment") != std::string_view::npos) continue;
    const size_t begin = ts_node_start_byte(run.empty() ? node : run.front());
    const size_t end = ts_node_end_byte(node);
    if (marked && !otherwise) {
      out.tests.push_back({begin, end});
    } else {
      if (otherwise) out.within.emplace_back(text.substr(begin, end - begin));
      if (type == "inner_attribute_item" && mark_of(syntax::text_of(node, text)) != Mark::None)
        out.within.emplace_back(syntax::text_of(node, text));
      look_within(node, text, out.within, 0);
    }
    run.clear();
    marked = otherwise = false;
  }
  return out;
}

std::string_view of(const Range& range, std::string_view text) {
  return text.substr(range.begin, range.end - range.begin);
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
  const Parts own = parts_of(ts_tree_root_node(one.get()), program);
  const Parts theirs = parts_of(ts_tree_root_node(other.get()), tests);
  if (own.within != theirs.within) return std::nullopt;
  // Each where one stood: what a macro is called may stand above what calls it.
  std::string out;
  size_t at = 0;
  for (size_t i = 0; i < own.tests.size(); ++i) {
    out += program.substr(at, own.tests[i].begin - at);
    if (i < theirs.tests.size()) out += of(theirs.tests[i], tests);
    at = own.tests[i].end;
  }
  out += program.substr(at);
  if (own.tests.size() != theirs.tests.size()) {
    while (out.ends_with('\n')) out.pop_back();
    out += '\n';
  }
  for (size_t i = own.tests.size(); i < theirs.tests.size(); ++i)
    out += "\n" + std::string(of(theirs.tests[i], tests)) + "\n";
  const int broken = std::max(syntax::syntax_of(syntax, path, program).errors,
                              syntax::syntax_of(syntax, path, tests).errors);
  if (syntax::syntax_of(syntax, path, out).errors > broken) return std::nullopt;
  return out;
}

}  // namespace nightjar::tools
