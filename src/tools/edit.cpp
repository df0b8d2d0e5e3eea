#include "tools/edit.h"

#include <algorithm>
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

bool is_elision(std::string_view line) {
  std::string_view rest = line;
  const size_t begin = rest.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return false;
  rest.remove_prefix(begin);
  for (const std::string_view mark : {"//", "#", "--", ";", "/*"}) {
    if (!rest.starts_with(mark)) continue;
    rest.remove_prefix(mark.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  }
  return rest.starts_with("...") || rest.starts_with("\u2026");
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

  std::expected<Edited, std::string> drifted() {
    const auto near = nearest(lines_, wanted_);
    if (wanted_.size() > 1 && !near.empty() && near[0].likeness >= kNearlyTheSame &&
        (near.size() == 1 || near[0].likeness - near[1].likeness >= kClearlyLess)) {
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

}  // namespace

std::expected<Edited, std::string> edit_text(std::string_view original, std::string_view piece,
                                             std::string_view replacement, bool all) {
  if (piece.empty())
    return std::unexpected("the old text is empty: say what is to be replaced, or use write");
  if (piece == replacement) return std::unexpected("the old and the new text are the same");
  const LineEnds ends(original);
  const std::string text = ends.plain(original);
  const std::string wanted = ends.plain(piece), with = ends.plain(replacement);

  std::vector<size_t> found;
  for (size_t at = text.find(wanted); at != std::string::npos;
       at = text.find(wanted, at + wanted.size()))
    found.push_back(at);
  if (found.size() == 1 || (all && !found.empty())) {
    std::string out;
    size_t from = 0;
    for (const size_t at : found) {
      out.append(text, from, at - from);
      out += with;
      from = at + wanted.size();
    }
    out.append(text, from);
    return Edited{ends.restored(out), found.size(), line_at(text, found[0]), ""};
  }
  if (found.size() > 1) {
    std::vector<size_t> where;
    for (const size_t at : found) where.push_back(line_at(text, at));
    return std::unexpected(ambiguous(text, where));
  }
  auto edited = Editor(text, wanted, with).run();
  if (edited) edited->text = ends.restored(edited->text);
  return edited;
}

}  // namespace nightjar::tools
