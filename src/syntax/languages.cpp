#include "syntax/languages.h"

#include <array>

extern "C" {
const TSLanguage* tree_sitter_python();
const TSLanguage* tree_sitter_javascript();
const TSLanguage* tree_sitter_typescript();
const TSLanguage* tree_sitter_tsx();
const TSLanguage* tree_sitter_c();
const TSLanguage* tree_sitter_cpp();
const TSLanguage* tree_sitter_go();
const TSLanguage* tree_sitter_java();
const TSLanguage* tree_sitter_rust();
}

namespace nightjar::syntax {

namespace {

struct Extension {
  std::string_view end;
  Lang lang;
};

constexpr std::array kExtensions{
    Extension{"py", Lang::Python},
    Extension{"pyi", Lang::Python},
    Extension{"js", Lang::JavaScript},
    Extension{"mjs", Lang::JavaScript},
    Extension{"cjs", Lang::JavaScript},
    Extension{"jsx", Lang::JavaScript},
    Extension{"ts", Lang::TypeScript},
    Extension{"mts", Lang::TypeScript},
    Extension{"cts", Lang::TypeScript},
    Extension{"tsx", Lang::Tsx},
    Extension{"c", Lang::C},
    Extension{"h", Lang::Cpp},
    Extension{"cc", Lang::Cpp},
    Extension{"cpp", Lang::Cpp},
    Extension{"cxx", Lang::Cpp},
    Extension{"c++", Lang::Cpp},
    Extension{"hh", Lang::Cpp},
    Extension{"hpp", Lang::Cpp},
    Extension{"hxx", Lang::Cpp},
    Extension{"ipp", Lang::Cpp},
    Extension{"inl", Lang::Cpp},
    Extension{"tpp", Lang::Cpp},
    Extension{"go", Lang::Go},
    Extension{"java", Lang::Java},
    Extension{"rs", Lang::Rust},
};

}  // namespace

const TSLanguage* grammar(Lang lang) {
  switch (lang) {
    case Lang::Python:
      return tree_sitter_python();
    case Lang::JavaScript:
      return tree_sitter_javascript();
    case Lang::TypeScript:
      return tree_sitter_typescript();
    case Lang::Tsx:
      return tree_sitter_tsx();
    case Lang::C:
      return tree_sitter_c();
    case Lang::Cpp:
      return tree_sitter_cpp();
    case Lang::Go:
      return tree_sitter_go();
    case Lang::Java:
      return tree_sitter_java();
    case Lang::Rust:
      return tree_sitter_rust();
  }
  return nullptr;
}

std::string_view name_of(Lang lang) {
  switch (lang) {
    case Lang::Python:
      return "Python";
    case Lang::JavaScript:
      return "JavaScript";
    case Lang::TypeScript:
      return "TypeScript";
    case Lang::Tsx:
      return "TSX";
    case Lang::C:
      return "C";
    case Lang::Cpp:
      return "C++";
    case Lang::Go:
      return "Go";
    case Lang::Java:
      return "Java";
    case Lang::Rust:
      return "Rust";
  }
  return "";
}

Family family_of(Lang lang) {
  switch (lang) {
    case Lang::Python:
      return Family::Python;
    case Lang::JavaScript:
    case Lang::TypeScript:
    case Lang::Tsx:
      return Family::Script;
    case Lang::C:
    case Lang::Cpp:
      return Family::Native;
    case Lang::Go:
      return Family::Go;
    case Lang::Java:
      return Family::Java;
    case Lang::Rust:
      return Family::Rust;
  }
  return Family::Python;
}

std::string_view name_of(Family family) {
  switch (family) {
    case Family::Python:
      return "Python";
    case Family::Script:
      return "JavaScript and TypeScript";
    case Family::Native:
      return "C and C++";
    case Family::Go:
      return "Go";
    case Family::Java:
      return "Java";
    case Family::Rust:
      return "Rust";
  }
  return "";
}

std::optional<Family> family_from(std::string_view name) {
  for (const Lang lang : all_languages()) {
    if (name_of(family_of(lang)) == name) return family_of(lang);
  }
  return std::nullopt;
}

std::optional<Lang> language_of(std::string_view path) {
  const auto slash = path.rfind('/');
  const auto name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto end = name.substr(dot + 1);
  if (end == "C" || end == "H") return Lang::Cpp;
  for (const auto& extension : kExtensions) {
    if (extension.end == end) return extension.lang;
  }
  return std::nullopt;
}

const std::vector<Lang>& all_languages() {
  static const std::vector<Lang> all{Lang::Python, Lang::JavaScript, Lang::TypeScript,
                                     Lang::Tsx,    Lang::C,          Lang::Cpp,
                                     Lang::Go,     Lang::Java,       Lang::Rust};
  return all;
}

}  // namespace nightjar::syntax
