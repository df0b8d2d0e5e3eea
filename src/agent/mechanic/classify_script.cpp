#include "agent/mechanic/classifier.h"

namespace nightjar::agent::mechanic {

namespace {

bool is_function(std::string_view type) {
  return one_of(type, {"arrow_function", "function_expression", "generator_function"});
}

// `require('./x')`, `await import('./x')`: the text of the string, else empty.
std::string required_module(TSNode value, std::string_view text) {
  if (type_of(value) == "await_expression" && ts_node_named_child_count(value) == 1)
    value = ts_node_named_child(value, 0);
  if (type_of(value) != "call_expression") return "";
  const auto function = text_of(child(value, "function"), text);
  if (function != "require" && function != "import") return "";
  const TSNode arguments = child(value, "arguments");
  if (ts_node_is_null(arguments) || ts_node_named_child_count(arguments) == 0) return "";
  const auto source = text_of(ts_node_named_child(arguments, 0), text);
  return source.size() > 2 ? std::string(source.substr(1, source.size() - 2)) : "";
}

}  // namespace

void Classifier::script() {
  const auto type = up(0).type;
  const Position position = type == "type_identifier" ? Position::Type : Position::Value;
  if (parent_is("member_expression", "property")) {
    const TSNode object = child(up(1).node, "object");
    member(Role::Member, object);
    const auto text = text_of(object, text_);
    hit_.exports = text == "exports" || text == "module.exports";
    return;
  }
  if (parent_is("nested_type_identifier", "name"))
    return member(Role::Member, child(up(1).node, "module"));
  if (parent_is("nested_identifier", "property"))
    return member(Role::Member, child(up(1).node, "object"));
  if (up(1).type == "nested_identifier" && up(0).begin() != up(1).begin()) {
    return member(Role::Member, ts_node_named_child(up(1).node, 0));
  }
  if (one_of(up(1).type, {"import_specifier", "export_specifier"})) {
    const TSNode bound = child(up(1).node, "alias");
    // `Name as Name` binds nothing else.
    const bool other = !ts_node_is_null(bound) &&
                       text_of(bound, text_) != text_of(child(up(1).node, "name"), text_);
    const size_t statement = find({"import_statement", "export_statement"});
    const auto module = text_of(child(up(statement).node, "source"), text_);
    hit_.root = module.size() > 2 ? std::string(module.substr(1, module.size() - 2)) : "";
    hit_.aliased = other;
    hit_.exports = up(statement).type == "export_statement";
    if (other && up(0).field == "alias")
      hit_.role = Role::Alias;
    else
      hit_.role = hit_.root.empty() ? Role::Reference : Role::Import;
    return;
  }
  if (up(1).type == "import_clause" || up(1).type == "import_require_clause") {
    const TSNode source =
        up(1).type == "import_clause" ? child(up(2).node, "source") : child(up(1).node, "source");
    const auto module = text_of(source, text_);
    hit_.root = module.size() > 2 ? std::string(module.substr(1, module.size() - 2)) : "";
    hit_.role = Role::Import;
    hit_.whole_string = true;  // the default export, or the module itself
    return;
  }
  if (one_of(up(1).type, {"namespace_import", "namespace_export"})) {
    hit_.role = Role::Alias;
    return;
  }
  if (script_declaration() || script_binding()) return;
  if (one_of(up(1).type, {"pair", "pair_pattern"}) && up(0).field == "key") {
    hit_.role = Role::Key;
    return;
  }
  if (one_of(type, {"property_identifier"})) {
    hit_.role = Role::Key;  // JSX attributes and the like
    return;
  }
  if (type == "shorthand_property_identifier") {
    hit_.role = Role::Shorthand;
    for (size_t i = 2; i < 4; ++i) {
      const auto left = text_of(child(up(i).node, "left"), text_);
      hit_.exports = hit_.exports || (up(i).type == "assignment_expression" &&
                                      (left == "module.exports" || left == "exports"));
    }
    return;
  }
  reference(position);
  if (one_of(up(1).type, {"call_expression", "new_expression"})) hit_.position = Position::Value;
}

bool Classifier::script_declaration() {
  const auto parent = up(1).type;
  if (up(0).field != "name") {
    if (parent == "enum_body" && up(0).type == "property_identifier") {
      declare(What::Variant);
      return true;
    }
    if (parent == "field_definition" && up(0).field == "property") {
      declare(What::Field);
      hit_.in_class = true;
      owner_of(1);
      return true;
    }
    return false;
  }
  if (one_of(parent, {"class_declaration", "class", "abstract_class_declaration",
                      "interface_declaration", "type_alias_declaration", "enum_declaration"})) {
    declare(What::Type);
  } else if (one_of(parent, {"function_declaration", "generator_function_declaration",
                             "function_signature"})) {
    declare(What::Function, parent != "function_signature");
  } else if (one_of(parent, {"function_expression", "generator_function"})) {
    declare_local(1);
  } else if (one_of(parent,
                    {"method_definition", "abstract_method_signature", "method_signature"})) {
    if (up(2).type == "object") {
      hit_.role = Role::Key;
      return true;
    }
    declare(What::Method);
    hit_.in_class = true;
    owner_of(1);
  } else if (one_of(parent, {"public_field_definition", "property_signature"})) {
    declare(What::Field);
    hit_.in_class = true;
    owner_of(1);
  } else if (parent == "enum_assignment") {
    declare(What::Variant);
  } else if (one_of(parent, {"internal_module", "module"})) {
    declare(What::Namespace);
  } else if (parent == "type_parameter") {
    // Known in the declaration whose parameter it is.
    declare_local(3, Position::Type);
    hit_.scope_begin = up(3).begin();
    hit_.scope_end = up(3).end();
  } else if (parent == "index_signature") {
    declare_local(1);
  } else if (parent == "variable_declarator") {
    declare_variable(2);
    const auto value = type_of(child(up(1).node, "value"));
    if (hit_.what == What::Variable && is_function(value)) hit_.what = What::Function;
    if (hit_.what == What::Variable && value == "class") hit_.what = What::Type;
  } else {
    return false;
  }
  return true;
}

// Parameters, destructuring, loops, catch.
bool Classifier::script_binding() {
  const bool shorthand = up(0).type == "shorthand_property_identifier_pattern";
  if (up(0).type != "identifier" && !shorthand) return false;
  size_t level = 1;
  while (
      one_of(up(level).type, {"object_pattern", "array_pattern", "rest_pattern",
                              "assignment_pattern", "object_assignment_pattern", "pair_pattern"})) {
    const auto field = up(level - 1).field;
    if (field == "right" || field == "key") return false;  // a default value, or a computed key
    ++level;
  }
  const auto type = up(level).type;
  const auto field = up(level - 1).field;
  const bool parameter =
      type == "formal_parameters" ||
      (one_of(type, {"required_parameter", "optional_parameter"}) && field == "pattern") ||
      (type == "arrow_function" && field == "parameter") ||
      (type == "catch_clause" && field == "parameter");
  if (parameter) {
    declare_local(level);
  } else if ((type == "variable_declarator" && field == "name") ||
             (type == "for_in_statement" && field == "left")) {
    if (type == "for_in_statement" && ts_node_is_null(child(up(level).node, "kind"))) return false;
    declare_variable(type == "for_in_statement" ? level : level + 1);
  } else if (!(type == "assignment_expression" && field == "left" && shorthand)) {
    return false;
  } else {
    reference();
  }
  if (shorthand) {
    hit_.role = Role::Shorthand;
    hit_.destructured = true;
    hit_.root = required_module(child(up(level).node, "value"), text_);
  }
  return true;
}

}  // namespace nightjar::agent::mechanic
