#include "tools/edit.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include "base/text.h"
#include "tools/candidates.h"
#include "tools/elision.h"
#include "tools/line_editor.h"
#include "tools/match.h"

namespace nightjar::tools {

namespace {

size_t line_at(std::string_view text, size_t at) {
  return static_cast<size_t>(
      std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

// As the tool that reads files shows lines: "12", a tab, the line. Takes the number off.
std::optional<size_t> take_number(std::string_view& line) {
  const size_t begin = std::min(line.find_first_not_of(' '), line.size());
  size_t number = 0;
  const auto [end, error] = std::from_chars(line.data() + begin, line.data() + line.size(), number);
  if (error != std::errc{} || end == line.data() + line.size() || *end != '\t') return std::nullopt;
  line.remove_prefix(static_cast<size_t>(end - line.data()) + 1);
  return number;
}

struct NumberedText {
  std::string text;
  size_t first = 0;
  bool all = true;  ///< each line has a number
};

NumberedText without_numbers(std::string_view text) {
  NumberedText out;
  for (std::string_view line : split_lines(text)) {
    const auto number = take_number(line);
    if (out.text.empty()) out.first = number.value_or(0);
    if (!number) out.all = false;
    out.text += std::string(line) + "\n";
  }
  if (!text.ends_with('\n') && !out.text.empty()) out.text.pop_back();
  return out;
}

Edited replaced_at(std::string_view text, const std::vector<size_t>& places, size_t length,
                   std::string_view with) {
  const auto line_ends = [](std::string_view piece) {
    return static_cast<size_t>(std::ranges::count(piece, '\n'));
  };
  Edited out{"", places.size(), line_at(text, places[0]) + 1, ""};
  size_t from = 0, line = 0;
  for (const size_t at : places) {
    const std::string_view between = text.substr(from, at - from);
    const std::string_view old = text.substr(at, length);
    out.text += between;
    out.text += with;
    line += line_ends(between);
    auto& changes = out.changes;
    if (!changes.empty() && line < changes.back().line + changes.back().count) {
      changes.back().count += line_ends(old);
      changes.back().fresh += line_ends(with);
    } else {
      changes.push_back({line, line_ends(old) + 1, line_ends(with) + 1});
    }
    line += line_ends(old);
    from = at + length;
  }
  out.text += text.substr(from);
  return out;
}

std::expected<Edited, std::string> edit_plain(std::string_view text, std::string_view wanted,
                                              std::string_view with, bool all) {
  // Places that share text cannot all be replaced, but each of them may be the one that is meant.
  const size_t step = all ? wanted.size() : 1;
  std::vector<size_t> found;
  for (size_t at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + step))
    found.push_back(at);
  if (found.empty()) {
    // What lines up with whole lines alone: "x = 1" is no part of "max = 10".
    if (const auto bare = without_numbers(wanted); bare.all) {
      const auto fresh = without_numbers(with);
      if (auto edited = LineEditor(text, bare.text, fresh.text, all).run_numbered(bare.first))
        return *edited;
    }
    return LineEditor(text, wanted, with, all).run();
  }
  if (found.size() > 1 && !all) {
    std::vector<size_t> where;
    size_t line = 0, from = 0;
    for (const size_t at : found) {
      line += line_at(text.substr(from), at - from);
      from = at;
      where.push_back(line);
    }
    return std::unexpected(ambiguous(split_lines(text), where));
  }
  return replaced_at(text, found, wanted.size(), with);
}

}  // namespace

std::expected<Edited, std::string> edit_text(std::string_view original, std::string_view piece,
                                             std::string_view replacement, bool all) {
  if (piece.empty())
    return std::unexpected("the old text is empty: say what is to be replaced, or use write");
  if (piece == replacement) return std::unexpected("the old and the new text are the same");
  const LineEnds ends(original);
  const std::string text = ends.plain(original);
  const std::string wanted = ends.plain(piece), with = ends.plain(replacement);
  if (wanted == with)
    return std::unexpected(
        "the old and the new text differ in line ends or the byte-order mark alone, and those stay "
        "as the file has them; the shell can change them");
  if (wanted.empty())
    return std::unexpected("the old text is the byte-order mark alone; give the line behind it");
  auto edited = edit_plain(text, wanted, with, all);
  if (!edited) return edited;
  edited->text = ends.restored(edited->text, edited->changes);
  if (edited->text == original)
    return std::unexpected("this changes nothing: at line " + std::to_string(edited->first_line) +
                           " the file has the new text already");
  return edited;
}

std::optional<std::string> left_out(std::string_view before, std::string_view after) {
  for (const auto line : split_lines(after)) {
    const auto elision = elision_in(line);
    if (!elision || !elision->comment) continue;
    const bool meant = std::ranges::any_of(
        std::array<std::string_view, 7>{"existing", "unchanged", "rest of", "remain", "as before",
                                        "same as", "omitted"},
        [&](auto word) { return elision->words.find(word) != std::string::npos; });
    const std::string text = trimmed(line);
    if (meant && before.find(text) == std::string_view::npos) return text;
  }
  return std::nullopt;
}

}  // namespace nightjar::tools
