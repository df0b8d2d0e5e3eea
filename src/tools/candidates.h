// Places of a file as a refusal shows them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/match.h"

namespace nightjar::tools {

/// The lines of a place with their numbers, the first eight of many.
std::string shown(const std::vector<std::string_view>& lines, const Place& place);

/// "2 places (lines 3, 7)": `first_lines` are from 0 and may repeat.
std::string named_places(const std::vector<size_t>& first_lines);

/// The first few of them with the lines around each.
std::string shown_places(const std::vector<std::string_view>& lines,
                         const std::vector<size_t>& first_lines);

/// What is said of a text that stands at several places.
std::string ambiguous(const std::vector<std::string_view>& lines,
                      const std::vector<size_t>& first_lines);

std::vector<size_t> first_lines(const std::vector<Place>& places);

}  // namespace nightjar::tools
