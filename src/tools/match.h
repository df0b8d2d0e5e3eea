// Finding the lines that a model meant: exactly first, then ever more tolerantly, and never a guess
// between two places.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nightjar::tools {

/// Lines of a text without their ends; "a\n" is one line, "a\n\n" two.
std::vector<std::string_view> split_lines(std::string_view text);

enum class Likeness {
  Exact,
  NoTrailingBlanks,  ///< but for blanks at the ends of lines
  Typography,        ///< but for those, and quotes, dashes and blanks of other kinds
  Indentation,       ///< but for those, and leading blanks
};

/// The line as one is seen that is that much alike.
std::string seen_as(std::string_view line, Likeness likeness);

struct Place {
  size_t line = 0;   ///< of the first line that is meant, from 0
  size_t count = 0;  ///< lines
  bool operator==(const Place&) const = default;
};

/// Where `wanted` stands in `lines`, as the first likeness that finds it at all says it; beginning
/// in a line from `begin` to before `end`.
struct Matches {
  Likeness likeness = Likeness::Exact;
  std::vector<Place> places;
};
Matches find_lines(const std::vector<std::string_view>& lines,
                   const std::vector<std::string_view>& wanted, size_t begin = 0,
                   size_t end = std::string_view::npos);

/// Places of about as many lines that are nearly the same, best first: with how alike (0 to 1).
struct Near {
  Place place;
  double likeness = 0;
};
struct Nearest {
  std::vector<Near> places;
  bool all = true;  ///< false: there was too much to compare; another place may be as near
};
Nearest nearest(const std::vector<std::string_view>& lines,
                const std::vector<std::string_view>& wanted, size_t most = 3);

/// `replacement` with the indentation of `found` instead of that of `wanted` (both as matched by
/// Likeness::Indentation).
std::vector<std::string> reindented(const std::vector<std::string_view>& found,
                                    const std::vector<std::string_view>& wanted,
                                    const std::vector<std::string_view>& replacement);

}  // namespace nightjar::tools
