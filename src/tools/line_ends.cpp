#include "tools/line_ends.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "tools/match.h"

namespace nightjar::tools {

namespace {

using Lines = std::vector<std::string_view>;
using Pairs = std::vector<std::pair<size_t, size_t>>;

std::string without_returns(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') out += text[i];
  }
  return out;
}

// Positions of lines that both have in common, in order: as many as possible, of very many those
// at the beginning and the end.
Pairs common_lines(const Lines& a, const Lines& b) {
  constexpr size_t kMostCells = 1'000'000;
  Pairs out;
  size_t begin = 0;
  while (begin < std::min(a.size(), b.size()) && a[begin] == b[begin]) {
    out.emplace_back(begin, begin);
    ++begin;
  }
  size_t tail = 0;
  while (tail < std::min(a.size(), b.size()) - begin &&
         a[a.size() - 1 - tail] == b[b.size() - 1 - tail])
    ++tail;
  const size_t rows = a.size() - tail - begin, columns = b.size() - tail - begin;
  if (rows > 0 && columns > 0 && rows <= kMostCells / columns) {
    std::vector<std::uint32_t> longest((rows + 1) * (columns + 1));
    const auto at = [&](size_t i, size_t j) -> std::uint32_t& {
      return longest[i * (columns + 1) + j];
    };
    for (size_t i = rows; i-- > 0;) {
      for (size_t j = columns; j-- > 0;)
        at(i, j) = a[begin + i] == b[begin + j] ? at(i + 1, j + 1) + 1
                                                : std::max(at(i + 1, j), at(i, j + 1));
    }
    for (size_t i = 0, j = 0; i < rows && j < columns;) {
      if (a[begin + i] == b[begin + j])
        out.emplace_back(begin + i++, begin + j++);
      else if (at(i + 1, j) >= at(i, j + 1))
        ++i;
      else
        ++j;
    }
  }
  for (; tail > 0; --tail) out.emplace_back(a.size() - tail, b.size() - tail);
  return out;
}

Lines part_of(const Lines& lines, size_t begin, size_t count) {
  begin = std::min(begin, lines.size());
  const size_t end = std::min(begin + count, lines.size());
  return {lines.begin() + static_cast<std::ptrdiff_t>(begin),
          lines.begin() + static_cast<std::ptrdiff_t>(end)};
}

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view without_mark(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

}  // namespace

LineEnds::LineEnds(std::string_view text)
    : mark_(text.starts_with(kByteOrderMark)),
      plain_(without_returns(without_mark(text))),
      lines_(split_lines(plain_)) {
  for (size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1))
    returns_.push_back(at > 0 && text[at - 1] == '\r');
}

std::string LineEnds::plain(std::string_view text) const {
  if (mark_) text = without_mark(text);
  return returns_.empty() ? std::string(text) : without_returns(text);
}

// The last line may have no end: then as the one before.
bool LineEnds::returns_at(size_t line) const {
  return returns_[std::min(line, returns_.size() - 1)];
}

void LineEnds::add_changed(std::vector<bool>& returns, const LineChange& change,
                           const Lines& fresh) const {
  const Lines before = part_of(lines_, change.line, change.count);
  const Lines after = part_of(fresh, returns.size(), change.fresh);
  Pairs common = common_lines(before, after);
  common.emplace_back(before.size(), after.size());
  size_t old = 0, now = 0;
  for (const auto& [same_old, same_now] : common) {
    for (; now < same_now; ++now, ++old)
      returns.push_back(old < same_old || returns.empty() ? returns_at(change.line + old)
                                                          : returns.back());
    if (same_now < after.size()) returns.push_back(returns_at(change.line + same_old));
    old = same_old + 1;
    now = same_now + 1;
  }
}

std::string LineEnds::restored(std::string_view text,
                               const std::vector<LineChange>& changes) const {
  std::string out(mark_ ? kByteOrderMark : "");
  if (std::ranges::find(returns_, true) == returns_.end()) return out += text;
  const Lines lines = split_lines(text);
  std::vector<bool> returns;
  size_t old = 0;
  for (const auto& change : changes) {
    for (; old < change.line; ++old) returns.push_back(returns_at(old));
    add_changed(returns, change, lines);
    old = change.line + change.count;
  }
  while (returns.size() < lines.size()) returns.push_back(returns_at(old++));
  out.reserve(out.size() + text.size() + lines.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    out += lines[i];
    if (i + 1 < lines.size() || text.ends_with('\n')) out += returns[i] ? "\r\n" : "\n";
  }
  return out;
}

}  // namespace nightjar::tools
