// Files keep their line ends, whatever a model sends: all the same ones, or each line its own; and
// the byte-order mark before the first.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nightjar::tools {

/// Lines of the old text that gave way to lines of the new one: `count` from `line` on, from 0.
struct LineChange {
  size_t line = 0, count = 0;
  size_t fresh = 0;  ///< lines that stand there now
  bool operator==(const LineChange&) const = default;
};

class LineEnds {
 public:
  explicit LineEnds(std::string_view text);
  LineEnds(const LineEnds&) = delete;
  LineEnds& operator=(const LineEnds&) = delete;
  /// With LF alone, without the mark; a text as it is where the file has none to be kept.
  std::string plain(std::string_view text) const;
  /// `text` came of the plain one by `changes`, which are in order and share no line. Lines that
  /// stayed keep their ends, others have those of the lines they replace, or of the line before.
  std::string restored(std::string_view text, const std::vector<LineChange>& changes) const;

 private:
  bool returns_at(size_t line) const;
  void add_changed(std::vector<bool>& returns, const LineChange& change,
                   const std::vector<std::string_view>& fresh) const;

  bool mark_;
  std::string plain_;
  std::vector<std::string_view> lines_;  ///< of `plain_`
  std::vector<bool> returns_;            ///< of each line end, whether it is CR LF
};

}  // namespace nightjar::tools
