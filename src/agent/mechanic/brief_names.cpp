#include "agent/mechanic/brief_names.h"

#include <algorithm>
#include <array>
#include <utility>

namespace nightjar::agent::mechanic {

namespace {

constexpr size_t kMostName = 200;

constexpr std::array<std::pair<std::string_view, Noun>, 38> kNouns{{
    {"class", Noun::Type},         {"struct", Noun::Type},        {"structure", Noun::Type},
    {"record", Noun::Type},        {"interface", Noun::Type},     {"enum", Noun::Type},
    {"enumeration", Noun::Type},   {"trait", Noun::Type},         {"type", Noun::Type},
    {"union", Noun::Type},         {"typedef", Noun::Type},       {"protocol", Noun::Type},
    {"exception", Noun::Type},     {"component", Noun::Any},      {"function", Noun::Function},
    {"functions", Noun::Function}, {"func", Noun::Function},      {"fn", Noun::Function},
    {"def", Noun::Function},       {"procedure", Noun::Function}, {"routine", Noun::Function},
    {"helper", Noun::Function},    {"method", Noun::Method},      {"methods", Noun::Method},
    {"variable", Noun::Variable},  {"var", Noun::Variable},       {"constant", Noun::Variable},
    {"const", Noun::Variable},     {"global", Noun::Variable},    {"field", Noun::Field},
    {"attribute", Noun::Field},    {"property", Noun::Field},     {"member", Noun::Field},
    {"macro", Noun::Macro},        {"define", Noun::Macro},       {"symbol", Noun::Any},
    {"identifier", Noun::Any},     {"name", Noun::Any},
}};

// Words no language here allows as a name; `new` and the like would end in a tree that does not
// parse.
constexpr std::array<std::string_view, 44> kKeywords{
    "and",     "as",    "break", "case", "catch",    "class", "const",  "continue", "def",
    "default", "del",   "do",    "elif", "else",     "enum",  "except", "extends",  "false",
    "finally", "for",   "from",  "func", "function", "if",    "import", "in",       "is",
    "lambda",  "not",   "null",  "or",   "pass",     "raise", "return", "struct",   "switch",
    "this",    "throw", "true",  "try",  "void",     "while", "with",   "yield"};

}  // namespace

std::optional<Noun> noun_from(std::string_view word) {
  for (const auto& [text, noun] : kNouns) {
    if (text == word) return noun;
  }
  return std::nullopt;
}

bool is_keyword(std::string_view text) {
  return std::ranges::find(kKeywords, text) != kKeywords.end();
}

std::optional<Name> name_from(const Word& word) {
  std::string_view text = word.text;
  if (text.ends_with("()")) text.remove_suffix(2);
  if (text.empty() || text.size() > kMostName) return std::nullopt;
  Name out;
  size_t cut = 0, next = 0;
  for (std::string_view separator : {"::", ".", "#"}) {
    const size_t at = text.rfind(separator);
    if (at == std::string_view::npos || at + separator.size() < next) continue;
    cut = at;
    next = at + separator.size();
  }
  if (next > 0) {
    out.owner = std::string(text.substr(0, cut));
    // The last part of a longer path is what methods belong to.
    const size_t last = out.owner.find_last_of(".:#");
    if (last != std::string::npos) out.owner.erase(0, last + 1);
    if (!is_identifier(out.owner)) return std::nullopt;
  }
  out.name = std::string(text.substr(next));
  if (!is_identifier(out.name)) return std::nullopt;
  return out;
}

bool is_identifier(std::string_view text) {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
  return std::ranges::all_of(text, [](unsigned char c) {
    return c == '_' || c == '$' || c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
  });
}

std::string_view to_string(Noun noun) {
  switch (noun) {
    case Noun::Any:
      return "";
    case Noun::Type:
      return "class";
    case Noun::Function:
      return "function";
    case Noun::Method:
      return "method";
    case Noun::Variable:
      return "variable";
    case Noun::Field:
      return "field";
    case Noun::Macro:
      return "macro";
  }
  return "";
}

}  // namespace nightjar::agent::mechanic
