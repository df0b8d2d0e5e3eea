#include "agent/mechanic/classifier.h"

namespace nightjar::agent::mechanic {

void Classifier::rust() {
  // A macro's arguments are tokens: a dot says what follows it is a member.
  if (up(1).type == "token_tree") {
    size_t before = hit_.begin;
    while (before > 0 && isspace(static_cast<unsigned char>(text_[before - 1]))) --before;
    if (before > 1 && text_[before - 1] == '.' && text_[before - 2] != '.') {
      hit_.role = Role::Member;
      hit_.receiver = Receiver::Other;
      return;
    }
  }
  const auto type = up(0).type;
  const Position position = type == "type_identifier" ? Position::Type : Position::Value;
  if (up(1).type == "label" || type == "metavariable") {
    hit_.role = Role::Label;
    return;
  }
  for (size_t i = 1; i < path_.size(); ++i) {
    if (!one_of(up(i).type, {"use_declaration", "extern_crate_declaration"})) continue;
    if (up(0).field == "alias") {
      hit_.role = Role::Alias;
      return;
    }
    hit_.role = Role::Import;
    hit_.aliased =
        up(1).type == "use_as_clause" || (up(2).type == "use_as_clause" && up(1).field == "path");
    if (up(0).field == "path" && up(1).type != "use_as_clause") hit_.what = What::Namespace;
    if (up(i).type == "extern_crate_declaration") hit_.what = What::Namespace;
    hit_.root = rust_use_path(i);
    return;
  }
  if (parent_is("field_expression", "field"))
    return member(Role::Member, child(up(1).node, "value"));
  if (one_of(up(1).type, {"scoped_identifier", "scoped_type_identifier"}) &&
      up(0).field == "name") {
    member(Role::Scoped, child(up(1).node, "path"));
    hit_.position = position;
    return;
  }
  if (parent_is("field_initializer", "field")) {
    hit_.role = Role::Key;
    return;
  }
  if (up(1).type == "shorthand_field_initializer") {
    hit_.role = Role::Shorthand;
    return;
  }
  if (up(1).type == "field_pattern" && up(0).field == "name") {
    hit_.role = type == "shorthand_field_identifier" ? Role::Shorthand : Role::Key;
    hit_.destructured = true;
    return;
  }
  if (rust_declaration() || rust_pattern()) return;
  reference(position);
}

std::string Classifier::rust_use_path(size_t statement) const {
  const TSNode node = up(statement).node;
  const size_t begin = ts_node_start_byte(node);
  const auto before = text_.substr(begin, hit_.begin - begin);
  // The first segment says whose it is; groups only add to it.
  const size_t use = before.find("use");
  if (use == std::string_view::npos) return "";
  auto path = before.substr(use + 3);
  const size_t first = path.find_first_not_of(" \t\r\n:{");
  if (first == std::string_view::npos) return "";
  path = path.substr(first);
  return std::string(path.substr(0, std::min(path.find_first_of(" :,{}\t\r\n"), size_t{200})));
}

bool Classifier::rust_declaration() {
  const auto parent = up(1).type;
  const auto field = up(0).field;
  if (parent == "type_parameters" || (parent == "constrained_type_parameter" && field == "left") ||
      (parent == "optional_type_parameter" && field == "name")) {
    const size_t around = parent == "type_parameters" ? 2 : 3;
    declare_local(around, Position::Type);
    hit_.scope_begin = up(around).begin();
    hit_.scope_end = up(around).end();
    return true;
  }
  if (field != "name") return false;
  const size_t inside = find({"impl_item", "trait_item", "block"}, 2);
  const bool associated = inside && up(inside).type != "block";
  if (parent == "type_item" && associated) {
    declare(What::Field);  // `type Item = …;` of a trait
  } else if (one_of(parent,
                    {"struct_item", "enum_item", "trait_item", "type_item", "union_item"})) {
    declare(What::Type);
  } else if (parent == "associated_type") {
    declare(What::Field);
    hit_.in_class = true;
  } else if (one_of(parent, {"function_item", "function_signature_item"})) {
    const size_t around = find({"impl_item", "trait_item", "block"}, 2);
    const bool method = around && up(around).type != "block";
    declare(method ? What::Method : What::Function);
    hit_.in_class = method;
    if (method) owner_of(2);
  } else if (one_of(parent, {"const_item", "static_item"})) {
    declare_variable(2);
  } else if (parent == "macro_definition") {
    declare(What::Macro);
  } else if (parent == "mod_item") {
    declare(What::Namespace);
  } else if (parent == "enum_variant") {
    declare(What::Variant);
    owner_of(1);
  } else if (parent == "field_declaration") {
    declare(What::Field);
    hit_.in_class = true;
    owner_of(1);
  } else {
    return false;
  }
  return true;
}

// A lower-case name in a pattern binds; any other is a constant, a variant or a unit struct.
bool Classifier::rust_pattern() {
  const unsigned char first = static_cast<unsigned char>(text_[hit_.begin]);
  if (up(0).type != "identifier" || (first >= 'A' && first <= 'Z')) return false;
  size_t level = 0;
  for (; level + 1 < path_.size(); ++level) {
    const auto type = up(level + 1).type;
    if (one_of(up(level).field, {"type", "value", "condition"})) return false;
    if (up(level).field == "pattern" || type == "closure_parameters") break;
    if (!type.ends_with("pattern")) return false;
  }
  const auto type = up(level + 1).type;
  if (!one_of(type, {"let_declaration", "parameter", "match_arm", "for_expression", "let_condition",
                     "closure_parameters"}))
    return false;
  declare_local(level + 1);
  return true;
}

}  // namespace nightjar::agent::mechanic
