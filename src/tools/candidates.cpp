#include "tools/candidates.h"

#include <algorithm>

#include "base/text.h"

namespace nightjar::tools {

namespace {

constexpr size_t kShownCandidates = 5;

std::vector<size_t> without_repeats(std::vector<size_t> lines) {
  lines.erase(std::ranges::unique(lines).begin(), lines.end());
  return lines;
}

}  // namespace

std::string shown(const std::vector<std::string_view>& lines, const Place& place) {
  std::string out;
  for (size_t i = place.line; i < place.line + std::min<size_t>(place.count, 8); ++i)
    out += "  " + std::to_string(i + 1) + " | " + shortened(inert(lines[i]), 160) + "\n";
  if (place.count > 8) out += "  ...\n";
  return out;
}

std::string named_places(const std::vector<size_t>& first_lines) {
  const auto each = without_repeats(first_lines);
  std::string where;
  for (size_t i = 0; i < each.size() && i < kShownCandidates; ++i)
    where += (i ? ", " : "") + std::to_string(each[i] + 1);
  if (each.size() > kShownCandidates)
    where += " and " + std::to_string(each.size() - kShownCandidates) + " more";
  return count_of(first_lines.size(), "place") + (each.size() == 1 ? " (line " : " (lines ") +
         where + ")";
}

std::string shown_places(const std::vector<std::string_view>& lines,
                         const std::vector<size_t>& first_lines) {
  const auto each = without_repeats(first_lines);
  std::string out;
  for (size_t i = 0; i < each.size() && i < kShownCandidates; ++i) {
    const size_t begin = each[i] > 1 ? each[i] - 2 : 0;
    out += shown(lines, {begin, std::min<size_t>(5, lines.size() - begin)}) + "\n";
  }
  return out;
}

std::string ambiguous(const std::vector<std::string_view>& lines,
                      const std::vector<size_t>& first_lines) {
  return "the text stands at " + named_places(first_lines) +
         "; give more of the lines around it, or \"all\": true to change every one:\n" +
         shown_places(lines, first_lines);
}

std::vector<size_t> first_lines(const std::vector<Place>& places) {
  std::vector<size_t> out;
  for (const auto& place : places) out.push_back(place.line);
  return out;
}

}  // namespace nightjar::tools
