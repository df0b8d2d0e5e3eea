// Replacing whole lines of a text, found ever more tolerantly. Pure.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/edit.h"
#include "tools/match.h"

namespace nightjar::tools {

class LineEditor {
 public:
  /// The views must outlive it. `all`: every place of one likeness.
  LineEditor(std::string_view text, std::string_view piece, std::string_view replacement, bool all)
      : text_(text),
        lines_(split_lines(text)),
        wanted_(split_lines(piece)),
        replacement_(split_lines(replacement)),
        all_(all) {}

  /// By the ladder of edit_text, without its first step.
  std::expected<Edited, std::string> run();
  /// For a piece that was given with the numbers of its lines, the first of them from 1: of several
  /// places the one at that number. nullopt where it stands nowhere.
  std::optional<std::expected<Edited, std::string>> run_numbered(size_t number);

 private:
  using Lines = std::vector<std::string_view>;
  struct Splice {
    Place place;
    std::vector<std::string> lines;  ///< instead of those
  };

  std::expected<Edited, std::string> chosen(const Matches& matches, size_t number);
  Edited replaced(const std::vector<Place>& places, Likeness likeness) const;
  std::optional<std::expected<Edited, std::string>> elided() const;
  std::expected<Edited, std::string> drifted() const;
  bool says_the_same(const Place& place) const;
  Lines part(const Place& place) const;
  static std::vector<std::string> instead_of(const Lines& found, const Lines& wanted,
                                             const Lines& replacement, Likeness likeness);
  Edited spliced(const std::vector<Splice>& splices, std::string note) const;

  std::string_view text_;
  Lines lines_, wanted_, replacement_;
  bool all_;
};

}  // namespace nightjar::tools
