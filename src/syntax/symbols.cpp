#include "syntax/symbols.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"

namespace nightjar::syntax {

namespace {

constexpr size_t kLongestHead = 160, kMostOfALine = 4 * kLongestHead;

struct Definition {
  std::string_view node, kind;
  std::string_view name_field = "name";
};

const std::vector<Definition>& definitions(Lang lang) {
  static const std::vector<Definition> python{{"class_definition", "class"},
                                              {"function_definition", "function"}};
  static const std::vector<Definition> script{
      {"class_declaration", "class"},         {"abstract_class_declaration", "class"},
      {"function_declaration", "function"},   {"generator_function_declaration", "function"},
      {"method_definition", "method"},        {"abstract_method_signature", "method"},
      {"interface_declaration", "interface"}, {"type_alias_declaration", "type"},
      {"enum_declaration", "enum"},           {"internal_module", "namespace"}};
  static const std::vector<Definition> native{{"function_definition", "function", "declarator"},
                                              {"class_specifier", "class"},
                                              {"struct_specifier", "struct"},
                                              {"union_specifier", "union"},
                                              {"enum_specifier", "enum"},
                                              {"namespace_definition", "namespace"},
                                              {"type_definition", "type", "declarator"},
                                              {"alias_declaration", "type"},
                                              {"concept_definition", "concept"},
                                              {"field_declaration", "method", "declarator"},
                                              {"declaration", "function", "declarator"},
                                              {"preproc_function_def", "macro"}};
  static const std::vector<Definition> go{{"function_declaration", "function"},
                                          {"method_declaration", "method"},
                                          {"type_spec", "type"},
                                          {"type_alias", "type"}};
  static const std::vector<Definition> java{{"class_declaration", "class"},
                                            {"interface_declaration", "interface"},
                                            {"enum_declaration", "enum"},
                                            {"record_declaration", "record"},
                                            {"annotation_type_declaration", "annotation"},
                                            {"method_declaration", "method"},
                                            {"constructor_declaration", "constructor"}};
  static const std::vector<Definition> rust{
      {"function_item", "function"}, {"function_signature_item", "function"},
      {"struct_item", "struct"},     {"enum_item", "enum"},
      {"union_item", "union"},       {"trait_item", "trait"},
      {"impl_item", "impl", "type"}, {"mod_item", "module"},
      {"type_item", "type"},         {"macro_definition", "macro"}};
  switch (family_of(lang)) {
    case Family::Python:
      return python;
    case Family::Script:
      return script;
    case Family::Native:
      return native;
    case Family::Go:
      return go;
    case Family::Java:
      return java;
    case Family::Rust:
      return rust;
  }
  return python;
}

// The name inside a declarator of C: `int *(*f)(void)`, `Reader::next() const`. "" where it
// declares no function and `functions_only`.
std::string declared_name(TSNode node, std::string_view text, bool functions_only) {
  bool function = false;
  for (int i = 0; i < 20 && !ts_node_is_null(node); ++i) {
    const std::string_view type = type_of(node);
    if (type == "function_declarator") function = true;
    if (type == "identifier" || type == "field_identifier" || type == "type_identifier" ||
        type == "qualified_identifier" || type == "destructor_name" || type == "operator_name" ||
        type == "template_function" || type == "operator_cast")
      return function || !functions_only ? std::string(text_of(node, text)) : "";
    TSNode next = child(node, "declarator");
    if (ts_node_is_null(next) && ts_node_named_child_count(node) > 0)
      next = ts_node_named_child(node, 0);
    node = next;
  }
  return "";
}

std::string head_of(std::string_view text, std::uint32_t begin) {
  // A line may be the whole file, and this is asked for each symbol in it.
  const std::string_view line = text.substr(begin, kMostOfALine);
  std::string head = trimmed(line.substr(0, line.find('\n')));
  while (head.ends_with('{') || head.ends_with(':') || head.ends_with(' ')) head.pop_back();
  return shortened(inert(head), kLongestHead);
}

// const f = () => ...: a function by another spelling.
bool is_function_value(TSNode node) {
  const std::string_view type = type_of(child(node, "value"));
  return type == "arrow_function" || type == "function_expression" || type == "function";
}

class Collector {
 public:
  Collector(Lang lang, std::string_view text, const SymbolLimits& limits)
      : native_(family_of(lang) == Family::Native),
        definitions_(definitions(lang)),
        text_(text),
        limits_(limits) {}

  bool full() const { return out.size() >= limits_.most; }

  void visit(TSNode node, std::string_view type) {
    std::string kind, name;
    if (type == "variable_declarator" && is_function_value(node)) {
      kind = "function";
      name = text_of(child(node, "name"), text_);
    } else {
      const auto found = std::ranges::find(definitions_, type, &Definition::node);
      if (found == definitions_.end()) return;
      kind = found->kind;
      name = name_of(*found, node);
    }
    if (name.empty() || name.size() > 200) return;
    const std::uint32_t begin = ts_node_start_byte(node);
    while (!open_.empty() && open_.back() <= begin) open_.pop_back();
    const auto depth = static_cast<int>(open_.size());
    open_.push_back(ts_node_end_byte(node));
    if (depth > limits_.deepest || full()) return;
    Symbol symbol;
    symbol.kind = std::move(kind);
    symbol.name = inert(name);
    symbol.line = static_cast<int>(ts_node_start_point(node).row) + 1;
    symbol.end_line = static_cast<int>(ts_node_end_point(node).row) + 1;
    symbol.depth = depth;
    symbol.head = head_of(text_, begin);
    out.push_back(std::move(symbol));
  }

  std::vector<Symbol> out;

 private:
  std::string name_of(const Definition& definition, TSNode node) const {
    const std::string_view type = definition.node;
    const bool specifier = type.ends_with("_specifier");
    if (native_ && specifier && ts_node_is_null(child(node, "body"))) return "";  // a mention
    if (definition.name_field == "declarator") {
      const bool functions_only = type == "field_declaration" || type == "declaration";
      return declared_name(child(node, "declarator"), text_, functions_only);
    }
    return std::string(text_of(child(node, definition.name_field), text_));
  }

  bool native_;
  const std::vector<Definition>& definitions_;
  std::string_view text_;
  SymbolLimits limits_;
  std::vector<std::uint32_t> open_;  ///< ends of the symbols that the walk stands in
};

}  // namespace

namespace {

std::vector<Symbol> collected(Syntax& syntax, std::string_view path, std::string_view text,
                              const SymbolLimits& limits,
                              const std::function<void(std::string_view name)>& on_name) {
  const auto lang = language_of(path);
  if (!lang) return {};
  const Tree tree = syntax.parse_file(path, *lang, text, limits.stopped);
  if (!tree) return {};
  Collector collector(*lang, text, limits);
  walk_nodes(ts_tree_root_node(tree.get()), [&](TSNode node, std::string_view type) {
    if (on_name && type.ends_with("identifier")) on_name(text_of(node, text));
    collector.visit(node, type);
    return on_name || !collector.full();
  });
  return std::move(collector.out);
}

}  // namespace

std::vector<Symbol> symbols_and_names(Syntax& syntax, std::string_view path, std::string_view text,
                                      const std::function<void(std::string_view name)>& on_name) {
  return collected(syntax, path, text, {}, on_name);
}

std::vector<Symbol> symbols_of(Syntax& syntax, std::string_view path, std::string_view text,
                               const SymbolLimits& limits) {
  return collected(syntax, path, text, limits, nullptr);
}

SyntaxState syntax_of(Syntax& syntax, std::string_view path, std::string_view text) {
  SyntaxState out;
  const auto lang = language_of(path);
  if (!lang) return out;
  const Tree tree = syntax.parse_file(path, *lang, text);
  if (!tree || !ts_node_has_error(ts_tree_root_node(tree.get()))) return out;
  walk_all(ts_tree_root_node(tree.get()), [&](const Path& place) {
    const TSNode node = place.back().node;
    const bool missing = ts_node_is_missing(node);
    if (missing || place.back().type == "ERROR") {
      ++out.errors;
      if (!out.first) {
        const TSPoint point = ts_node_start_point(node);
        SyntaxError error{static_cast<int>(point.row) + 1, static_cast<int>(point.column) + 1, ""};
        error.what = missing
                         ? "missing '" + std::string(place.back().type) + "'"
                         : "cannot be read: '" + shortened(inert(text_of(node, text)), 60) + "'";
        out.first = std::move(error);
      }
      return false;
    }
    return ts_node_has_error(node);
  });
  return out;
}

}  // namespace nightjar::syntax
