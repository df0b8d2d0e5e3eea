#include "tools/edit.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <vector>

#include "base/text.h"
#include "tools/line_ends.h"
#include "tools/match.h"

namespace nightjar::tools {

namespace {

constexpr size_t kShownCandidates = 5;
constexpr double kNearlyTheSame = 0.92, kClearlyLess = 0.1;

using Lines = std::vector<std::string_view>;

size_t line_at(std::string_view text, size_t at) {
  return static_cast<size_t>(
             std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n')) +
         1;
}

std::string shown(const Lines& lines, const Place& place) {
  std::string out;
  for (size_t i = place.line; i < place.line + std::min<size_t>(place.count, 8); ++i)
    out += "  " + std::to_string(i + 1) + " | " + shortened(inert(lines[i]), 160) + "\n";
  if (place.count > 8) out += "  ...\n";
  return out;
}

std::string ambiguous(std::string_view text, const std::vector<size_t>& lines_of_places) {
  std::string where;
  for (size_t i = 0; i < lines_of_places.size() && i < kShownCandidates; ++i)
    where += (i ? ", " : "") + std::to_string(lines_of_places[i]);
  if (lines_of_places.size() > kShownCandidates)
    where += " and " + std::to_string(lines_of_places.size() - kShownCandidates) + " more";
  std::string out = "the text stands at " + count_of(lines_of_places.size(), "place") + " (lines " +
                    where +
                    "); give more of the lines around it, or \"all\": true to change every one:\n";
  const Lines lines = split_lines(text);
  for (size_t i = 0; i < lines_of_places.size() && i < kShownCandidates; ++i) {
    const size_t at = lines_of_places[i] - 1;
    const size_t begin = at > 1 ? at - 2 : 0;
    out += shown(lines, {begin, std::min<size_t>(5, lines.size() - begin)}) + "\n";
  }
  return out;
}

/// The text with `count` lines from `line` on replaced.
std::string with_lines(std::string_view text, const Lines& lines, const Place& place,
                       const std::vector<std::string>& replacement) {
  std::string out;
  const bool ends = text.ends_with('\n');
  const auto add = [&out](std::string_view line) {
    out += line;
    out += '\n';
  };
  for (size_t i = 0; i < place.line; ++i) add(lines[i]);
  for (const auto& line : replacement) add(line);
  for (size_t i = place.line + place.count; i < lines.size(); ++i) add(lines[i]);
  if (!ends && out.ends_with('\n')) out.pop_back();
  return out;
}

struct Elision {
  bool comment = false;
  std::string words;  ///< behind or between the dots, in lower case
};

// Nothing but dots; in a comment, words may follow them. "...spread," is code.
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

bool is_elision(std::string_view line) { return elision_in(line).has_value(); }

// What says what a line does: all but blanks between words, quotes and the likes of commas.
std::string substance(std::string_view line) {
  constexpr std::string_view kLight = "\"'`,;:";
  const auto in_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0;
  };
  std::string out;
  bool blank = false;
  for (const char c : line) {
    if (c == ' ' || c == '\t' || c == '\r' || kLight.find(c) != std::string_view::npos) {
      blank = true;
      continue;
    }
    if (blank && !out.empty() && in_word(out.back()) && in_word(c)) out += ' ';
    blank = false;
    out += c;
  }
  return out;
}

std::vector<Lines> segments(const Lines& lines) {
  std::vector<Lines> out(1);
  for (const auto line : lines) {
    if (is_elision(line))
      out.emplace_back();
    else
      out.back().push_back(line);
  }
  return out;
}

// As the tool that reads files shows lines: "12", a tab, the line.
std::optional<std::string> without_numbers(std::string_view text) {
  std::string out;
  for (const auto line : split_lines(text)) {
    const size_t digits = line.find_first_not_of(" 0123456789");
    if (digits == 0 || digits == std::string_view::npos || line[digits] != '\t' ||
        line[digits - 1] == ' ')
      return std::nullopt;
    out += std::string(line.substr(digits + 1)) + "\n";
  }
  if (!text.ends_with('\n') && !out.empty()) out.pop_back();
  return out.empty() ? std::nullopt : std::optional(out);
}

class Editor {
 public:
  Editor(std::string_view text, std::string_view piece, std::string_view replacement)
      : text_(text),
        lines_(split_lines(text)),
        wanted_(split_lines(piece)),
        replacement_(split_lines(replacement)) {}

  std::expected<Edited, std::string> run() {
    const Matches matches = find_lines(lines_, wanted_);
    if (matches.places.size() > 1) {
      std::vector<size_t> where;
      for (const auto& place : matches.places) where.push_back(place.line + 1);
      return std::unexpected(ambiguous(text_, where));
    }
    if (matches.places.size() == 1) return replaced(matches.places[0], matches.likeness);
    if (auto with_gaps = elided()) return std::move(*with_gaps);
    return drifted();
  }

 private:
  Edited replaced(const Place& place, Likeness likeness) {
    std::vector<std::string> lines;
    std::string note;
    if (likeness == Likeness::Indentation) {
      lines = reindented(part(place), wanted_, replacement_);
      note = "found with another indentation; the replacement was indented as the file is";
    } else {
      lines.assign(replacement_.begin(), replacement_.end());
      if (likeness != Likeness::Exact)
        note = "found with other blanks, quotes or dashes than given";
    }
    return {with_lines(text_, lines_, place, lines), 1, place.line + 1, note};
  }

  Lines part(const Place& place) const {
    return {lines_.begin() + static_cast<std::ptrdiff_t>(place.line),
            lines_.begin() + static_cast<std::ptrdiff_t>(place.line + place.count)};
  }

  // Lines of "..." stand for what lies between; the replacement must have as many.
  std::optional<std::expected<Edited, std::string>> elided() {
    const auto wanted = segments(wanted_);
    const auto replacement = segments(replacement_);
    if (wanted.size() < 2) return std::nullopt;
    if (replacement.size() != wanted.size())
      return std::unexpected("the old text leaves out lines (\"...\") at " +
                             count_of(wanted.size() - 1, "place") + " and the new text at " +
                             std::to_string(replacement.size() - 1) +
                             ": leave out the same ones in both, or give the lines whole");
    std::vector<Place> places;
    std::vector<Likeness> likenesses;
    size_t from = 0;
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (wanted[i].empty()) {
        places.push_back({from, 0});
        likenesses.push_back(Likeness::Exact);
        continue;
      }
      const Matches matches = find_lines(lines_, wanted[i], from);
      if (matches.places.empty()) return std::nullopt;
      if (i == 0 && matches.places.size() > 1) {
        std::vector<size_t> where;
        for (const auto& place : matches.places) where.push_back(place.line + 1);
        return std::unexpected(ambiguous(text_, where));
      }
      places.push_back(matches.places[0]);
      likenesses.push_back(matches.likeness);
      from = places.back().line + places.back().count;
    }
    std::vector<std::string> out;
    size_t at = places.front().line;
    for (size_t i = 0; i < places.size(); ++i) {
      for (; at < places[i].line; ++at) out.emplace_back(lines_[at]);
      if (likenesses[i] == Likeness::Indentation) {
        for (auto& line : reindented(part(places[i]), wanted[i], replacement[i]))
          out.push_back(std::move(line));
      } else {
        for (const auto line : replacement[i]) out.emplace_back(line);
      }
      at = places[i].line + places[i].count;
    }
    const Place whole{places.front().line, at - places.front().line};
    return Edited{with_lines(text_, lines_, whole, out), 1, whole.line + 1,
                  "the lines behind \"...\" stayed as they are"};
  }

  // A number or a name that differs is another text: the file has moved on since it was read.
  bool says_the_same(const Place& place) const {
    if (place.count != wanted_.size()) return false;
    for (size_t i = 0; i < place.count; ++i) {
      if (substance(lines_[place.line + i]) != substance(wanted_[i])) return false;
    }
    return true;
  }

  std::expected<Edited, std::string> drifted() {
    const auto [near, all] = nearest(lines_, wanted_);
    if (wanted_.size() > 1 && all && !near.empty() && near[0].likeness >= kNearlyTheSame &&
        (near.size() == 1 || near[0].likeness - near[1].likeness >= kClearlyLess) &&
        says_the_same(near[0].place)) {
      const Place& place = near[0].place;
      return Edited{
          with_lines(text_, lines_, place, reindented(part(place), wanted_, replacement_)), 1,
          place.line + 1,
          "the file's text differed a little from what was given; look at the result"};
    }
    std::string out = "the text was not found";
    if (near.empty()) return std::unexpected(out + "; read the file again");
    out += "; nearest:\n";
    for (const auto& candidate : near) out += shown(lines_, candidate.place) + "\n";
    return std::unexpected(out + "Give it as it stands there.");
  }

  std::string_view text_;
  Lines lines_, wanted_, replacement_;
};

std::expected<Edited, std::string> edit_plain(std::string_view text, std::string_view wanted,
                                              std::string_view with, bool all) {
  std::vector<size_t> found;
  for (size_t at = text.find(wanted); at != std::string::npos;
       at = text.find(wanted, at + wanted.size()))
    found.push_back(at);
  if (found.empty()) {
    const auto bare = without_numbers(wanted);
    if (bare && text.find(*bare) != std::string_view::npos)
      return edit_plain(text, *bare, without_numbers(with).value_or(std::string(with)), all);
    return Editor(text, wanted, with).run();
  }
  if (found.size() > 1 && !all) {
    std::vector<size_t> where;
    for (const size_t at : found) where.push_back(line_at(text, at));
    return std::unexpected(ambiguous(text, where));
  }
  std::string out;
  size_t from = 0;
  for (const size_t at : found) {
    out.append(text, from, at - from);
    out += with;
    from = at + wanted.size();
  }
  out.append(text, from);
  return Edited{out, found.size(), line_at(text, found[0]), ""};
}

}  // namespace

std::expected<Edited, std::string> edit_text(std::string_view original, std::string_view piece,
                                             std::string_view replacement, bool all) {
  if (piece.empty())
    return std::unexpected("the old text is empty: say what is to be replaced, or use write");
  if (piece == replacement) return std::unexpected("the old and the new text are the same");
  const LineEnds ends(original);
  const std::string text = ends.plain(original);
  auto edited = edit_plain(text, ends.plain(piece), ends.plain(replacement), all);
  if (!edited) return edited;
  edited->text = ends.restored(edited->text);
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
