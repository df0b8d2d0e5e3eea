#include "agent/mechanic/classifier.h"

namespace nightjar::agent::mechanic {

void Classifier::java() {
  const auto type = up(0).type;
  if (find({"package_declaration"})) {
    hit_.role = Role::Declaration;
    hit_.what = What::Namespace;
    return;
  }
  if (const size_t statement = find({"import_declaration"})) {
    hit_.role = Role::Import;
    // What stands before the name: the package, or the class around it.
    const auto all = text_of(up(statement).node, text_);
    const size_t begin = all.find_first_not_of(" \t", all.find("import") + 6);
    const size_t at = hit_.begin - up(statement).begin();
    auto before = begin < at ? all.substr(begin, at - begin) : std::string_view();
    if (before.starts_with("static"))
      before = before.substr(std::min(before.find_first_not_of(" \t", 6), before.size()));
    if (before.ends_with('.')) before.remove_suffix(1);
    hit_.root = std::string(before.substr(0, 200));
    return;
  }
  if (up(1).type == "element_value_pair" && up(0).field == "key") {
    hit_.role = Role::Key;
    return;
  }
  if (one_of(up(1).type, {"labeled_statement", "break_statement", "continue_statement"}) &&
      up(0).field != "body") {
    if (up(1).type != "labeled_statement" || up(0).begin() == up(1).begin()) {
      hit_.role = Role::Label;
      return;
    }
  }
  if (parent_is("field_access", "field")) return member(Role::Member, child(up(1).node, "object"));
  if (parent_is("method_invocation", "name")) {
    const TSNode object = child(up(1).node, "object");
    if (ts_node_is_null(object)) {
      reference(Position::Call);
      owner_of(1);
    } else {
      member(Role::Member, object);
    }
    hit_.position = Position::Call;
    return;
  }
  if (up(1).type == "method_reference" && up(0).begin() != up(1).begin()) {
    member(Role::Member, ts_node_named_child(up(1).node, 0));
    hit_.position = Position::Call;
    return;
  }
  if (one_of(up(1).type, {"scoped_type_identifier", "scoped_identifier"}) &&
      up(0).begin() != up(1).begin()) {
    member(Role::Scoped, ts_node_named_child(up(1).node, 0));
    hit_.position = Position::Type;
    return;
  }
  if (java_declaration()) return;
  reference(type == "type_identifier" ? Position::Type : Position::Value);
  if (one_of(up(1).type, {"annotation", "marker_annotation"})) hit_.position = Position::Type;
}

bool Classifier::java_declaration() {
  const auto parent = up(1).type;
  const auto field = up(0).field;
  if (field == "name") {
    if (one_of(parent, {"class_declaration", "interface_declaration", "enum_declaration",
                        "record_declaration", "annotation_type_declaration"})) {
      declare(What::Type);
    } else if (one_of(parent, {"constructor_declaration", "compact_constructor_declaration"})) {
      reference(Position::Type);
    } else if (one_of(parent, {"method_declaration", "annotation_type_element_declaration"})) {
      declare(What::Method);
      hit_.in_class = true;
      owner_of(1);
    } else if (parent == "enum_constant") {
      declare(What::Variant);
    } else if (parent == "variable_declarator") {
      if (one_of(up(2).type, {"field_declaration", "constant_declaration"})) {
        declare(What::Field);
        hit_.in_class = true;
        owner_of(1);
      } else {
        declare_local(2);
      }
    } else if (one_of(parent, {"formal_parameter", "catch_formal_parameter", "resource",
                               "enhanced_for_statement", "instanceof_expression", "type_pattern",
                               "record_pattern_component"})) {
      declare_local(parent == "enhanced_for_statement" ? 1 : 2);
    } else {
      return false;
    }
    return true;
  }
  if (parent == "lambda_expression" && field == "parameters") {
    declare_local(1);
    return true;
  }
  if (parent == "inferred_parameters") {
    declare_local(2);
    return true;
  }
  if (parent == "type_parameter" && up(0).begin() == up(1).begin()) {
    declare_local(3, Position::Type);
    hit_.scope_begin = up(3).begin();
    hit_.scope_end = up(3).end();
    return true;
  }
  if (parent == "type_pattern" && up(0).type == "identifier") {
    declare_local(2);
    return true;
  }
  return false;
}

}  // namespace nightjar::agent::mechanic
