// Changes of one file as byte ranges, so that everything else keeps its exact bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nightjar::agent::mechanic {

struct Edit {
  std::uint32_t begin = 0, end = 0;
  std::string text;
  bool operator==(const Edit&) const = default;
};

/// The text with the edits made. Overlapping edits: the first (by begin) counts.
std::string with_edits(std::string_view text, std::vector<Edit> edits);

/// The line around an offset, trimmed and bounded, for findings.
std::string line_around(std::string_view text, std::uint32_t offset);
int line_number(std::string_view text, std::uint32_t offset);

}  // namespace nightjar::agent::mechanic
