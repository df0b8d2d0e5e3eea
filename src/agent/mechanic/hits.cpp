#include "agent/mechanic/hits.h"

#include <string.h>

#include <algorithm>

#include "agent/mechanic/classifier.h"

namespace nightjar::agent::mechanic {

namespace {

bool in_word(unsigned char c) {
  return c == '_' || c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
         (c >= 'A' && c <= 'Z');
}

bool is_string(std::string_view type) {
  return one_of(type, {"string",
                       "string_content",
                       "string_fragment",
                       "string_literal",
                       "string_start",
                       "string_end",
                       "interpreted_string_literal",
                       "interpreted_string_literal_content",
                       "raw_string_literal",
                       "raw_string_literal_content",
                       "raw_string_content",
                       "template_string",
                       "char_literal",
                       "character",
                       "system_lib_string",
                       "regex",
                       "regex_pattern",
                       "jsx_text",
                       "escape_sequence",
                       "multiline_string_fragment",
                       "concatenated_string",
                       "character_literal",
                       "heredoc_body",
                       "hash_bang_line",
                       "string_interpolation"});
}

bool is_identifier_leaf(std::string_view type) {
  return type.ends_with("identifier") ||
         one_of(type, {"shorthand_property_identifier_pattern", "label_name", "metavariable",
                       "preproc_arg"});
}

// What a string in Python is, by what stands around it.
class PythonString {
 public:
  PythonString(std::string_view text, const Path& path, size_t string)
      : text_(text), path_(path), at_(string) {}

  Role role(bool whole) const {
    if (is_docstring()) return Role::Docstring;
    if (is_annotation()) return Role::Annotation;
    if (whole && is_exported()) return Role::Exported;
    return Role::String;
  }

 private:
  const Frame* above(size_t levels) const { return levels <= at_ ? &path_[at_ - levels] : nullptr; }

  bool is_docstring() const {
    const Frame* parent = above(1);
    return parent && parent->type == "expression_statement" &&
           ts_node_named_child_count(parent->node) == 1;
  }

  bool is_annotation() const {
    for (size_t i = 1; i <= at_; ++i) {
      const Frame& frame = *above(i);
      if (frame.type == "type") return true;
      if (frame.type == "generic_type" || frame.type == "subscript") {
        const auto head = text_of(ts_node_named_child(frame.node, 0), text_);
        if (head.ends_with("Literal") || head.ends_with("Annotated")) return false;
        // Type[...] outside of an annotation: only where a call takes types.
      } else if (frame.type == "argument_list") {
        return is_type_argument(i);
      } else if (one_of(frame.type, {"keyword_argument"})) {
        const auto name = text_of(child(frame.node, "name"), text_);
        if (name != "bound") return false;
      } else if (!one_of(frame.type, {"type_parameter", "union_type", "binary_operator", "list",
                                      "tuple", "member_type", "constrained_type"})) {
        return false;
      }
    }
    return false;
  }

  // cast("T", x), TypeVar("T", bound="T"), ForwardRef("T").
  bool is_type_argument(size_t arguments) const {
    const Frame* call = above(arguments + 1);
    if (!call || call->type != "call") return false;
    auto function = text_of(child(call->node, "function"), text_);
    function = function.substr(function.rfind('.') + 1);
    const TSNode first = ts_node_named_child(above(arguments)->node, 0);
    const bool is_first =
        !ts_node_is_null(first) && ts_node_start_byte(first) == above(arguments - 1)->begin();
    if (one_of(function, {"cast", "ForwardRef"})) return is_first;
    return function == "TypeVar" && !is_first;
  }

  bool is_exported() const {
    for (size_t i = 1; i <= at_ && i < 5; ++i) {
      const Frame& frame = *above(i);
      if (one_of(frame.type, {"assignment", "augmented_assignment"}))
        return text_of(child(frame.node, "left"), text_) == "__all__";
      if (frame.type == "call")
        return text_of(child(frame.node, "function"), text_).starts_with("__all__.");
    }
    return false;
  }

  std::string_view text_;
  const Path& path_;
  size_t at_;  // of the string's frame
};

// `{name}` or `{name:…}` in a format string of Rust is the variable itself.
bool is_inline_argument(std::string_view text, const Path& path, const Hit& hit) {
  if (hit.begin == 0 || text[hit.begin - 1] != '{' || (hit.begin > 1 && text[hit.begin - 2] == '{'))
    return false;
  if (hit.end >= text.size() || (text[hit.end] != '}' && text[hit.end] != ':')) return false;
  return std::ranges::any_of(path,
                             [](const Frame& frame) { return frame.type == "macro_invocation"; });
}

// The path in `import … from './x'` or `require('./x')`.
bool names_module(Lang lang, std::string_view text, const Path& path, size_t string) {
  if (string < 1) return false;
  const Frame& parent = path[string - 1];
  if (lang == Lang::Go) return parent.type == "import_spec";
  if (family_of(lang) == Family::Native) return parent.type == "preproc_include";
  if (family_of(lang) != Family::Script) return false;
  if (one_of(parent.type, {"import_statement", "export_statement", "import_require_clause"}))
    return true;
  if (parent.type != "arguments" || string < 2) return false;
  return one_of(text_of(child(path[string - 2].node, "function"), text), {"require", "import"});
}

void classify_one(Lang lang, std::string_view text, const Path& path, Hit& hit) {
  // From the leaf up: code, comment or string?
  for (size_t i = path.size(); i-- > 0;) {
    const auto type = path[i].type;
    if (type.find("comment") != std::string_view::npos) {
      hit.role = Role::Comment;
      return;
    }
    if (one_of(type, {"interpolation", "template_substitution"})) break;
    if (!is_string(type)) continue;
    size_t whole = i;
    if (type != "string" && whole > 0 && is_string(path[whole - 1].type) &&
        path[whole - 1].type != "concatenated_string")
      --whole;
    const auto content = text_of(path[whole].node, text);
    const size_t before = hit.begin - path[whole].begin();
    const size_t after = path[whole].end() - hit.end;
    hit.whole_string =
        content.find_first_of("'\"`") < before && before <= 5 && after <= 3 && before + after <= 6;
    if (content.size() == hit.end - hit.begin) hit.whole_string = true;
    hit.role = Role::String;
    if (names_module(lang, text, path, whole)) hit.what = What::Namespace;
    if (lang == Lang::Python) hit.role = PythonString(text, path, whole).role(hit.whole_string);
    if (lang == Lang::Rust && is_inline_argument(text, path, hit)) hit.role = Role::Reference;
    return;
  }
  const auto type = path.back().type;
  if (is_identifier_leaf(type)) {
    Classifier(lang, text, path, hit).identify();
    return;
  }
  // A keyword that is spelled like the name.
  if (!ts_node_is_named(path.back().node) && path.back().begin() == hit.begin &&
      path.back().end() == hit.end) {
    hit.role = Role::Label;
    return;
  }
  hit.role = Role::Unparsed;
}

}  // namespace

std::vector<std::uint32_t> find_words(std::string_view text, std::string_view name) {
  std::vector<std::uint32_t> out;
  if (name.empty()) return out;
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  while (at < end) {
    const void* found = memmem(at, static_cast<size_t>(end - at), name.data(), name.size());
    if (!found) break;
    const char* hit = static_cast<const char*>(found);
    const bool left = hit == text.data() || !in_word(static_cast<unsigned char>(hit[-1]));
    const bool right =
        hit + name.size() == end || !in_word(static_cast<unsigned char>(hit[name.size()]));
    if (left && right) out.push_back(static_cast<std::uint32_t>(hit - text.data()));
    at = hit + name.size();
  }
  return out;
}

std::vector<std::uint32_t> find_in_examples(std::string_view text, std::string_view name) {
  constexpr std::string_view kBefore = "func Example";
  std::vector<std::uint32_t> out;
  for (size_t at = text.find(kBefore); at != text.npos; at = text.find(kBefore, at + 1)) {
    const size_t begin = at + kBefore.size(), end = begin + name.size();
    if (text.substr(begin, name.size()) != name || end >= text.size()) continue;
    if (text[end] == '(' || text[end] == '_') out.push_back(static_cast<std::uint32_t>(begin));
  }
  return out;
}

FileHits classify(Lang lang, TSNode root, std::string_view text, std::string_view name,
                  const std::vector<std::uint32_t>& places) {
  FileHits out;
  out.damaged = ts_node_has_error(root);
  int line = 1;
  size_t counted = 0;
  walk_to(root, places, static_cast<std::uint32_t>(name.size()),
          [&](std::uint32_t place, const Path& path) {
            Hit hit;
            hit.begin = place;
            hit.end = place + static_cast<std::uint32_t>(name.size());
            line += static_cast<int>(std::count(text.begin() + static_cast<std::ptrdiff_t>(counted),
                                                text.begin() + place, '\n'));
            counted = place;
            hit.line = line;
            classify_one(lang, text, path, hit);
            out.hits.push_back(std::move(hit));
          });
  if (lang == Lang::Java || lang == Lang::Go) {
    for (std::uint32_t i = 0; i < std::min(ts_node_named_child_count(root), 50u); ++i) {
      const TSNode node = ts_node_named_child(root, i);
      if (!one_of(type_of(node), {"package_declaration", "package_clause"})) continue;
      for (std::uint32_t n = 0; n < ts_node_named_child_count(node); ++n) {
        const TSNode part = ts_node_named_child(node, n);
        if (one_of(type_of(part), {"scoped_identifier", "identifier", "package_identifier"}))
          out.package = std::string(text_of(part, text));
      }
    }
  }
  return out;
}

namespace {

std::string unquoted(std::string_view text) {
  return text.size() > 2 ? std::string(text.substr(1, text.size() - 2)) : std::string();
}

void python_bindings(TSNode node, std::string_view text, std::vector<Binding>& out) {
  const bool from = type_of(node) == "import_from_statement";
  const std::string module = from ? std::string(text_of(child(node, "module_name"), text)) : "";
  for (std::uint32_t i = 0; i < ts_node_named_child_count(node); ++i) {
    const TSNode part = ts_node_named_child(node, i);
    const auto type = type_of(part);
    if (type == "aliased_import") {
      const std::string name(text_of(child(part, "name"), text));
      out.push_back(
          {std::string(text_of(child(part, "alias"), text)), from ? module : name, !from, name});
    } else if (type == "dotted_name") {
      const std::string name(text_of(part, text));
      if (from && name == module) continue;
      out.push_back({name.substr(0, name.find('.')), from ? module : name, !from, name});
    }
  }
}

void script_bindings(TSNode node, std::string_view text, std::vector<Binding>& out) {
  if (type_of(node) == "variable_declarator") {
    const TSNode value = child(node, "value");
    if (type_of(value) != "call_expression" || text_of(child(value, "function"), text) != "require")
      return;
    const TSNode arguments = child(value, "arguments");
    if (ts_node_is_null(arguments) || ts_node_named_child_count(arguments) == 0) return;
    out.push_back({std::string(text_of(child(node, "name"), text)),
                   unquoted(text_of(ts_node_named_child(arguments, 0), text)), true});
    return;
  }
  const std::string module = unquoted(text_of(child(node, "source"), text));
  for (std::uint32_t i = 0; i < ts_node_named_child_count(node); ++i) {
    const TSNode clause = ts_node_named_child(node, i);
    if (type_of(clause) != "import_clause") continue;
    for (std::uint32_t n = 0; n < ts_node_named_child_count(clause); ++n) {
      const TSNode part = ts_node_named_child(clause, n);
      if (type_of(part) == "namespace_import")
        out.push_back({std::string(text_of(ts_node_named_child(part, 0), text)), module, true});
      if (type_of(part) == "identifier")
        out.push_back({std::string(text_of(part, text)), module, true});
      for (std::uint32_t k = 0;
           type_of(part) == "named_imports" && k < ts_node_named_child_count(part); ++k) {
        const TSNode specifier = ts_node_named_child(part, k);
        const TSNode alias = child(specifier, "alias");
        out.push_back(
            {std::string(text_of(ts_node_is_null(alias) ? child(specifier, "name") : alias, text)),
             module, false});
      }
    }
  }
}

void go_binding(TSNode node, std::string_view text, std::vector<Binding>& out) {
  const std::string module = unquoted(text_of(child(node, "path"), text));
  const TSNode name = child(node, "name");
  std::string local = ts_node_is_null(name) ? module.substr(module.rfind('/') + 1)
                                            : std::string(text_of(name, text));
  // ".../v2" and "go-thing" are not the package's name; the usual ways to get at it.
  if (ts_node_is_null(name) && local.size() > 1 && local[0] == 'v' &&
      isdigit(static_cast<unsigned char>(local[1]))) {
    const std::string rest = module.substr(0, module.rfind('/'));
    local = rest.substr(rest.rfind('/') + 1);
  }
  out.push_back({std::move(local), module, true});
}

// `use std::{fs, io::Read as R};`: fs and R are of std.
void rust_bindings(TSNode node, std::string_view text, std::vector<Binding>& out) {
  std::string root;
  walk_all(node, [&](const Path& path) {
    const Frame& frame = path.back();
    if (ts_node_named_child_count(frame.node) > 0 || !ts_node_is_named(frame.node)) return true;
    const auto name = text_of(frame.node, text);
    if (root.empty() && frame.type != "visibility_modifier") root = std::string(name);
    if (frame.field != "path" && frame.type.ends_with("identifier"))
      out.push_back({std::string(name), root, true});
    return true;
  });
}

}  // namespace

std::vector<Binding> bindings_of(Lang lang, TSNode root, std::string_view text) {
  std::vector<Binding> out;
  const Family family = family_of(lang);
  if (family == Family::Native || family == Family::Java) return out;
  walk_all(root, [&](const Path& path) {
    const auto type = path.back().type;
    const TSNode node = path.back().node;
    if (one_of(type, {"import_statement", "import_from_statement"})) {
      if (family == Family::Python)
        python_bindings(node, text, out);
      else
        script_bindings(node, text, out);
      return false;
    }
    if (type == "use_declaration") {
      rust_bindings(node, text, out);
      return false;
    }
    if (type == "import_spec") {
      go_binding(node, text, out);
      return false;
    }
    if (type == "variable_declarator" && family == Family::Script) script_bindings(node, text, out);
    // Go's imports stand at the top alone; expressions of the others hold none, but for bodies of
    // functions.
    if (family == Family::Go) return path.size() < 4;
    return path.size() < 200 &&
           !one_of(type, {"call", "binary_operator", "string", "list", "dictionary",
                          "argument_list", "arguments", "template_string", "array",
                          "binary_expression", "member_expression", "attribute"});
  });
  return out;
}

}  // namespace nightjar::agent::mechanic
