#include "agent/mechanic/classifier.h"

namespace nightjar::agent::mechanic {

void Classifier::go() {
  const auto type = up(0).type;
  const Position position = type == "type_identifier" ? Position::Type : Position::Value;
  if (hit_.begin > up(0).begin()) {  // in the name of an example
    hit_.role = Role::Exported;
    return;
  }
  if (parent_is("package_clause")) {
    hit_.role = Role::Declaration;
    hit_.what = What::Namespace;
    return;
  }
  if (parent_is("import_spec", "name")) {
    hit_.role = Role::Alias;
    return;
  }
  if (type == "package_identifier") return reference();
  if (parent_is("selector_expression", "field"))
    return member(Role::Member, child(up(1).node, "operand"));
  if (parent_is("qualified_type", "name")) {
    member(Role::Scoped, child(up(1).node, "package"));
    hit_.position = Position::Type;
    const size_t field = up(2).type == "pointer_type" ? 3 : 2;
    hit_.embedded =
        up(field).type == "field_declaration" && ts_node_is_null(child(up(field).node, "name"));
    return;
  }
  if (go_declaration()) return;
  if (up(1).type == "literal_element" && up(1).field == "key") {
    // Of a struct it is a field; of a map or an array it is a value.
    const size_t literal = find({"composite_literal"});
    const auto kind = literal ? type_of(child(up(literal).node, "type")) : "";
    if (one_of(kind, {"map_type", "array_type", "slice_type", "implicit_length_array_type"}))
      return reference();
    hit_.role = Role::Key;
    return;
  }
  reference(position);
  const size_t field = up(1).type == "pointer_type" ? 2 : 1;
  hit_.embedded = up(field).type == "field_declaration" && up(field - 1).field == "type" &&
                  ts_node_is_null(child(up(field).node, "name"));
  if (parent_is("call_expression", "function")) hit_.position = Position::Value;
}

bool Classifier::go_declaration() {
  const auto parent = up(1).type;
  const auto field = up(0).field;
  if (field == "name") {
    if (one_of(parent, {"type_spec", "type_alias"})) {
      declare(What::Type);
    } else if (parent == "function_declaration") {
      declare(What::Function);
    } else if (parent == "method_declaration") {
      declare(What::Method);
      hit_.in_class = true;
      const TSNode receiver = child(up(1).node, "receiver");
      if (ts_node_named_child_count(receiver) > 0) {
        TSNode of = child(ts_node_named_child(receiver, 0), "type");
        while (!ts_node_is_null(of) && type_of(of) != "type_identifier" &&
               ts_node_named_child_count(of) > 0)
          of = ts_node_named_child(of, 0);
        hit_.owner = std::string(text_of(of, text_).substr(0, 200));
      }
    } else if (one_of(parent, {"method_elem", "method_spec"})) {
      declare(What::Method);
      hit_.in_class = true;
      owner_of(2);
      hit_.in_interface = true;
    } else if (parent == "field_declaration") {
      declare(What::Field);
      hit_.in_class = true;
      owner_of(1);
    } else if (one_of(parent, {"var_spec", "const_spec"})) {
      declare_variable(2);
    } else if (one_of(parent, {"parameter_declaration", "variadic_parameter_declaration",
                               "type_parameter_declaration"})) {
      declare_local(2, parent.starts_with("type") ? Position::Type : Position::Value);
    } else {
      return false;
    }
    return true;
  }
  if (parent == "expression_list") {
    const bool declares = (parent_is("short_var_declaration", "left", 2)) ||
                          parent_is("type_switch_statement", "alias", 2) ||
                          ((up(2).type == "range_clause" || up(2).type == "receive_statement") &&
                           up(1).field == "left");
    if (!declares) return false;
    // `=` assigns to what is there already.
    if (one_of(up(2).type, {"range_clause", "receive_statement"}) &&
        text_of(up(2).node, text_).find(":=") == std::string_view::npos)
      return false;
    declare_local(2);
    return true;
  }
  return false;
}

}  // namespace nightjar::agent::mechanic
