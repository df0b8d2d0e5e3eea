#include "agent/mechanic/rewrite.h"

#include <algorithm>

#include "agent/mechanic/brief_words.h"
#include "agent/mechanic/classifier.h"

namespace nightjar::agent::mechanic {

namespace {

constexpr int kMostNesting = 100;
constexpr size_t kMostGrowth = 64;  // texts inside of one match, as multiples of it

bool is_operator_like(std::string_view type) {
  return type.find("binary") != std::string_view::npos ||
         type.find("unary") != std::string_view::npos ||
         one_of(type, {"comparison_operator",
                       "boolean_operator",
                       "not_operator",
                       "attribute",
                       "member_expression",
                       "field_expression",
                       "selector_expression",
                       "field_access",
                       "subscript",
                       "subscript_expression",
                       "index_expression",
                       "await",
                       "await_expression",
                       "cast_expression",
                       "as_expression",
                       "type_cast_expression",
                       "pointer_expression",
                       "update_expression",
                       "reference_expression",
                       "try_expression",
                       "conditional_expression",
                       "ternary_expression",
                       "method_reference",
                       "instanceof_expression",
                       "range_expression"});
}

// Needs no brackets wherever it is put.
bool is_atomic(std::string_view type) {
  return type.ends_with("identifier") || type.ends_with("literal") ||
         type.find("string") != std::string_view::npos ||
         one_of(type, {"call",
                       "call_expression",
                       "method_invocation",
                       "attribute",
                       "member_expression",
                       "field_expression",
                       "selector_expression",
                       "field_access",
                       "subscript",
                       "subscript_expression",
                       "index_expression",
                       "parenthesized_expression",
                       "integer",
                       "float",
                       "number",
                       "true",
                       "false",
                       "none",
                       "null",
                       "nil",
                       "this",
                       "self",
                       "list",
                       "dictionary",
                       "set",
                       "tuple",
                       "array",
                       "object",
                       "object_creation_expression",
                       "macro_invocation",
                       "scoped_identifier",
                       "qualified_identifier",
                       "composite_literal",
                       "array_access",
                       "super",
                       "null_literal"});
}

class Rewriter {
 public:
  Rewriter(const Rule& rule, TSNode root, std::string_view text,
           const std::vector<Binding>& bindings, Lang lang)
      : rule_(rule), root_(root), text_(text), bindings_(bindings), lang_(lang) {}

  FileRewrite run(const std::vector<std::uint32_t>& places) {
    if (rule_.pattern.literal().empty()) {
      walk_all(root_, [&](const Path& path) {
        consider(path, path.size() - 1);
        return true;
      });
    } else {
      const size_t depth = rule_.pattern.literal_depth();
      walk_to(root_, places, static_cast<std::uint32_t>(rule_.pattern.literal().size()),
              [&](std::uint32_t, const Path& path) {
                if (path.size() > depth && consider(path, path.size() - 1 - depth)) return;
                if (rule_.plain_callee) consider_qualified(path);
              });
    }
    std::ranges::sort(found_, [](const Match& a, const Match& b) {
      return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
    });
    for (size_t i = 0; i < found_.size();) {
      const Match& match = found_[i];
      allowed_ = kMostGrowth * (match.end - match.begin);
      if (auto edits = edits_for(match, 0)) {
        ++out_.replaced;
        std::ranges::move(*edits, std::back_inserter(out_.edits));
      } else {
        out_.left.emplace_back(match.begin, "comment_in_call");
      }
      const std::uint32_t end = match.end;
      ++i;
      while (i < found_.size() && found_[i].begin < end) ++i;  // inside of it: done with it
    }
    return std::move(out_);
  }

 private:
  bool consider(const Path& path, size_t level) {
    const TSNode node = path[level].node;
    Captures captures;
    if (!matches(rule_.pattern, rule_.pattern.root(), node, text_, captures)) return false;
    if (inside_replacement(path)) {
      out_.left.emplace_back(ts_node_start_byte(node), "inside_replacement");
      return true;
    }
    // A bare name as pattern means uses, not the declaration.
    Match match{ts_node_start_byte(node),
                ts_node_end_byte(node),
                node,
                level > 0 ? path[level - 1].node : TSNode{},
                std::move(captures),
                "",
                0};
    add(std::move(match), path);
    return true;
  }

  void add(Match match, const Path& path) {
    out_.names.push_back(path.back().begin());
    found_.push_back(std::move(match));
  }

  // `util.old(a, b)` where the pattern says `old($A, $B)` and `util` is a module.
  void consider_qualified(const Path& path) {
    if (path.size() < 3) return;
    for (size_t level = path.size() - 2; level > 0 && level + 4 > path.size(); --level) {
      const TSNode call = path[level - 1].node;
      const TSNode callee = path[level].node;
      const bool java = type_of(callee) == "method_invocation";
      const TSNode owner = java ? callee : call;
      if (!is_call(owner) || type_of(owner) == "new_expression") continue;
      const TSNode target = java ? callee : callee_of(call);
      if (!java && !ts_node_eq(target, callee)) continue;
      if (!qualifies(path.back(), java ? child(callee, "object") : callee)) return;
      Captures captures;
      if (!matches(rule_.pattern, rule_.pattern.arguments(), arguments_of(owner), text_, captures))
        return;
      if (inside_replacement(path)) {
        out_.left.emplace_back(ts_node_start_byte(owner), "inside_replacement");
        return;
      }
      const std::uint32_t begin = ts_node_start_byte(owner);
      Match match{begin,
                  ts_node_end_byte(owner),
                  owner,
                  level > 1 ? path[level - (java ? 1 : 2)].node : TSNode{},
                  std::move(captures),
                  std::string(text_.substr(begin, path.back().begin() - begin)),
                  path.back().end()};
      add(std::move(match), path);
      return;
    }
  }

  // The qualifier before the name is a module, a namespace or (in Java) a class: not a value.
  bool qualifies(const Frame& name, TSNode callee) const {
    if (ts_node_is_null(callee)) return false;
    const auto type = type_of(callee);
    const Family family = family_of(lang_);
    if (family == Family::Native || family == Family::Rust)
      return one_of(type, {"qualified_identifier", "scoped_identifier"});
    if (family == Family::Java)
      return !text_of(callee, text_).empty() &&
             isupper(static_cast<unsigned char>(text_of(callee, text_)[0]));
    if (!one_of(type, {"attribute", "member_expression", "selector_expression"})) return false;
    const auto whole = text_of(callee, text_);
    const auto before = whole.substr(
        0, whole.size() - std::min(whole.size(), static_cast<size_t>(name.end() - name.begin())));
    const auto root = before.substr(0, before.find('.'));
    if (before.find('(') != std::string_view::npos) return false;
    return std::ranges::any_of(bindings_,
                               [&root](const Binding& binding) { return binding.local == root; });
  }

  // In the body of what the call becomes: rewriting it would make it call itself.
  bool inside_replacement(const Path& path) const {
    if (rule_.new_callee.empty() || rule_.new_callee == rule_.old_callee) return false;
    return std::ranges::any_of(path, [this](const Frame& frame) {
      if (!one_of(frame.type, {"function_definition", "function_declaration", "method_definition",
                               "method_declaration", "function_item",
                               "generator_function_declaration", "variable_declarator"})) {
        return false;
      }
      TSNode name = child(frame.node, "name");
      if (ts_node_is_null(name)) name = child(frame.node, "declarator");
      while (!ts_node_is_null(name) && !ts_node_is_null(child(name, "declarator")))
        name = child(name, "declarator");
      if (ts_node_is_null(name)) return false;
      return text_of(last_name(name), text_) == rule_.new_callee;
    });
  }

  bool has_comment_outside(const Match& match) const {
    bool found = false;
    walk_all(match.node, [&](const Path& path) {
      const Frame& frame = path.back();
      const bool captured = std::ranges::any_of(match.captures, [&](const auto& entry) {
        return frame.begin() >= entry.second.begin && frame.end() <= entry.second.end &&
               entry.second.end > entry.second.begin;
      });
      if (captured) return false;
      if (frame.type.find("comment") != std::string_view::npos) found = true;
      return !found;
    });
    return found;
  }

  // The text of a range, with what matches inside of it replaced.
  std::string rewritten(std::uint32_t begin, std::uint32_t end, int depth) {
    std::vector<Edit> edits;
    auto i = std::ranges::lower_bound(found_, begin, {}, &Match::begin);
    // A metavariable that is used twice doubles what is nested: bounded, since the text may be a
    // stranger's trap.
    if (allowed_ < end - begin)
      depth = kMostNesting;
    else
      allowed_ -= end - begin;
    while (depth < kMostNesting && i != found_.end() && i->begin < end) {
      if (i->end > end) {
        ++i;
        continue;
      }
      const std::uint32_t stop = i->end;
      if (auto inner = edits_for(*i, depth + 1)) {
        ++out_.replaced;
        std::ranges::move(*inner, std::back_inserter(edits));
      } else {
        out_.left.emplace_back(i->begin, "comment_in_call");
      }
      while (i != found_.end() && i->begin < stop) ++i;
    }
    for (auto& edit : edits) {
      edit.begin -= begin;
      edit.end -= begin;
    }
    return with_edits(text_.substr(begin, end - begin), std::move(edits));
  }

  // nullopt where the match cannot be rewritten without losing a comment.
  std::optional<std::vector<Edit>> edits_for(const Match& match, int depth) {
    if (auto edits = in_place(match, depth)) return edits;
    if (has_comment_outside(match)) return std::nullopt;
    std::string text = instantiate(rule_.replacement.root(), match, depth);
    const auto root_type = type_of(rule_.replacement.root());
    const bool bare = !rule_.replacement.metavariable(rule_.replacement.root()).empty();
    if (!bare && !is_atomic(root_type) && is_operator_like(type_of(match.parent)))
      text = "(" + text + ")";
    return std::vector<Edit>{{match.begin, match.end, std::move(text)}};
  }

  // A call that becomes a call with as many arguments: only what differs is touched, so layout,
  // comments and a trailing comma stay.
  std::optional<std::vector<Edit>> in_place(const Match& match, int depth) {
    const TSNode from = rule_.pattern.arguments(), to = rule_.replacement.arguments();
    if (ts_node_is_null(from) || ts_node_is_null(to)) return std::nullopt;
    if (type_of(rule_.pattern.root()) != type_of(rule_.replacement.root())) return std::nullopt;
    const TSNode have = arguments_of(match.node);
    const auto wanted = arguments(from), wished = arguments(to), present = arguments(have);
    if (wanted.size() != wished.size() || wanted.size() != present.size()) return std::nullopt;
    for (const TSNode node : wanted) {
      if (rule_.pattern.metavariable(node).starts_with("$$$")) return std::nullopt;
    }
    for (const TSNode node : wished) {
      if (text_of(node, rule_.replacement.source()).find("NjList_") != std::string_view::npos)
        return std::nullopt;
    }
    std::vector<Edit> edits;
    const auto head_begin = match.begin;
    const auto head_end = ts_node_start_byte(have);
    const TSNode head = rule_.replacement.root();
    std::string text = match.qualifier + instantiate_range(ts_node_start_byte(head),
                                                           ts_node_start_byte(to), match, depth);
    if (text_.substr(head_begin, head_end - head_begin) != text) {
      // Blanks between callee and bracket stay.
      auto old_head = text_.substr(head_begin, head_end - head_begin);
      while (!old_head.empty() && isspace(static_cast<unsigned char>(old_head.back())))
        old_head.remove_suffix(1);
      while (!text.empty() && isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
      edits.push_back(
          {head_begin, head_begin + static_cast<std::uint32_t>(old_head.size()), std::move(text)});
    }
    for (size_t i = 0; i < wished.size(); ++i) {
      const auto begin = ts_node_start_byte(present[i]), end = ts_node_end_byte(present[i]);
      std::string argument = instantiate(wished[i], match, depth);
      if (text_.substr(begin, end - begin) != argument)
        edits.push_back({begin, end, std::move(argument)});
    }
    return edits;
  }

  static std::vector<TSNode> arguments(TSNode list) {
    std::vector<TSNode> out;
    for (std::uint32_t i = 0; i < ts_node_named_child_count(list); ++i) {
      const TSNode node = ts_node_named_child(list, i);
      if (type_of(node).find("comment") == std::string_view::npos) out.push_back(node);
    }
    return out;
  }

  std::string instantiate(TSNode node, const Match& match, int depth) {
    const bool whole = ts_node_eq(node, rule_.replacement.root());
    const std::string text =
        instantiate_range(ts_node_start_byte(node), ts_node_end_byte(node), match, depth);
    return whole ? match.qualifier + text : text;
  }

  // The replacement's text with its metavariables filled in.
  std::string instantiate_range(std::uint32_t begin, std::uint32_t end, const Match& match,
                                int depth) {
    std::string out;
    std::uint32_t at = begin;
    const auto source = rule_.replacement.source();
    for (const auto& [place, stop, parent] : metavariables_in(begin, end)) {
      const std::string name = rule_.replacement.metavariable(
          ts_node_descendant_for_byte_range(rule_.replacement.root(), place, stop));
      const auto capture = match.captures.find(name);
      if (capture == match.captures.end()) continue;
      out.append(source.substr(at, place - at));
      at = stop;
      const Capture& value = capture->second;
      if (value.list && value.begin == value.end) {
        drop_comma(out, source, at, end);
        continue;
      }
      const std::string text = rewritten(value.begin, value.end, depth);
      const bool root = place == ts_node_start_byte(rule_.replacement.root()) &&
                        stop == ts_node_end_byte(rule_.replacement.root());
      const auto around = root ? type_of(match.parent) : std::string_view(parent);
      const bool brackets =
          !value.list && is_operator_like(around) && !is_atomic(type_of(value.node));
      out += brackets ? "(" + text + ")" : text;
    }
    return out.append(source.substr(at, end - at));
  }

  // An empty list takes one comma with it.
  static void drop_comma(std::string& out, std::string_view source, std::uint32_t& at,
                         std::uint32_t end) {
    std::string trimmed_out = out;
    while (!trimmed_out.empty() && isspace(static_cast<unsigned char>(trimmed_out.back())))
      trimmed_out.pop_back();
    if (!trimmed_out.empty() && trimmed_out.back() == ',') {
      trimmed_out.pop_back();
      out = std::move(trimmed_out);
      return;
    }
    std::uint32_t next = at;
    while (next < end && isspace(static_cast<unsigned char>(source[next]))) ++next;
    if (next >= end || source[next] != ',') return;
    ++next;
    while (next < end && source[next] == ' ') ++next;
    at = next;
  }

  struct Slot {
    std::uint32_t begin, end;
    std::string parent;
  };
  std::vector<Slot> metavariables_in(std::uint32_t begin, std::uint32_t end) const {
    std::vector<Slot> out;
    walk_all(rule_.replacement.root(), [&](const Path& path) {
      const Frame& frame = path.back();
      if (frame.begin() < begin || frame.end() > end)
        return frame.end() > begin && frame.begin() < end;
      if (rule_.replacement.metavariable(frame.node).empty()) return true;
      out.push_back({frame.begin(), frame.end(),
                     path.size() > 1 ? std::string(path[path.size() - 2].type) : ""});
      return false;
    });
    return out;
  }

  const Rule& rule_;
  TSNode root_;
  std::string_view text_;
  const std::vector<Binding>& bindings_;
  Lang lang_;
  std::vector<Match> found_;
  FileRewrite out_;
  size_t allowed_ = 0;  // bytes that may still be rewritten inside of the match at hand
};

}  // namespace

std::optional<Rule> make_rule(Syntax& syntax, Lang lang, std::string_view pattern,
                              std::string_view replacement) {
  auto from = Pattern::parse(syntax, lang, pattern);
  auto to = Pattern::parse(syntax, lang, replacement);
  if (!from || !to) return std::nullopt;
  if (!from->metavariable(from->root()).empty()) return std::nullopt;  // would match everything
  Rule rule{std::move(*from), std::move(*to), "", "", false};
  const auto bare = [](TSNode callee) {
    return !ts_node_is_null(callee) && ts_node_child_count(callee) == 0;
  };
  const TSNode old_name = rule.pattern.callee_name(), new_name = rule.replacement.callee_name();
  if (!ts_node_is_null(old_name) && rule.pattern.metavariable(old_name).empty())
    rule.old_callee = std::string(text_of(old_name, rule.pattern.source()));
  if (!ts_node_is_null(new_name) && rule.replacement.metavariable(new_name).empty())
    rule.new_callee = std::string(text_of(new_name, rule.replacement.source()));
  const bool no_object = ts_node_is_null(child(rule.pattern.root(), "object")) &&
                         ts_node_is_null(child(rule.replacement.root(), "object"));
  rule.plain_callee = !rule.old_callee.empty() && !rule.new_callee.empty() &&
                      bare(rule.pattern.callee()) && bare(rule.replacement.callee()) && no_object;
  return rule;
}

FileRewrite rewrite(const Rule& rule, TSNode root, std::string_view text,
                    const std::vector<std::uint32_t>& places, const std::vector<Binding>& bindings,
                    Lang lang) {
  return Rewriter(rule, root, text, bindings, lang).run(places);
}

}  // namespace nightjar::agent::mechanic
