// Lines of "..." that stand for what a model left out. Pure.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/match.h"

namespace nightjar::tools {

struct Elision {
  bool comment = false;
  std::string words;  ///< behind or between the dots, in lower case
};

/// Nothing but dots; in a comment, words may follow them. "...spread," is code.
std::optional<Elision> elision_in(std::string_view line);

/// What stands before, between and behind the lines of "...": one more than there are of those.
std::vector<std::vector<std::string_view>> segments(const std::vector<std::string_view>& lines);

struct PlacedSegment {
  Place place;  ///< of no lines where the segment has none
  Likeness likeness = Likeness::Exact;
};

/// Where each segment stands behind the one before. Two places that would do are an error that
/// shows them, unless one alone is in the block that the first segment begins, and so is a segment
/// that belongs into that block and stands only behind it. nullopt: one is not there at all.
std::expected<std::optional<std::vector<PlacedSegment>>, std::string> place_segments(
    const std::vector<std::string_view>& lines,
    const std::vector<std::vector<std::string_view>>& wanted);

}  // namespace nightjar::tools
