// An assertion that is sure to fail, of one that is there: the value that it asks for becomes
// another. Values of the same type where they are written down, so that what compares only such
// values is asked, too.
#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"
#include "tools/canary_search.h"

namespace nightjar::tools::canary {

namespace {

Edits before_and_after(TSNode node, std::string before, std::string after) {
  return {{ts_node_start_byte(node), std::move(before)},
          {ts_node_end_byte(node), std::move(after)}};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// 5 is 6 then, 3.14 is 4.14; what begins with 0x or 0b stays.
Edits other_number(const Search& in, TSNode node) {
  const std::string_view text = in.of(node);
  if (text.empty() || !is_digit(text[0])) return {};
  if (text.size() > 1 && text[0] == '0' && text[1] != '.') return {};
  const char digit = text[0] == '9' ? '8' : static_cast<char>(text[0] + 1);
  return {{ts_node_start_byte(node), std::string(1, digit), 1}};
}

Edits other_string(const Search& in, TSNode node) {
  const std::string_view text = in.of(node);
  const size_t quote = text.find_first_of("\"'`");
  if (quote == std::string_view::npos) return {};
  const bool three =
      text.substr(quote).starts_with("\"\"\"") || text.substr(quote).starts_with("'''");
  return {{ts_node_start_byte(node) + quote + (three ? 3 : 1), in.why}};
}

// Another value in the place of one that is written down; empty where it is not.
Edits other_value(const Search& in, TSNode node, int depth = 0) {
  const std::string_view type = type_of(node);
  if (depth > 8) return {};
  if (type == "integer" || type == "float" || type == "number" || type == "number_literal")
    return other_number(in, node);
  if (type == "string" || type == "template_string" || type == "string_literal")
    return other_string(in, node);
  if (type == "pair") return other_value(in, child(node, "value"), depth + 1);
  constexpr std::array<std::string_view, 9> kHolders{"list",
                                                     "tuple",
                                                     "set",
                                                     "dictionary",
                                                     "array",
                                                     "object",
                                                     "parenthesized_expression",
                                                     "unary_operator",
                                                     "unary_expression"};
  if (std::ranges::find(kHolders, type) == kHolders.end()) return {};
  if (in.of(node).starts_with('!') || in.of(node).starts_with('~')) return {};
  for (const TSNode held : statements(node)) {
    if (auto edits = other_value(in, held, depth + 1); !edits.empty()) return edits;
  }
  return {};
}

bool is_written_down(std::string_view type) {
  constexpr std::array<std::string_view, 20> kTypes{
      "integer",        "float",           "number", "number_literal", "string", "template_string",
      "list",           "tuple",           "set",    "true",           "false",  "none",
      "dictionary",     "array",           "object", "string_literal", "null",   "undefined",
      "unary_operator", "unary_expression"};
  return std::ranges::find(kTypes, type) != kTypes.end();
}

// Of two that must be equal, the one that is the answer is made another. What a call gives is
// asked for still: it may be what bends the assertion. `nothing` equals no value; "" where the
// language has none.
Edits unequal(const Search& in, TSNode left, TSNode right, const std::string& nothing) {
  const TSNode answer =
      is_written_down(type_of(left)) && !is_written_down(type_of(right)) ? left : right;
  if (auto edits = other_value(in, answer); !edits.empty()) return edits;
  if (nothing.empty()) return {};
  return before_and_after(answer, "[", ", " + nothing + "][1]");
}

std::string_view operator_of(const Search& in, TSNode compared) {
  return in.of(child(compared, "operator"));
}

// --- Python

Edits python_assertion(const Search& in, TSNode statement) {
  if (type_of(statement) == "assert_statement") {
    const TSNode said = first_child(statement);
    if (type_of(said) == "comparison_operator" && ts_node_child_count(said) == 3 &&
        in.of(ts_node_child(said, 1)) == "==")
      return unequal(in, ts_node_child(said, 0), ts_node_child(said, 2), "object()");
    return before_and_after(said, "[", ", False][1]");
  }
  const TSNode called = first_child(statement);
  if (type_of(statement) != "expression_statement" || type_of(called) != "call") return {};
  const std::string_view function = in.of(child(called, "function"));
  if (!function.starts_with("self.assert")) return {};
  const auto arguments = statements(child(called, "arguments"));
  for (const TSNode argument : arguments) {
    if (type_of(argument).ends_with("splat")) return {};
  }
  if (arguments.empty() || type_of(arguments[0]) == "keyword_argument") return {};
  if (function == "self.assertTrue") return before_and_after(arguments[0], "[", ", False][1]");
  if (function == "self.assertFalse") return before_and_after(arguments[0], "[", ", True][1]");
  if (arguments.size() < 2 || type_of(arguments[1]) == "keyword_argument") return {};
  if (!function.ends_with("Equal") && !function.ends_with("Equals")) return {};
  if (function.find("Not") != std::string_view::npos) return {};
  // assertListEqual and its like want their types.
  const bool any = function == "self.assertEqual" || function == "self.assertEquals";
  return unequal(in, arguments[0], arguments[1], any ? "object()" : "");
}

void python_assertions(const Search& in, TSNode block, Edits& last, int depth) {
  for (const TSNode statement : statements(block)) {
    const std::string_view type = type_of(statement);
    if ((type == "for_statement" || type == "with_statement") && depth < 8) {
      const std::string_view head = in.of(statement).substr(0, in.of(statement).find('\n'));
      const bool told_apart = head.find("aises") != std::string_view::npos ||
                              head.find("subTest") != std::string_view::npos ||
                              head.find("suppress") != std::string_view::npos;
      if (!told_apart) python_assertions(in, child(statement, "body"), last, depth + 1);
    } else if (auto edits = python_assertion(in, statement); !edits.empty()) {
      last = std::move(edits);
    }
  }
}

// --- JavaScript

Edits script_condition(const Search& in, TSNode said, const std::string& nothing) {
  const std::string_view by = operator_of(in, said);
  if (type_of(said) == "binary_expression" && (by == "===" || by == "=="))
    return unequal(in, child(said, "left"), child(said, "right"), nothing);
  return before_and_after(said, "[", ", false][1]");
}

Edits script_assertion(const Search& in, TSNode node) {
  if (type_of(node) == "expression_statement") node = first_child(node);
  if (type_of(node) == "await_expression") node = first_child(node);
  if (type_of(node) != "call_expression") return {};
  const TSNode callee = child(node, "function");
  const auto arguments = statements(child(node, "arguments"));
  if (arguments.empty() || type_of(arguments[0]) == "spread_element") return {};
  const bool typed = in.path.ends_with("ts") || in.path.ends_with("tsx");
  const std::string nothing = typed ? "Symbol() as any" : "Symbol()";
  const std::string_view whole = in.of(callee);
  if (whole == "assert" || whole == "assert.ok") return script_condition(in, arguments[0], nothing);
  if (type_of(callee) != "member_expression") return {};
  const std::string_view property = in.of(child(callee, "property"));
  const std::string_view object = in.of(child(callee, "object"));
  constexpr std::array<std::string_view, 4> kEqual{"equal", "strictEqual", "deepEqual",
                                                   "deepStrictEqual"};
  constexpr std::array<std::string_view, 6> kToBe{"toBe",  "toEqual", "toStrictEqual",
                                                  "equal", "eql",     "equals"};
  if (object.starts_with("expect(")) {
    const bool turned = object.find(".not") != std::string_view::npos ||
                        object.find(".rejects") != std::string_view::npos;
    if (turned || std::ranges::find(kToBe, property) == kToBe.end()) return {};
    if (auto edits = other_value(in, arguments[0]); !edits.empty()) return edits;
    return before_and_after(arguments[0], "[", ", " + nothing + "][1]");
  }
  const bool asserts = object == "assert" || object == "t" || object.ends_with(".assert") ||
                       object == "assert.strict";
  if (!asserts || arguments.size() < 2 || std::ranges::find(kEqual, property) == kEqual.end())
    return {};
  return unequal(in, arguments[0], arguments[1], nothing);
}

void script_assertions(const Search& in, TSNode block, Edits& last, int depth) {
  for (const TSNode statement : statements(block)) {
    const std::string_view type = type_of(statement);
    if ((type == "for_statement" || type == "for_in_statement") && depth < 8) {
      const TSNode body = child(statement, "body");
      if (type_of(body) == "statement_block") script_assertions(in, body, last, depth + 1);
    } else if (auto edits = script_assertion(in, statement); !edits.empty()) {
      last = std::move(edits);
    }
  }
}

// --- C and C++

Edits native_condition(const Search& in, TSNode said) {
  if (type_of(said) == "binary_expression" && operator_of(in, said) == "==") {
    if (auto edits = unequal(in, child(said, "left"), child(said, "right"), ""); !edits.empty())
      return edits;
  }
  return before_and_after(said, "((", ") && 0)");
}

Edits native_assertion(const Search& in, TSNode statement) {
  TSNode called = statement;
  if (type_of(called) == "expression_statement") called = first_child(called);
  if (type_of(called) == "binary_expression") {  // EXPECT_EQ(a, b) << "more"
    while (type_of(called) == "binary_expression") called = child(called, "left");
  }
  if (type_of(called) != "call_expression") return {};
  const std::string_view function = in.of(child(called, "function"));
  const auto arguments = statements(child(called, "arguments"));
  constexpr std::array<std::string_view, 6> kConditions{"assert", "EXPECT_TRUE", "ASSERT_TRUE",
                                                        "CHECK",  "REQUIRE",     "g_assert"};
  constexpr std::array<std::string_view, 4> kEqual{"EXPECT_EQ", "ASSERT_EQ", "EXPECT_STREQ",
                                                   "ASSERT_STREQ"};
  if (arguments.size() == 1 && std::ranges::find(kConditions, function) != kConditions.end())
    return native_condition(in, arguments[0]);
  if (arguments.size() == 2 && std::ranges::find(kEqual, function) != kEqual.end())
    return unequal(in, arguments[0], arguments[1], "");
  return {};
}

void native_assertions(const Search& in, TSNode block, Edits& last, int depth) {
  for (const TSNode statement : statements(block)) {
    const std::string_view type = type_of(statement);
    if ((type == "for_statement" || type == "for_range_loop") && depth < 8) {
      const TSNode body = child(statement, "body");
      if (type_of(body) == "compound_statement") native_assertions(in, body, last, depth + 1);
    } else if (auto edits = native_assertion(in, statement); !edits.empty()) {
      last = std::move(edits);
    }
  }
}

// --- Rust

using Tokens = std::vector<TSNode>;

std::vector<Tokens> arguments_of_macro(const Search& in, TSNode tree) {
  std::vector<Tokens> out(1);
  const uint32_t count = ts_node_child_count(tree);
  for (uint32_t i = 1; i + 1 < count; ++i) {
    const TSNode token = ts_node_child(tree, i);
    if (in.of(token) == ",")
      out.emplace_back();
    else
      out.back().push_back(token);
  }
  return out;
}

// 255 is 254 then: the next might not fit into its type.
Edits other_rust_number(const Search& in, TSNode node) {
  const std::string_view text = in.of(node);
  size_t end = 0;
  while (end < text.size() && (is_digit(text[end]) || text[end] == '_')) ++end;
  while (end > 0 && text[end - 1] == '_') --end;
  const bool prefixed = end == 1 && text.size() > 1 && text[0] == '0' && text[1] != '.' &&
                        text[1] != 'u' && text[1] != 'i';
  if (end == 0 || prefixed || !is_digit(text[end - 1])) return {};
  const char digit = text[end - 1] == '0' ? '1' : static_cast<char>(text[end - 1] - 1);
  return {{ts_node_start_byte(node) + end - 1, std::string(1, digit), 1}};
}

Edits other_rust_value(const Search& in, const Tokens& argument) {
  const bool negative = argument.size() == 2 && in.of(argument[0]) == "-";
  if (argument.size() != 1 && !negative) return {};
  const TSNode value = argument.back();
  const std::string_view type = type_of(value);
  if (type == "integer_literal" || type == "float_literal") return other_rust_number(in, value);
  if (type == "string_literal" && in.of(value).starts_with('"'))
    return {{ts_node_start_byte(value) + 1, in.why}};
  if (type == "boolean_literal") {
    const std::string_view text = in.of(value);
    return {{ts_node_start_byte(value), text == "true" ? "false" : "true", text.size()}};
  }
  return {};
}

Edits rust_assertion(const Search& in, TSNode statement) {
  TSNode called = statement;
  if (type_of(called) == "expression_statement") called = first_child(called);
  if (type_of(called) != "macro_invocation" || in.of(child(called, "macro")) != "assert_eq")
    return {};
  const uint32_t count = ts_node_child_count(called);
  const TSNode tree = ts_node_child(called, count - 1);
  if (type_of(tree) != "token_tree") return {};
  const auto arguments = arguments_of_macro(in, tree);
  if (arguments.size() < 2) return {};
  if (auto edits = other_rust_value(in, arguments[1]); !edits.empty()) return edits;
  return other_rust_value(in, arguments[0]);
}

}  // namespace

Edits falsified_rust(const Search& in, TSNode block) {
  Edits out;
  for (const TSNode statement : statements(block)) {
    if (auto edits = rust_assertion(in, statement); !edits.empty()) out = std::move(edits);
  }
  return out;
}

Edits falsified_python(const Search& in, TSNode block) {
  Edits out;
  python_assertions(in, block, out, 0);
  return out;
}

Edits falsified_script(const Search& in, TSNode body) {
  Edits out;
  if (type_of(body) == "statement_block" || type_of(body) == "program")
    script_assertions(in, body, out, 0);
  else
    out = script_assertion(in, body);
  return out;
}

Edits falsified_native(const Search& in, TSNode block) {
  Edits out;
  native_assertions(in, block, out, 0);
  return out;
}

}  // namespace nightjar::tools::canary
