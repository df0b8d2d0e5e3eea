#include "tools/elision.h"

#include <algorithm>

#include "base/text.h"
#include "tools/block.h"
#include "tools/candidates.h"

namespace nightjar::tools {

namespace {

using Lines = std::vector<std::string_view>;

std::string quoted(const Lines& segment) {
  const auto first = std::ranges::find_if(segment, [](auto line) { return !trim(line).empty(); });
  return "'" + (first == segment.end() ? "" : shortened(inert(trim(*first)), 80)) + "'";
}

std::unexpected<std::string> several(const Lines& lines, const Lines& segment,
                                     const std::vector<Place>& places) {
  const auto at = first_lines(places);
  return std::unexpected(
      "the text that begins with " + quoted(segment) + " beside \"...\" stands at " +
      named_places(at) +
      "; give more of the lines around it, or the lines that \"...\" leaves out:\n" +
      shown_places(lines, at));
}

std::unexpected<std::string> behind(const Lines& lines, const Lines& segment, const Block& block,
                                    const std::vector<Place>& places) {
  const auto at = first_lines(places);
  return std::unexpected("the text that begins with " + quoted(segment) +
                         " is not in what begins at line " + std::to_string(block.head + 1) +
                         ", it stands behind the end of that, at " + named_places(at) +
                         "; give it without \"...\" if it is meant:\n" + shown_places(lines, at));
}

}  // namespace

std::optional<Elision> elision_in(std::string_view line) {
  const auto strip = [](std::string_view& text) {
    const size_t begin = text.find_first_not_of(" \t");
    text.remove_prefix(std::min(begin, text.size()));
  };
  Elision out;
  strip(line);
  for (const std::string_view mark : {"//", "#", "--", ";", "/*", "{/*", "<!--"}) {
    if (!line.starts_with(mark)) continue;
    line.remove_prefix(mark.size());
    strip(line);
    out.comment = true;
    break;
  }
  if (!line.starts_with("...") && !line.starts_with("\u2026")) return std::nullopt;
  line.remove_prefix(std::min(line.find_first_not_of('.'), line.size()));
  if (line.starts_with("\u2026")) line.remove_prefix(std::string_view("\u2026").size());
  out.words = lower(trimmed(line));
  if (!out.comment && !out.words.empty()) return std::nullopt;
  return out;
}

std::vector<Lines> segments(const Lines& lines) {
  std::vector<Lines> out(1);
  for (const auto line : lines) {
    if (elision_in(line))
      out.emplace_back();
    else
      out.back().push_back(line);
  }
  return out;
}

std::expected<std::optional<std::vector<PlacedSegment>>, std::string> place_segments(
    const Lines& lines, const std::vector<Lines>& wanted) {
  std::vector<PlacedSegment> out;
  std::optional<Block> block;
  size_t from = 0;
  for (const auto& segment : wanted) {
    if (segment.empty()) {
      out.push_back({{from, 0}});
      continue;
    }
    Matches matches = find_lines(lines, segment, from);
    if (matches.places.empty()) return std::nullopt;
    const bool strays = block && matches.places[0].line >= block->end &&
                        is_deeper(lines, matches.places[0].line, block->head);
    if (block && (strays || matches.places.size() > 1)) {
      Matches inside = find_lines(lines, segment, from, block->end);
      if (inside.places.empty() && strays) return behind(lines, segment, *block, matches.places);
      if (!inside.places.empty()) matches = std::move(inside);
    }
    if (matches.places.size() > 1) return several(lines, segment, matches.places);
    const Place& place = matches.places[0];
    from = place.line + place.count;
    // What is named behind the block begins another one.
    if (!block || from > block->end)
      block = block_of(lines, std::max(place.line, block ? block->end : 0), from);
    out.push_back({place, matches.likeness});
  }
  if (!block) return std::nullopt;  // nothing but dots
  return out;
}

}  // namespace nightjar::tools
