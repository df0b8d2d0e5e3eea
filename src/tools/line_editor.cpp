#include "tools/line_editor.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/text.h"
#include "tools/candidates.h"
#include "tools/elision.h"

namespace nightjar::tools {

namespace {

constexpr double kNearlyTheSame = 0.92, kClearlyLess = 0.1;

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

// Two places may share lines: the first one has them.
std::vector<Place> apart(const std::vector<Place>& places) {
  std::vector<Place> out;
  for (const auto& place : places) {
    if (out.empty() || place.line >= out.back().line + out.back().count) out.push_back(place);
  }
  return out;
}

}  // namespace

std::expected<Edited, std::string> LineEditor::run() {
  const Matches matches = find_lines(lines_, wanted_);
  if (!matches.places.empty()) return chosen(matches, 0);
  if (auto with_gaps = elided()) return std::move(*with_gaps);
  return drifted();
}

std::optional<std::expected<Edited, std::string>> LineEditor::run_numbered(size_t number) {
  const Matches matches = find_lines(lines_, wanted_);
  if (matches.places.empty()) return std::nullopt;
  auto edited = chosen(matches, number);
  if (edited)
    edited->note = "the line numbers before the given text were taken off" +
                   (edited->note.empty() ? "" : "; " + edited->note);
  return edited;
}

std::expected<Edited, std::string> LineEditor::chosen(const Matches& matches, size_t number) {
  if (all_) return replaced(apart(matches.places), matches.likeness);
  const auto at_number = std::ranges::find(matches.places, number - 1, &Place::line);
  if (number > 0 && at_number != matches.places.end())
    return replaced({*at_number}, matches.likeness);
  if (matches.places.size() > 1)
    return std::unexpected(ambiguous(lines_, first_lines(matches.places)));
  return replaced(matches.places, matches.likeness);
}

Edited LineEditor::replaced(const std::vector<Place>& places, Likeness likeness) const {
  std::vector<Splice> splices;
  for (const auto& place : places)
    splices.push_back({place, instead_of(part(place), wanted_, replacement_, likeness)});
  std::string note;
  if (likeness == Likeness::Indentation)
    note = "found with another indentation; the replacement was indented as the file is";
  else if (likeness != Likeness::Exact)
    note = "found with other blanks, quotes or dashes than given";
  if (!note.empty() && places.size() > 1)
    note += "; all " + count_of(places.size(), "place") + " like that were replaced";
  return spliced(splices, note);
}

// Lines of "..." stand for what lies between; the replacement must have as many.
std::optional<std::expected<Edited, std::string>> LineEditor::elided() const {
  const auto wanted = segments(wanted_);
  const auto replacement = segments(replacement_);
  if (wanted.size() < 2) return std::nullopt;
  if (replacement.size() != wanted.size())
    return std::unexpected("the old text leaves out lines (\"...\") at " +
                           count_of(wanted.size() - 1, "place") + " and the new text at " +
                           std::to_string(replacement.size() - 1) +
                           ": leave out the same ones in both, or give the lines whole");
  const auto placed = place_segments(lines_, wanted);
  if (!placed) return std::unexpected(placed.error());
  if (!*placed) return std::nullopt;
  std::vector<Splice> splices;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const auto& [place, likeness] = (**placed)[i];
    if (wanted[i].empty() && !replacement[i].empty())
      return std::unexpected(
          "the new text has '" + shortened(inert(trim(replacement[i][0])), 80) +
          "' beside \"...\" where the old text has no line: give the line of the "
          "file that it is to stand beside in both");
    if (!wanted[i].empty())
      splices.push_back({place, instead_of(part(place), wanted[i], replacement[i], likeness)});
  }
  Edited out = spliced(splices, "the lines behind \"...\" stayed as they are");
  out.places = 1;
  return out;
}

// A number or a name that differs is another text: the file has moved on since it was read.
bool LineEditor::says_the_same(const Place& place) const {
  if (place.count != wanted_.size()) return false;
  for (size_t i = 0; i < place.count; ++i) {
    if (substance(lines_[place.line + i]) != substance(wanted_[i])) return false;
  }
  return true;
}

std::expected<Edited, std::string> LineEditor::drifted() const {
  const auto [near, all] = nearest(lines_, wanted_);
  if (wanted_.size() > 1 && all && !near.empty() && near[0].likeness >= kNearlyTheSame &&
      (near.size() == 1 || near[0].likeness - near[1].likeness >= kClearlyLess) &&
      says_the_same(near[0].place)) {
    const Place& place = near[0].place;
    return spliced({{place, reindented(part(place), wanted_, replacement_)}},
                   "the file's text differed a little from what was given; look at the result");
  }
  std::string out = "the text was not found";
  if (near.empty()) return std::unexpected(out + "; read the file again");
  out += "; nearest:\n";
  for (const auto& candidate : near) out += shown(lines_, candidate.place) + "\n";
  return std::unexpected(out + "Give it as it stands there.");
}

LineEditor::Lines LineEditor::part(const Place& place) const {
  return {lines_.begin() + static_cast<std::ptrdiff_t>(place.line),
          lines_.begin() + static_cast<std::ptrdiff_t>(place.line + place.count)};
}

std::vector<std::string> LineEditor::instead_of(const Lines& found, const Lines& wanted,
                                                const Lines& replacement, Likeness likeness) {
  if (likeness == Likeness::Indentation) return reindented(found, wanted, replacement);
  return {replacement.begin(), replacement.end()};
}

Edited LineEditor::spliced(const std::vector<Splice>& splices, std::string note) const {
  Edited out;
  size_t done = 0;
  const auto copy_to = [&](size_t line) {
    for (; done < line; ++done) out.text += std::string(lines_[done]) + "\n";
  };
  for (const auto& splice : splices) {
    copy_to(splice.place.line);
    for (const auto& line : splice.lines) out.text += line + "\n";
    done += splice.place.count;
    out.changes.push_back({splice.place.line, splice.place.count, splice.lines.size()});
  }
  copy_to(lines_.size());
  if (!text_.ends_with('\n') && out.text.ends_with('\n')) out.text.pop_back();
  out.places = splices.size();
  out.first_line = splices.front().place.line + 1;
  out.note = std::move(note);
  return out;
}

}  // namespace nightjar::tools
