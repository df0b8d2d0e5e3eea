#include "tools/block.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace nightjar::tools {

namespace {

using Lines = std::vector<std::string_view>;

size_t indentation(std::string_view line) {
  constexpr size_t kTab = 8;
  size_t out = 0;
  for (const char c : line) {
    if (c != ' ' && c != '\t') break;
    out += c == '\t' ? kTab - out % kTab : 1;
  }
  return out;
}

std::string_view word_at(std::string_view text) {
  size_t end = 0;
  while (end < text.size() && is_word_char(text[end])) ++end;
  return text.substr(0, end);
}

bool is_preprocessor(std::string_view text) {
  if (!take(text, "#")) return false;
  constexpr std::array<std::string_view, 16> kWords{
      "if",     "ifdef", "ifndef",  "elif",   "elifdef", "elifndef", "else", "endif",
      "define", "undef", "include", "pragma", "error",   "warning",  "line", "import"};
  return std::ranges::find(kWords, word_at(trim_left(text))) != kWords.end();
}

// "#id {" is none.
bool is_comment(std::string_view text) {
  return text.starts_with("//") || text.starts_with("/*") || text == "#" ||
         text.starts_with("# ") || text.starts_with("##");
}

bool closes(std::string_view text) {
  constexpr std::array<std::string_view, 4> kWords{"end", "fi", "done", "esac"};
  if (std::string_view(")]}").find(text[0]) != std::string_view::npos) return true;
  const std::string_view word = word_at(text);
  const std::string_view rest = text.substr(word.size());
  return std::ranges::find(kWords, word) != kWords.end() &&
         (rest.empty() || std::string_view(").,;").find(rest[0]) != std::string_view::npos);
}

// "else", "} catch (...) {", "case 1:", "public:", "out:". "try:" begins something else.
bool is_branch(std::string_view text) {
  constexpr std::array<std::string_view, 10> kWords{"else",  "elif", "elsif",  "except", "finally",
                                                    "catch", "case", "rescue", "ensure", "default"};
  text.remove_prefix(std::min(text.find_first_not_of(")]} \t"), text.size()));
  const std::string_view word = word_at(text);
  const std::string_view rest = trim_left(text.substr(word.size()));
  if (std::ranges::find(kWords, word) != kWords.end()) return !rest.starts_with('=');
  return !word.empty() && word != "try" && rest == ":";
}

// One of several that stand beside each other: "key: value", "'key':", "target: source".
bool is_one_of_several(std::string_view text) {
  if (is_branch(text)) return true;
  const size_t end = text.find_first_of(": \t");
  return end != std::string_view::npos && end > 0 && text[end] == ':' &&
         !text.substr(end).starts_with("::");
}

bool goes_on(std::string_view line, std::string_view head) {
  const std::string_view text = trim(line);
  if (text.empty() || indentation(line) > indentation(head) || is_preprocessor(text)) return true;
  if (is_comment(text) && !trim(head).starts_with('#')) return true;  // a heading is no comment
  if (indentation(line) < indentation(head)) return false;
  if (is_branch(text)) return !is_one_of_several(trim(head));
  return closes(text) || text == "{";
}

size_t first_with_text(const Lines& lines, size_t from) {
  while (from + 1 < lines.size() && trim(lines[from]).empty()) ++from;
  return from;
}

}  // namespace

Block block_of(const Lines& lines, size_t head, size_t behind) {
  head = first_with_text(lines, head);
  size_t end = behind;
  while (end < lines.size() && goes_on(lines[end], lines[head])) ++end;
  return {head, end};
}

bool is_deeper(const Lines& lines, size_t line, size_t head) {
  return indentation(lines[first_with_text(lines, line)]) > indentation(lines[head]);
}

}  // namespace nightjar::tools
