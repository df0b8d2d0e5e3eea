#include "agent/mechanic/edits.h"

#include <algorithm>

#include "base/text.h"

namespace nightjar::agent::mechanic {

std::string with_edits(std::string_view text, std::vector<Edit> edits) {
  std::ranges::stable_sort(edits, {}, &Edit::begin);
  std::string out;
  out.reserve(text.size() + edits.size() * 16);
  std::uint32_t at = 0;
  for (const auto& edit : edits) {
    if (edit.begin < at || edit.end < edit.begin || edit.end > text.size()) continue;
    out.append(text.substr(at, edit.begin - at));
    out.append(edit.text);
    at = edit.end;
  }
  out.append(text.substr(at));
  return out;
}

std::string line_around(std::string_view text, std::uint32_t offset) {
  constexpr size_t kBefore = 80, kMost = 160;
  size_t begin = std::min<size_t>(offset, text.size());
  while (begin > 0 && text[begin - 1] != '\n' && offset - begin < kBefore) --begin;
  size_t end = std::min<size_t>(offset, text.size());
  while (end < text.size() && text[end] != '\n' && end - begin < kMost) ++end;
  return trimmed(inert(text.substr(begin, end - begin)));
}

int line_number(std::string_view text, std::uint32_t offset) {
  return 1 + static_cast<int>(std::ranges::count(text.substr(0, offset), '\n'));
}

}  // namespace nightjar::agent::mechanic
