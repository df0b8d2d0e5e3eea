#include "agent/mechanic/brief_words.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace nightjar::agent::mechanic {

namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// The end of what a quote at `begin` opens, or npos: an apostrophe within a word opens nothing.
size_t closing_quote(std::string_view text, size_t begin) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kQuotes{
      {{"`", "`"}, {"\"", "\""}, {"'", "'"}, {"“", "”"}, {"‘", "’"}, {"«", "»"}}};
  for (const auto& [open, close] : kQuotes) {
    if (!text.substr(begin).starts_with(open)) continue;
    const size_t end = text.find(close, begin + open.size());
    if (end != std::string_view::npos) return end;
  }
  return std::string_view::npos;
}

size_t quote_size(std::string_view text, size_t at) {
  const unsigned char c = static_cast<unsigned char>(text[at]);
  return c < 0x80 ? 1 : (c >= 0xE0 ? 3 : 2);
}

std::string without_punctuation(std::string text) {
  while (text.size() > 1 &&
         std::string_view(".,;:!?").find(text.back()) != std::string_view::npos) {
    text.pop_back();
  }
  return text;
}

}  // namespace

std::vector<Word> words_of(std::string_view brief) {
  std::vector<Word> out;
  for (size_t i = 0; i < brief.size();) {
    if (is_space(brief[i])) {
      ++i;
      continue;
    }
    const size_t close = closing_quote(brief, i);
    if (close != std::string_view::npos) {
      const size_t open = quote_size(brief, i);
      out.push_back({std::string(brief.substr(i + open, close - i - open)), true, i});
      i = close + quote_size(brief, close);
      while (i < brief.size() &&
             std::string_view(".,;:!?").find(brief[i]) != std::string_view::npos)
        ++i;
      continue;
    }
    size_t end = i;
    while (end < brief.size() && !is_space(brief[end])) ++end;
    out.push_back({without_punctuation(std::string(brief.substr(i, end - i))), false, i});
    i = end;
  }
  return out;
}

namespace {

// A separator that starts at `at` and stands between spaces; its length, or 0.
size_t separator_at(std::string_view text, size_t at) {
  if (at == 0 || !is_space(text[at - 1])) return 0;
  for (std::string_view word : {"with", "by", "to", "into", "->", "=>", "→"}) {
    const auto rest = text.substr(at);
    if (lower(rest.substr(0, word.size())) != word) continue;
    if (rest.size() > word.size() && is_space(rest[word.size()])) return word.size();
  }
  return 0;
}

std::string cleaned(std::string_view side) {
  std::string text = trimmed(side);
  const auto ends_with_word = [&](std::string_view word) {
    return text.size() > word.size() && lower(text).ends_with(word) &&
           is_space(text[text.size() - word.size() - 1]);
  };
  for (bool again = true; again;) {
    again = false;
    for (std::string_view word :
         {"everywhere", "throughout", "please", "everywhere.", "throughout.", "please."}) {
      if (!ends_with_word(word)) continue;
      text = trimmed(std::string_view(text).substr(0, text.size() - word.size()));
      again = true;
    }
  }
  while (!text.empty() && (text.back() == '.' || text.back() == ',')) text.pop_back();
  return text;
}

// The whole of `text` but for a tail that says nothing, where it is one quoted piece.
std::optional<std::string> unquoted(std::string_view text) {
  if (text.empty() || text[0] != '`') return std::nullopt;
  const size_t close = text.find('`', 1);
  if (close == std::string_view::npos || !trimmed(text.substr(close + 1)).empty())
    return std::nullopt;
  return trimmed(text.substr(1, close - 1));
}

}  // namespace

std::optional<Sides> split_sides(std::string_view text) {
  int depth = 0;
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == '\\' && quote != '`')
        ++i;
      else if (c == quote)
        quote = 0;
      continue;
    }
    if (c == '`' || c == '"' ||
        (c == '\'' && (i == 0 || !isalnum(static_cast<unsigned char>(text[i - 1]))))) {
      quote = c;
    } else if (c == '(' || c == '[' || c == '{') {
      ++depth;
    } else if (c == ')' || c == ']' || c == '}') {
      --depth;
    } else if (depth == 0) {
      const size_t length = separator_at(text, i);
      if (length == 0) continue;
      const std::string first = cleaned(text.substr(0, i));
      const std::string second = cleaned(text.substr(i + length));
      const auto a = unquoted(first);
      const auto b = unquoted(second);
      return Sides{a.value_or(first), b.value_or(second), a && b};
    }
  }
  return std::nullopt;
}

bool looks_like_code(std::string_view text) {
  return text.find_first_of("([{$.:=<>+*/-") != std::string_view::npos &&
         (text.find_first_of("($[") != std::string_view::npos ||
          text.find(' ') == std::string_view::npos);
}

std::vector<std::string> metavariables(std::string_view pattern) {
  std::vector<std::string> out;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '$') continue;
    size_t name = i;
    while (name < pattern.size() && pattern[name] == '$') ++name;
    size_t end = name;
    while (end < pattern.size() &&
           (isupper(static_cast<unsigned char>(pattern[end])) || pattern[end] == '_' ||
            (end > name && isdigit(static_cast<unsigned char>(pattern[end]))))) {
      ++end;
    }
    const bool counts = (name - i == 1 || name - i == 3) && end > name;
    if (counts) {
      std::string text(pattern.substr(i, end - i));
      if (std::ranges::find(out, text) == out.end()) out.push_back(std::move(text));
    }
    i = end > i ? end - 1 : i;
  }
  return out;
}

std::string unbound_metavariable(std::string_view pattern, std::string_view replacement) {
  const auto bound = metavariables(pattern);
  for (const auto& name : metavariables(replacement)) {
    if (std::ranges::find(bound, name) == bound.end()) return name;
  }
  return "";
}

}  // namespace nightjar::agent::mechanic
