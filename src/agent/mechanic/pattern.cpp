#include "agent/mechanic/pattern.h"

#include <algorithm>

#include "agent/mechanic/brief_words.h"
#include "agent/mechanic/classifier.h"
#include "base/text.h"

namespace nightjar::agent::mechanic {

namespace {

constexpr size_t kMostPattern = 5000;
constexpr std::uint32_t kMostChildren = 5000;

struct Around {
  std::string_view before, after;
};

// Where an expression may stand in each language, then a statement, then a declaration.
std::vector<Around> contexts(Lang lang) {
  switch (family_of(lang)) {
    case Family::Python:
    case Family::Script:
      return {{"", "\n"}};
    case Family::Native:
      return {{"void f(void) { x = ", "; }\n"},
              {"void f(void) { ", " }\n"},
              {"void f(void) { ", "; }\n"},
              {"", "\n"}};
    case Family::Go:
      return {{"package p\nfunc f() { x = ", " }\n"},
              {"package p\nfunc f() {\n", "\n}\n"},
              {"package p\n", "\n"}};
    case Family::Java:
      return {{"class C { void f() { x = ", "; } }\n"},
              {"class C { void f() { ", " } }\n"},
              {"class C { void f() { ", "; } }\n"},
              {"class C { ", " }\n"}};
    case Family::Rust:
      return {{"fn f() { x = ", "; }\n"}, {"fn f() { ", " }\n"}, {"", "\n"}};
  }
  return {};
}

bool is_comment(TSNode node) { return type_of(node).find("comment") != std::string_view::npos; }

// Arguments that bind by more than their place.
bool is_special_argument(TSNode node) {
  return one_of(type_of(node),
                {"keyword_argument", "list_splat", "dictionary_splat", "spread_element",
                 "parenthesized_list_splat", "variadic_argument", "ERROR"});
}

std::vector<TSNode> children_of(TSNode node) {
  std::vector<TSNode> out;
  TSTreeCursor cursor = ts_tree_cursor_new(node);
  if (ts_tree_cursor_goto_first_child(&cursor)) {
    do {
      const TSNode child = ts_tree_cursor_current_node(&cursor);
      if (!is_comment(child)) out.push_back(child);
    } while (out.size() < kMostChildren && ts_tree_cursor_goto_next_sibling(&cursor));
  }
  ts_tree_cursor_delete(&cursor);
  // A trailing comma means nothing.
  if (out.size() >= 3 && type_of(out[out.size() - 2]) == "," &&
      one_of(type_of(out.back()), {")", "]", "}"}))
    out.erase(out.end() - 2);
  return out;
}

class Matcher {
 public:
  Matcher(const Pattern& pattern, std::string_view text, Captures& captures)
      : pattern_(pattern), text_(text), captures_(captures) {}

  bool match(TSNode want, TSNode have) {
    if (ts_node_is_null(have) || is_comment(have)) return false;
    if (const std::string name = pattern_.metavariable(want); !name.empty())
      return bind(name, have);
    const bool leaf = ts_node_child_count(want) == 0;
    const bool names =
        leaf && type_of(want).ends_with("identifier") && type_of(have).ends_with("identifier");
    if (!names && type_of(want) != type_of(have)) return false;
    if (leaf)
      return text_of(want, pattern_.source()) == text_of(have, text_) &&
             ts_node_child_count(have) == 0;
    return sequence(children_of(want), 0, children_of(have), 0);
  }

 private:
  bool bind(const std::string& name, TSNode have) {
    if (!ts_node_is_named(have) || is_special_argument(have)) return false;
    const Capture capture{ts_node_start_byte(have), ts_node_end_byte(have), have, false};
    const auto [entry, fresh] = captures_.emplace(name, capture);
    return fresh || text_.substr(entry->second.begin, entry->second.end - entry->second.begin) ==
                        text_.substr(capture.begin, capture.end - capture.begin);
  }

  bool is_list(TSNode node) const { return pattern_.metavariable(node).starts_with("$$$"); }

  bool sequence(const std::vector<TSNode>& want, size_t i, const std::vector<TSNode>& have,
                size_t j) {
    for (; i < want.size(); ++i, ++j) {
      if (is_list(want[i])) return run(want, i, have, j);
      const bool before_list =
          i + 1 < want.size() && type_of(want[i]) == "," && is_list(want[i + 1]);
      if (before_list && (j >= have.size() || type_of(have[j]) != ",")) {
        captures_[pattern_.metavariable(want[i + 1])] = {place(have, j), place(have, j), {}, true};
        return sequence(want, i + 2, have, j);
      }
      if (j >= have.size() || !match(want[i], have[j])) return false;
    }
    return j == have.size();
  }

  std::uint32_t place(const std::vector<TSNode>& have, size_t j) const {
    if (j < have.size()) return ts_node_start_byte(have[j]);
    return have.empty() ? 0 : ts_node_end_byte(have.back());
  }

  // The longest run for the list that lets the rest match.
  bool run(const std::vector<TSNode>& want, size_t i, const std::vector<TSNode>& have, size_t j) {
    const std::string name = pattern_.metavariable(want[i]);
    const Captures before = captures_;
    for (size_t end = have.size() + 1; end-- > j;) {
      const bool empty = end == j;
      if (!empty && (type_of(have[j]) == "," || type_of(have[end - 1]) == "," ||
                     !ts_node_is_named(have[end - 1]) || !ts_node_is_named(have[j])))
        continue;
      captures_ = before;
      Capture capture{place(have, j), place(have, j), {}, true};
      if (!empty)
        capture = {ts_node_start_byte(have[j]), ts_node_end_byte(have[end - 1]), {}, true};
      captures_[name] = capture;
      size_t next = i + 1;
      // An empty list takes the comma after it along.
      if (empty && next < want.size() && type_of(want[next]) == ",") ++next;
      if (sequence(want, next, have, end)) return true;
    }
    captures_ = before;
    return false;
  }

  const Pattern& pattern_;
  std::string_view text_;
  Captures& captures_;
};

}  // namespace

bool is_call(TSNode node) {
  return one_of(type_of(node), {"call", "call_expression", "method_invocation", "new_expression",
                                "object_creation_expression", "macro_invocation"});
}

TSNode callee_of(TSNode call) {
  for (std::string_view field : {"function", "name", "constructor", "type", "macro"}) {
    const TSNode node = child(call, field);
    if (!ts_node_is_null(node)) return node;
  }
  return {};
}

TSNode arguments_of(TSNode call) { return child(call, "arguments"); }

TSNode last_name(TSNode callee) {
  for (int depth = 0; depth < 50 && !ts_node_is_null(callee); ++depth) {
    if (ts_node_child_count(callee) == 0) return callee;
    TSNode next{};
    for (std::string_view field : {"attribute", "property", "field", "name", "function", "type"}) {
      next = child(callee, field);
      if (!ts_node_is_null(next)) break;
    }
    if (ts_node_is_null(next)) {
      const std::uint32_t count = ts_node_named_child_count(callee);
      if (count == 0) return callee;
      next = ts_node_named_child(callee, count - 1);
    }
    callee = next;
  }
  return callee;
}

std::optional<Pattern> Pattern::parse(Syntax& syntax, Lang lang, std::string_view text) {
  std::string code = trimmed(text);
  if (code.size() > 1 && code.back() == ';')
    code = trimmed(std::string_view(code).substr(0, code.size() - 1));
  if (code.empty() || code.size() > kMostPattern) return std::nullopt;
  Pattern out;
  auto names = metavariables(code);
  // The longest first: `$AB` is not `$A` and a B.
  std::ranges::sort(names, [](const auto& a, const auto& b) { return a.size() > b.size(); });
  for (const auto& name : names) {
    const bool list = name.starts_with("$$$");
    const std::string placeholder =
        (list ? "NjList_" : "NjNode_") + name.substr(list ? 3 : 1) + "_";
    out.names_[placeholder] = name;
    for (size_t at = 0; (at = code.find(name, at)) != std::string::npos; at += placeholder.size())
      code.replace(at, name.size(), placeholder);
  }
  for (const auto& [before, after] : contexts(lang)) {
    auto source =
        std::make_shared<const std::string>(std::string(before) + code + std::string(after));
    Tree tree = syntax.parse(lang, *source);
    if (!tree || ts_node_has_error(ts_tree_root_node(tree.get()))) continue;
    const auto begin = static_cast<std::uint32_t>(before.size());
    const auto end = static_cast<std::uint32_t>(before.size() + code.size());
    const TSNode node =
        ts_node_descendant_for_byte_range(ts_tree_root_node(tree.get()), begin, end);
    if (ts_node_is_null(node) || ts_node_start_byte(node) != begin ||
        ts_node_end_byte(node) != end || !ts_node_is_named(node))
      continue;
    if (type_of(node) == "comment") continue;
    out.source_ = std::move(source);
    out.tree_ = std::shared_ptr<TSTree>(tree.release(), ts_tree_delete);
    out.root_ = node;
    return out;
  }
  return std::nullopt;
}

std::string Pattern::metavariable(TSNode node) const {
  const auto found = names_.find(text_of(node, source()));
  return found == names_.end() || !ts_node_is_named(node) ? "" : found->second;
}

TSNode Pattern::callee() const { return is_call(root_) ? callee_of(root_) : TSNode{}; }
TSNode Pattern::callee_name() const {
  const TSNode node = callee();
  return ts_node_is_null(node) ? node : last_name(node);
}
TSNode Pattern::arguments() const { return is_call(root_) ? arguments_of(root_) : TSNode{}; }

TSNode Pattern::literal_node() const {
  if (const TSNode name = callee_name(); !ts_node_is_null(name) && metavariable(name).empty())
    return name;
  TSNode best{};
  walk_all(root_, [&](const Path& path) {
    const TSNode node = path.back().node;
    if (ts_node_child_count(node) > 0 || !path.back().type.ends_with("identifier") ||
        !metavariable(node).empty())
      return true;
    if (ts_node_is_null(best) || text_of(node, source()).size() > text_of(best, source()).size())
      best = node;
    return true;
  });
  return best;
}

std::string Pattern::literal() const { return std::string(text_of(literal_node(), source())); }

size_t Pattern::literal_depth() const {
  const TSNode leaf = literal_node();
  size_t depth = 0;
  walk_all(root_, [&](const Path& path) {
    if (ts_node_eq(path.back().node, leaf)) depth = path.size() - 1;
    return depth == 0;
  });
  return depth;
}

bool matches(const Pattern& pattern, TSNode pattern_node, TSNode node, std::string_view text,
             Captures& captures) {
  captures.clear();
  return Matcher(pattern, text, captures).match(pattern_node, node);
}

}  // namespace nightjar::agent::mechanic
