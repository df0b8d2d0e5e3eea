#include "agent/mechanic/classifier.h"

#include <algorithm>

namespace nightjar::agent::mechanic {

namespace {

constexpr size_t kMostText = 200;

std::string bounded(std::string_view text) { return std::string(text.substr(0, kMostText)); }

bool is_name(std::string_view type) {
  return type.ends_with("identifier") ||
         one_of(type, {"this", "self", "super", "crate", "dotted_name"});
}

// Functions and what else hides outer names.
constexpr std::string_view kFunctions[] = {"function_definition",
                                           "lambda",
                                           "function_declaration",
                                           "function_expression",
                                           "arrow_function",
                                           "method_definition",
                                           "generator_function_declaration",
                                           "generator_function",
                                           "class_static_block",
                                           "lambda_expression",
                                           "func_literal",
                                           "method_declaration",
                                           "constructor_declaration",
                                           "compact_constructor_declaration",
                                           "function_item",
                                           "closure_expression",
                                           "compound_statement",
                                           "block_expression"};

constexpr std::string_view kScopes[] = {"function_definition",
                                        "lambda",
                                        "list_comprehension",
                                        "set_comprehension",
                                        "dictionary_comprehension",
                                        "generator_expression",
                                        "function_declaration",
                                        "function_expression",
                                        "arrow_function",
                                        "method_definition",
                                        "generator_function_declaration",
                                        "generator_function",
                                        "class_static_block",
                                        "statement_block",
                                        "for_statement",
                                        "for_in_statement",
                                        "catch_clause",
                                        "lambda_expression",
                                        "compound_statement",
                                        "for_range_loop",
                                        "func_literal",
                                        "method_declaration",
                                        "block",
                                        "if_statement",
                                        "expression_switch_statement",
                                        "type_switch_statement",
                                        "communication_case",
                                        "expression_case",
                                        "type_case",
                                        "constructor_declaration",
                                        "constructor_body",
                                        "compact_constructor_declaration",
                                        "enhanced_for_statement",
                                        "try_with_resources_statement",
                                        "switch_rule",
                                        "function_item",
                                        "function_signature_item",
                                        "closure_expression",
                                        "match_arm",
                                        "for_expression",
                                        "if_expression",
                                        "while_expression",
                                        "template_declaration",
                                        "preproc_function_def",
                                        "function_type",
                                        "method_signature",
                                        "abstract_method_signature",
                                        "function_signature",
                                        "method_elem",
                                        "construct_signature",
                                        "call_signature",
                                        "index_signature",
                                        "record_declaration"};

constexpr std::string_view kPythonScopes[] = {"function_definition",      "lambda",
                                              "list_comprehension",       "set_comprehension",
                                              "dictionary_comprehension", "generator_expression"};

constexpr std::string_view kClasses[] = {"class_definition",
                                         "class_declaration",
                                         "class",
                                         "abstract_class_declaration",
                                         "interface_declaration",
                                         "class_specifier",
                                         "struct_specifier",
                                         "union_specifier",
                                         "impl_item",
                                         "trait_item",
                                         "enum_declaration",
                                         "record_declaration",
                                         "annotation_type_declaration",
                                         "interface_type",
                                         "enum_item",
                                         "struct_item",
                                         "struct_type",
                                         "object_type"};

const Frame& nothing() {
  static const Frame frame{};
  return frame;
}

// The first name of `a.b(c).d`, looking through calls and members.
TSNode first_name(TSNode node) {
  for (int depth = 0; depth < 50 && !ts_node_is_null(node); ++depth) {
    const std::uint32_t count = ts_node_named_child_count(node);
    if (count == 0) return is_name(type_of(node)) ? node : TSNode{};
    node = ts_node_named_child(node, 0);
  }
  return {};
}

}  // namespace

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

bool one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

const Frame& Classifier::up(size_t levels) const {
  return levels < path_.size() ? path_[path_.size() - 1 - levels] : nothing();
}

bool Classifier::parent_is(std::string_view type, std::string_view field, size_t levels) const {
  return up(levels).type == type && (field == "*" || up(levels - 1).field == field);
}

size_t Classifier::find(std::initializer_list<std::string_view> types, size_t from) const {
  return find(std::span(types.begin(), types.size()), from);
}

size_t Classifier::find(std::span<const std::string_view> types, size_t from) const {
  for (size_t i = from; i < path_.size(); ++i) {
    if (one_of(up(i).type, types)) return i;
  }
  return 0;
}

bool Classifier::hides_class(size_t levels) const {
  if (up(levels).type != "function_definition" || family_of(lang_) != Family::Native) return false;
  const TSNode type = child(up(levels).node, "type");
  return one_of(type_of(type), {"class_specifier", "struct_specifier", "union_specifier"}) &&
         ts_node_is_null(child(type, "body")) &&
         type_of(child(up(levels).node, "declarator")) == "identifier";
}

bool Classifier::is_class(size_t levels) const {
  return one_of(up(levels).type, kClasses) || hides_class(levels);
}

bool Classifier::in_function(size_t from) const {
  for (size_t i = from; i < path_.size(); ++i) {
    if (is_class(i) || (up(i).type == "compound_statement" && hides_class(i + 1))) return false;
    if (one_of(up(i).type, kFunctions)) return true;
  }
  return false;
}

void Classifier::reference(Position position) {
  hit_.role = Role::Reference;
  hit_.position = position;
}

void Classifier::owner_of(size_t levels) {
  for (size_t i = levels; i < path_.size(); ++i) {
    if (!is_class(i)) continue;
    const TSNode node = up(i).node;
    TSNode name = child(node, hides_class(i) ? "declarator" : "name");
    if (up(i).type == "impl_item") {
      name = child(node, "type");
      if (type_of(name) == "generic_type") name = child(name, "type");
      hit_.bases.push_back(bounded(text_of(child(node, "trait"), text_)));
      hit_.in_interface = !ts_node_is_null(child(node, "trait"));
    } else if (one_of(up(i).type, {"interface_type", "struct_type", "object_type"})) {
      name = child(up(i + 1).node, "name");
    }
    hit_.in_interface = hit_.in_interface || one_of(up(i).type, {"interface_type", "trait_item",
                                                                 "interface_declaration"});
    hit_.owner = bounded(text_of(name, text_));
    for (std::string_view field : {"superclasses", "superclass", "interfaces"}) {
      const TSNode bases = child(node, field);
      for (std::uint32_t n = 0;
           !ts_node_is_null(bases) && n < std::min(ts_node_named_child_count(bases), 20u); ++n) {
        hit_.bases.push_back(bounded(text_of(ts_node_named_child(bases, n), text_)));
      }
    }
    for (std::uint32_t n = 0; n < std::min(ts_node_named_child_count(node), 8u); ++n) {
      const TSNode part = ts_node_named_child(node, n);
      if (one_of(type_of(part), {"class_heritage", "base_class_clause", "extends_type_clause"})) {
        hit_.bases.push_back(bounded(text_of(part, text_)));
      }
    }
    return;
  }
}

void Classifier::declare(What what, bool definition, size_t from) {
  hit_.role = Role::Declaration;
  hit_.what = what;
  hit_.definition = definition;
  hit_.position = what == What::Type ? Position::Type : Position::Value;
  // A class is no owner of its own name.
  if (what == What::Type) {
    while (from < path_.size() && up(from).begin() == up(1).begin() && !is_class(from)) ++from;
  }
  for (size_t i = from; i < path_.size(); ++i) {
    if (is_class(i)) hit_.in_class = true;
  }
  if (hit_.in_class) owner_of(from);
  // Macros make C++ unreadable to the grammar, and then classes seem to stand in functions.
  const bool unsure = family_of(lang_) == Family::Native && ts_node_has_error(path_.front().node);
  if (in_function(from) && !unsure) {
    // A class or function inside a function: known there alone.
    if (definition && (what == What::Type || what == What::Function)) {
      const Position position = hit_.position;
      declare_local(from, position);
      hit_.definition = definition;
    }
  }
}

void Classifier::declare_local(size_t levels, Position position) {
  hit_.role = Role::Declaration;
  hit_.what = What::Local;
  hit_.position = position;
  const size_t scope = lang_ == Lang::Python ? find(kPythonScopes, levels) : find(kScopes, levels);
  const Frame& frame = scope ? up(scope) : path_.front();
  hit_.scope_begin = frame.begin();
  hit_.scope_end = frame.end();
  const TSNode body = child(frame.node, "body");
  if (lang_ == Lang::Python && frame.type == "function_definition" && !ts_node_is_null(body)) {
    hit_.scope_begin = ts_node_start_byte(body);
  }
  // Go and Rust: the name means the outer thing until its own statement ends.
  const size_t statement =
      find({"short_var_declaration", "var_spec", "const_spec", "let_declaration"});
  if (statement && (!scope || statement < scope)) hit_.scope_begin = up(statement).end();
}

void Classifier::declare_variable(size_t levels) {
  if (in_function(levels)) {
    declare_local(levels);
    return;
  }
  bool in_class = false;
  for (size_t i = levels; i < path_.size(); ++i) in_class = in_class || is_class(i);
  declare(in_class ? What::Field : What::Variable);
  hit_.in_class = in_class;
  if (in_class) owner_of(levels);
}

void Classifier::member(Role role, TSNode receiver) {
  hit_.role = role;
  const auto type = type_of(receiver);
  const TSNode first = first_name(receiver);
  const bool leaf =
      !ts_node_is_null(receiver) && ts_node_named_child_count(receiver) == 0 && is_name(type);
  hit_.root = bounded(text_of(first, text_));
  if (ts_node_is_null(receiver)) {
    hit_.receiver = Receiver::None;
  } else if (one_of(hit_.root, {"self", "this", "cls", "super", "Self"}) && leaf) {
    hit_.receiver = Receiver::Self;
  } else if (leaf) {
    hit_.receiver = Receiver::Name;
  } else if (one_of(type,
                    {"attribute", "member_expression", "selector_expression", "field_access",
                     "field_expression", "scoped_identifier", "qualified_identifier",
                     "nested_identifier", "scoped_type_identifier", "nested_namespace_specifier",
                     "nested_type_identifier", "dotted_name"})) {
    hit_.receiver = Receiver::Chain;
  } else if (type.find("string") != std::string_view::npos ||
             type.find("literal") != std::string_view::npos ||
             one_of(type, {"list", "dictionary", "set", "tuple", "integer", "float", "number",
                           "array", "object", "regex"})) {
    hit_.receiver = Receiver::Literal;
  } else {
    hit_.receiver = Receiver::Other;
  }
  if (hit_.receiver == Receiver::Self) owner_of(1);
}

void Classifier::identify() {
  const auto type = up(0).type;
  if (one_of(type, {"statement_identifier", "label_name"})) {
    hit_.role = Role::Label;
    return;
  }
  switch (family_of(lang_)) {
    case Family::Python:
      return python();
    case Family::Script:
      return script();
    case Family::Native:
      return native();
    case Family::Go:
      return go();
    case Family::Java:
      return java();
    case Family::Rust:
      return rust();
  }
}

}  // namespace nightjar::agent::mechanic
