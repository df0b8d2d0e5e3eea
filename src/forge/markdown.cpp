#include "forge/markdown.h"

#include <algorithm>

#include "base/text.h"

namespace nightjar::forge {

namespace {

constexpr std::string_view kInvisible = "\u200b";  // zero width space

}  // namespace

std::string code(std::string_view text, size_t most) {
  std::string out = shortened(inert(text), most);
  std::ranges::replace(out, '`', '\'');
  return out.empty() ? "(empty)" : "`" + out + "`";
}

std::string cell(std::string_view text, size_t most) {
  std::string out;
  for (const char c : code(text, most)) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string plain(std::string_view text) {
  std::string out;
  const std::string shown = inert(text);
  for (size_t i = 0; i < shown.size(); ++i) {
    const char c = shown[i];
    const bool acts = std::string_view("\\`*_{}[]<>()#|!~&").find(c) != std::string_view::npos;
    // A list, a heading or a rule at the beginning of a line.
    const bool begins = i == 0 && std::string_view("+-=.>").find(c) != std::string_view::npos;
    if (acts || begins) out += '\\';
    out += c;
    if (c == '@' || c == '#') out += kInvisible;
    if (c == ':' && shown.compare(i, 3, "://") == 0) out += kInvisible;
    if (c == '-' && i >= 2 && lower(shown.substr(i - 2, 2)) == "gh") out += kInvisible;  // GH-12
    if (c == 'w' && shown.compare(i, 2, "w.") == 0) out += kInvisible;                   // www.
  }
  return out;
}

std::string block(std::string_view text) {
  size_t longest = 0;
  size_t length = 0;
  const std::string shown = inert(trimmed(text), true);
  for (const char c : shown) {
    length = c == '`' ? length + 1 : 0;
    longest = std::max(longest, length);
  }
  const std::string fence(std::max<size_t>(3, longest + 1), '`');
  return fence + "\n" + shown + "\n" + fence + "\n";
}

namespace {

// Code spans and the text between them.
std::string tamed_text(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t open = text.find('`');
    const size_t close = open == text.npos ? text.npos : text.find('`', open + 1);
    if (close == text.npos) return out + plain(text);
    out += plain(text.substr(0, open)) + code(text.substr(open + 1, close - open - 1));
    text.remove_prefix(close + 1);
  }
  return out;
}

std::string tamed_line(std::string_view line) {
  if (line.starts_with('|')) {
    if (line.find_first_not_of("|-: ") == line.npos) return std::string(line);
    std::string out;
    for (const auto& cell : split(line, '|'))
      out += (out.empty() && cell.empty() ? "" : tamed_text(cell)) + "|";
    if (!out.empty()) out.pop_back();
    return out;
  }
  for (const std::string_view marker : {"### ", "#### ", "- "}) {
    if (line.starts_with(marker))
      return std::string(marker) + tamed_text(line.substr(marker.size()));
  }
  return tamed_text(line);
}

}  // namespace

std::string tamed(std::string_view markdown) {
  std::string out;
  for (const auto line : lines(markdown)) out += tamed_line(line) + "\n";
  return out;
}

}  // namespace nightjar::forge
