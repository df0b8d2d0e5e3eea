#include "agent/mechanic/prose.h"

#include <algorithm>
#include <string>

#include "agent/mechanic/classifier.h"
#include "syntax/languages.h"

namespace nightjar::agent::mechanic {

using namespace syntax;

namespace {

constexpr size_t kMostLine = 2000;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// The piece between spaces around the name.
std::string_view token_at(std::string_view text, size_t begin, size_t end) {
  size_t first = begin;
  while (first > 0 && begin - first < kMostLine && !is_space(text[first - 1])) --first;
  while (end < text.size() && end - begin < kMostLine && !is_space(text[end])) ++end;
  return text.substr(first, end - first);
}

// In backticks, in an indented or fenced block, after a prompt: code within prose.
bool in_code(std::string_view text, size_t begin, size_t end) {
  size_t line = begin;
  while (line > 0 && begin - line < kMostLine && text[line - 1] != '\n') --line;
  const auto before = text.substr(line, begin - line);
  if (std::ranges::count(before, '`') % 2 == 1) return true;
  // A line of code in prose, or a word that says what the name is.
  const size_t first = std::min(before.find_first_not_of(" \t#*/-;>|"), before.size());
  const auto start = before.substr(first);
  if (before.find(">>> ") != std::string_view::npos || start.starts_with("$ ")) return true;
  if (start.starts_with("import ") ||
      (start.starts_with("from ") && before.find(" import ") != std::string_view::npos))
    return true;
  auto word = before;
  while (!word.empty() && is_space(word.back())) word.remove_suffix(1);
  if (word.size() < before.size()) {
    word = word.substr(word.find_last_of(" \t({[,.;`*") + 1);
    if (one_of(word, {"import", "def", "class", "func", "fn", "function", "struct", "method",
                      "enum", "@link", "macro", "#define"}))
      return true;
  }
  const char previous = begin > 0 ? text[begin - 1] : ' ';
  const char next = end < text.size() ? text[end] : ' ';
  if (next == '(' || previous == '.' || previous == '#' || previous == '@' ||
      (previous == ':' && begin > 1 && text[begin - 2] == ':'))
    return true;
  if (previous == '>' && begin > 1 && text[begin - 2] == '-') return true;
  if (next == '.' && end + 1 < text.size() &&
      (isalpha(static_cast<unsigned char>(text[end + 1])) || text[end + 1] == '_'))
    return true;
  if (next == ':' && end + 1 < text.size() && text[end + 1] == ':') return true;
  return (previous == '\'' && next == '\'') || (previous == '"' && next == '"');
}

}  // namespace

bool is_plain_word(std::string_view name) {
  return std::ranges::all_of(name, [](char c) { return c >= 'a' && c <= 'z'; });
}

Mention mention_at(std::string_view text, std::uint32_t begin, std::uint32_t end) {
  const auto token = token_at(text, begin, end);
  if (token.find("://") != std::string_view::npos) return Mention::Link;
  if (end + 1 < text.size() && text[end] == '.') {
    size_t stop = end + 1;
    while (stop < text.size() &&
           (isalnum(static_cast<unsigned char>(text[stop])) || text[stop] == '+'))
      ++stop;
    const std::string file = "x." + std::string(text.substr(end + 1, stop - end - 1));
    // `Parser.h` is a file; `parser.c` could be a member named c, so one letter must not be
    // followed by a call.
    if (language_of(file) && (stop >= text.size() || text[stop] != '(')) return Mention::FileName;
  }
  // "Option-like": a compound of the language, where the name is a capital and small letters.
  const auto name = text.substr(begin, end - begin);
  const bool compound = end + 1 < text.size() && text[end] == '-' &&
                        isalpha(static_cast<unsigned char>(text[end + 1]));
  if (compound && is_plain_word(name.substr(1)) && !in_code(text, begin, end)) return Mention::Word;
  if (!is_plain_word(name) || in_code(text, begin, end)) return Mention::Name;
  return Mention::Word;
}

}  // namespace nightjar::agent::mechanic
