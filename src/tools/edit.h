// Replacing a piece of a file by another, as models ask for it. Pure.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/line_ends.h"

namespace nightjar::tools {

struct Edited {
  std::string text;
  size_t places = 0;
  size_t first_line = 0;  ///< of the change, from 1
  std::string note;       ///< how the piece was found where it was not exactly as given
  std::vector<LineChange> changes = {};  ///< in order; they share no line
  bool operator==(const Edited&) const = default;
};

/// Exact first; then whole lines: without the line numbers that reading shows, without blanks at
/// line ends, with plain quotes and dashes, with the file's own indentation, with lines that are
/// only "..." standing for what lies between, and at last one place that is nearly the same and
/// alone in that, if it differs in blanks and quotes only. Line ends of the file stay as they are.
/// An ambiguous piece is an error that shows the candidates (`all`: every place that is as much
/// alike is replaced), and so is an edit that changes nothing.
std::expected<Edited, std::string> edit_text(std::string_view text, std::string_view piece,
                                             std::string_view replacement, bool all);

/// A line such as "// ... existing code ..." that stands in `after` and not in `before`: what it
/// was written for would be lost.
std::optional<std::string> left_out(std::string_view before, std::string_view after);

}  // namespace nightjar::tools
