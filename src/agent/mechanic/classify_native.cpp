#include "agent/mechanic/classifier.h"

namespace nightjar::agent::mechanic {

void Classifier::native() {
  const auto type = up(0).type;
  const Position position = type == "type_identifier" ? Position::Type : Position::Value;
  if (type == "preproc_arg") {
    const auto before = text_.substr(up(0).begin(), hit_.begin - up(0).begin());
    const bool tagged = before.ends_with("struct ") || before.ends_with("class ") ||
                        before.ends_with("enum ") || before.ends_with("union ");
    return reference(tagged ? Position::Type : Position::Value);
  }
  if (type == "identifier" && parent_is("preproc_params")) return declare_local(2);
  if (one_of(up(1).type, {"preproc_def", "preproc_function_def"}) && up(0).field == "name")
    return declare(What::Macro);
  if (up(1).type == "field_designator") {
    hit_.role = Role::Key;
    return;
  }
  if (native_hidden_class() || native_declaration() || native_declarator()) return;
  if (up(1).type == "field_initializer") {
    hit_.role = Role::Member;  // a base class or a field: both are renamed with their own kind
    hit_.receiver = Receiver::None;
    owner_of(1);
    // Out of the class: `Parser::Parser() : Parser(1)`.
    if (const size_t function = find({"function_definition"})) {
      TSNode declarator = child(up(function).node, "declarator");
      while (type_of(declarator) == "function_declarator")
        declarator = child(declarator, "declarator");
      const auto scope = text_of(child(declarator, "scope"), text_);
      if (!scope.empty()) hit_.owner = std::string(scope.substr(0, scope.find('<')).substr(0, 200));
    }
    return;
  }
  if (parent_is("field_expression", "field") ||
      (up(1).type == "template_method" && up(2).type == "field_expression")) {
    return member(Role::Member,
                  child(up(up(1).type == "template_method" ? 2 : 1).node, "argument"));
  }
  size_t level = 1;
  if (one_of(up(1).type, {"template_type", "template_function", "destructor_name"}) &&
      up(0).field != "arguments")
    ++level;
  if (up(level).type == "qualified_identifier" && up(level - 1).field == "name") {
    member(Role::Scoped, child(up(level).node, "scope"));
    hit_.position = position;
    // `a::b::Name` is nested to the right: the outermost scope is the root.
    while (parent_is("qualified_identifier", "name", level + 1)) ++level;
    hit_.root = std::string(text_of(child(up(level).node, "scope"), text_).substr(0, 200));
    return;
  }
  reference(type == "namespace_identifier" ? Position::Type : position);
}

bool Classifier::native_hidden_class() {
  const size_t level = up(1).type == "ERROR" ? 2 : 1;
  if (level != 2 || !hides_class(2) || up(0).begin() != up(1).begin()) return false;
  if (!ts_node_eq(ts_node_named_child(up(2).node, 1), up(1).node)) return false;
  declare(What::Type);
  return true;
}

bool Classifier::native_declaration() {
  const auto parent = up(1).type;
  if (one_of(parent,
             {"class_specifier", "struct_specifier", "union_specifier", "enum_specifier"}) &&
      up(0).field == "name") {
    const bool body = !ts_node_is_null(child(up(1).node, "body"));
    const bool forward =
        !body && ts_node_is_null(child(up(2).node, "declarator")) &&
        one_of(up(2).type,
               {"translation_unit", "declaration_list", "friend_declaration", "field_declaration",
                "template_declaration", "preproc_ifdef", "preproc_if", "linkage_specification",
                "compound_statement", "labeled_statement"});
    if (!body && !forward) {
      reference(Position::Type);
      return true;
    }
    declare(What::Type, body);
    return true;
  }
  if (parent == "template_type" && up(1).field == "name" && up(2).type.ends_with("_specifier")) {
    reference(Position::Type);
    return true;
  }
  if (one_of(parent, {"alias_declaration", "concept_definition"}) && up(0).field == "name") {
    declare(What::Type);
    return true;
  }
  if (one_of(parent, {"namespace_definition", "namespace_alias_definition"}) &&
      up(0).field == "name") {
    declare(What::Namespace);
    return true;
  }
  if (parent == "enumerator") {
    declare(What::Variant);
    return true;
  }
  if (one_of(parent, {"type_parameter_declaration", "optional_type_parameter_declaration",
                      "variadic_type_parameter_declaration"}) &&
      up(0).field != "default_type") {
    declare_local(2, Position::Type);
    return true;
  }
  return false;
}

// From the name out to what it declares, through pointers, references, arrays and functions.
bool Classifier::native_declarator() {
  size_t level = 0;
  bool function = false, pointer = false, qualified = false, destructor = false;
  for (;; ++level) {
    const auto type = up(level + 1).type;
    const auto field = up(level).field;
    if (type == "qualified_identifier" && field == "name") {
      qualified = true;
    } else if (type == "destructor_name") {
      destructor = true;
    } else if (type == "function_declarator" && field == "declarator") {
      if (!pointer) function = true;
    } else if (type == "pointer_declarator" || type == "parenthesized_declarator") {
      // `int (*name)(int)` is a variable; `int *name(int)` a function.
      if (!function && up(level + 2).type == "parenthesized_declarator") pointer = true;
    } else if (!one_of(type, {"reference_declarator", "array_declarator", "init_declarator",
                              "attributed_declarator", "variadic_declarator",
                              "structured_binding_declarator"}) ||
               field == "value" || field == "size") {
      break;
    }
  }
  const auto type = up(level + 1).type;
  const auto field = up(level).field;
  if (level == 0 && field != "declarator") return false;
  if (destructor || (up(0).type == "type_identifier" && type != "type_definition")) return false;
  if (type == "type_definition" && field == "declarator") {
    declare(What::Type, true);
    return true;
  }
  if (one_of(type, {"parameter_declaration", "optional_parameter_declaration",
                    "variadic_parameter_declaration"})) {
    if (field != "declarator") return false;
    // Known in the function if this is its definition, else in the parameter list.
    size_t around = level + 2;
    while (one_of(up(around).type, {"parameter_list", "function_declarator", "pointer_declarator",
                                    "reference_declarator"}))
      ++around;
    declare_local(around);
    if (!one_of(up(around).type, {"function_definition", "catch_clause", "lambda_expression"}) &&
        up(around).type != "abstract_function_declarator") {
      hit_.scope_begin = up(level + 1).begin();
      hit_.scope_end = up(level + 1).end();
    }
    return true;
  }
  if (type == "for_range_loop" && field == "declarator") {
    declare_local(level + 1);
    return true;
  }
  if (!one_of(type, {"function_definition", "declaration", "field_declaration"}) ||
      field != "declarator") {
    return false;
  }
  if (text_of(child(up(level + 1).node, "type"), text_) == "friend")
    return false;  // of a hidden class
  if (qualified && !function)
    return false;  // `int Parser::count = 0;`: a use of its scope's member
  return native_declared(level + 1, function, qualified);
}

// What the declaration at `level` makes of the name.
bool Classifier::native_declared(size_t level, bool function, bool qualified) {
  const auto type = up(level).type;
  if (qualified) {
    // Out of the class (or namespace) that its scope names.
    size_t scoped = 1;
    while (up(scoped).type != "qualified_identifier") ++scoped;
    const auto scope = text_of(child(up(scoped).node, "scope"), text_);
    declare(What::Method, type == "function_definition");
    hit_.owner = std::string(scope.substr(0, scope.find('<')).substr(0, 200));
    hit_.root = "qualified";
    hit_.in_class = true;
    return true;
  }
  if (type == "function_definition" && hides_class(level)) {
    // The name is the declarator, or what stands before the bases, of which the last is the
    // declarator then.
    const TSNode skipped = ts_node_named_child(up(level).node, 1);
    if (type_of(skipped) == "ERROR" && ts_node_start_byte(skipped) < hit_.begin) return false;
    declare(What::Type);
    return true;
  }
  if (type == "field_declaration") {
    declare(function ? What::Method : What::Field);
    hit_.in_class = true;
    owner_of(level);
    return true;
  }
  if (!function) {
    if (type == "function_definition")
      return false;  // a macro before the name: no declarator at all
    declare_variable(level);
    hit_.definition = true;
    return true;
  }
  // `Name(int)` without a type is a constructor, in a class that a macro hides.
  if (lang_ == Lang::Cpp && ts_node_is_null(child(up(level).node, "type"))) {
    reference(Position::Type);
    return true;
  }
  if (in_function(level + 1) && type == "declaration") {
    reference();  // `Name x(1);` or a local declaration of a function: no new thing
    return true;
  }
  bool in_class = false;
  for (size_t i = level + 1; i < path_.size(); ++i) in_class = in_class || is_class(i);
  declare(in_class ? What::Method : What::Function, type == "function_definition", level + 1);
  hit_.in_class = in_class;
  if (in_class) owner_of(level + 1);
  return true;
}

}  // namespace nightjar::agent::mechanic
