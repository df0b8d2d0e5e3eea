#include "agent/mechanic/classifier.h"

namespace nightjar::agent::mechanic {

void Classifier::python() {
  if (parent_is("attribute", "attribute")) {
    const TSNode object = child(up(1).node, "object");
    if (up(2).type == "assignment" && up(1).field == "left" && text_of(object, text_) == "self") {
      member(Role::Member, object);
      hit_.role = Role::Declaration;
      hit_.what = What::Field;
      hit_.in_class = true;
      return;
    }
    return member(Role::Member, object);
  }
  if (parent_is("keyword_argument", "name")) {
    hit_.role = Role::Key;
    return;
  }
  if (up(1).type == "keyword_pattern" && up(0).begin() == up(1).begin()) {
    hit_.role = Role::Key;
    return;
  }
  if (parent_is("class_definition", "name")) return declare(What::Type);
  if (parent_is("function_definition", "name")) {
    for (size_t i = 2; i < path_.size(); ++i) {
      if (one_of(up(i).type, {"function_definition", "lambda"})) break;
      if (up(i).type == "class_definition") return declare(What::Method);
    }
    return declare(What::Function);
  }
  if (up(1).type == "type" && parent_is("type_alias_statement", "left", 2))
    return declare(What::Type);
  if (up(1).type == "type" && up(2).type == "type_parameter")
    return declare_local(3, Position::Type);
  for (size_t i = 1; i < 4; ++i) {
    if (one_of(up(i).type,
               {"import_from_statement", "import_statement", "future_import_statement"}))
      return python_import(i);
  }
  if (parent_is("aliased_import", "alias")) {
    hit_.role = Role::Alias;
    return;
  }
  if (up(1).type == "dotted_name" && up(1).begin() != up(0).begin()) {
    return member(Role::Member, ts_node_named_child(up(1).node, 0));
  }
  if (python_binding()) return;
  reference();
}

void Classifier::python_import(size_t statement) {
  // `Name as Name` says that it is exported, not that it is something else.
  if (parent_is("aliased_import", "alias") &&
      text_of(child(up(1).node, "name"), text_) != text_of(up(0).node, text_)) {
    hit_.role = Role::Alias;
    return;
  }
  hit_.role = Role::Import;
  hit_.aliased = parent_is("dotted_name") && up(2).type == "aliased_import" &&
                 text_of(child(up(2).node, "alias"), text_) != text_of(up(0).node, text_);
  const bool from = up(statement).type == "import_from_statement";
  const bool module_part =
      up(statement - 1).field == "module_name" || up(statement).type == "import_statement";
  if (!from || module_part) {
    hit_.what = What::Namespace;
    return;
  }
  hit_.root = std::string(text_of(child(up(statement).node, "module_name"), text_).substr(0, 200));
}

bool Classifier::python_binding() {
  size_t level = 1;
  bool splat = false;
  while (
      one_of(up(level).type, {"pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern",
                              "dictionary_splat_pattern", "as_pattern_target",
                              "parenthesized_expression", "tuple", "list"})) {
    splat = splat || up(level).type.ends_with("splat_pattern");
    ++level;
  }
  const auto type = up(level).type;
  const auto field = up(level - 1).field;
  if (one_of(type, {"parameters", "lambda_parameters"}) ||
      (one_of(type, {"default_parameter", "typed_default_parameter"}) && field == "name") ||
      (type == "typed_parameter" && field != "type")) {
    declare_local(level);
    return true;
  }
  const bool bound =
      (one_of(type, {"assignment", "augmented_assignment", "for_statement", "for_in_clause"}) &&
       field == "left") ||
      (type == "named_expression" && field == "name") || (type == "as_pattern" && field == "alias");
  if (bound && type == "for_in_clause") {
    declare_local(level);
    return true;
  }
  if (bound) {
    declare_variable(level);
    return true;
  }
  // `case name:` binds; `case Name():` and `case a.Name:` do not.
  if (type == "dotted_name" && up(level + 1).type == "case_pattern" &&
      ts_node_named_child_count(up(level).node) == 1) {
    declare_variable(level);
    return true;
  }
  return false;
}

}  // namespace nightjar::agent::mechanic
