#include "tools/patch.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <map>

#include "base/text.h"
#include "tools/block.h"
#include "tools/line_ends.h"
#include "tools/match.h"

namespace nightjar::tools {

namespace {

using Lines = std::vector<std::string_view>;

constexpr size_t kShownPlaces = 8;

std::string shown(const std::vector<std::string_view>& lines, size_t from) {
  std::string out;
  for (size_t i = from; i < std::min(lines.size(), from + 8); ++i)
    out += "  " + std::to_string(i + 1) + " | " + shortened(inert(lines[i]), 160) + "\n";
  return out;
}

std::unexpected<std::string> no_place(const std::vector<std::string_view>& lines,
                                      const FilePatch& patch, size_t number,
                                      const std::vector<std::string_view>& wanted) {
  std::string out = inert(patch.path) + ": hunk " + std::to_string(number + 1) +
                    " does not fit: these lines are not there:\n";
  for (size_t i = 0; i < std::min<size_t>(wanted.size(), 6); ++i)
    out += "  " + shortened(inert(wanted[i]), 160) + "\n";
  const auto near = nearest(lines, wanted, 1).places;
  if (!near.empty()) out += "nearest:\n" + shown(lines, near[0].place.line);
  return std::unexpected(out);
}

std::string named(const FilePatch& patch, size_t number) {
  return inert(patch.path) + ": hunk " + std::to_string(number + 1);
}

std::unexpected<std::string> ambiguous(const Lines& lines, const FilePatch& patch, size_t number,
                                       const std::vector<Place>& places) {
  std::string where;
  for (size_t i = 0; i < places.size() && i < kShownPlaces; ++i)
    where += (i ? ", " : "") + std::to_string(places[i].line + 1);
  if (places.size() > kShownPlaces) where += ", ...";
  const std::string way_out = patch.hunks[number].anchors.empty()
                                  ? "name the class or function that it stands in behind @@"
                                  : "name what those stand in as well, in a line of @@ before";
  return std::unexpected(named(patch, number) + " fits at " + count_of(places.size(), "place") +
                         " (lines " + where + "); " + way_out +
                         ", or give more of the lines around it. The first:\n" +
                         shown(lines, places[0].line > 2 ? places[0].line - 2 : 0));
}

// Lines that are the anchor; else that begin with it, the whole word rather than a part of one:
// "def get" is "def get(x):" before it is "def get_all(x):".
std::vector<size_t> anchors_at(const Lines& lines, const std::string& anchor, size_t from,
                               size_t end) {
  std::vector<size_t> exact, word, part;
  const auto in_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  };
  for (size_t i = from; i < end; ++i) {
    const std::string there = trimmed(lines[i]);
    if (!there.starts_with(anchor)) continue;
    if (there.size() == anchor.size())
      exact.push_back(i);
    else if (!in_word(there[anchor.size()]) || !in_word(anchor.back()))
      word.push_back(i);
    else
      part.push_back(i);
  }
  return !exact.empty() ? exact : !word.empty() ? word : part;
}

// In the blocks of the lines that the anchor before it led to; else anywhere behind the first.
std::vector<size_t> anchors_below(const Lines& lines, const std::string& anchor,
                                  const std::vector<size_t>& outer) {
  std::vector<size_t> out;
  for (const size_t line : outer) {
    const size_t from = std::max(line + 1, out.empty() ? 0 : out.back() + 1);
    std::ranges::copy(anchors_at(lines, anchor, from, block_of(lines, line, line + 1).end),
                      std::back_inserter(out));
  }
  return out.empty() ? anchors_at(lines, anchor, outer.front() + 1, lines.size()) : out;
}

size_t distance(const Place& place, size_t line) {
  return place.line + 1 > line ? place.line + 1 - line : line - place.line - 1;
}

// The one that the patch's line number means: much nearer to it than any other.
std::optional<Place> by_number(const std::vector<Place>& places, std::optional<size_t> line) {
  if (line.value_or(0) == 0) return std::nullopt;
  const auto far = [&](const Place& place) { return distance(place, *line); };
  std::vector<Place> sorted(places);
  std::ranges::stable_sort(sorted, {}, far);
  if (far(sorted[0]) * 2 >= far(sorted[1])) return std::nullopt;
  return sorted[0];
}

class Patcher {
 public:
  Patcher(const FilePatch& patch, std::string_view text)
      : patch_(patch), lines_(split_lines(text)) {}

  std::expected<std::string, std::string> run() {
    for (size_t number = 0; number < patch_.hunks.size(); ++number) {
      if (auto error = hunk(number)) return std::unexpected(*error);
    }
    copy_to(lines_.size());
    return std::move(out_);
  }
  const std::vector<LineChange>& changes() const { return changes_; }
  /// What the hunk at the file's end says of the last line: whether it has an end.
  std::optional<bool> ends_line() const { return ends_line_; }

 private:
  void copy_to(size_t line) {
    for (; done_ < line; ++done_) out_ += std::string(lines_[done_]) + "\n";
  }

  std::optional<std::string> hunk(size_t number) {
    const Hunk& hunk = patch_.hunks[number];
    const auto sections = sections_of(hunk, number);
    if (!sections) return sections.error();
    Lines wanted(hunk.old_lines.begin(), hunk.old_lines.end());
    Lines with(hunk.new_lines.begin(), hunk.new_lines.end());
    if (wanted.empty()) return insert(hunk, number, *sections, with);
    Matches matches = find_lines(lines_, wanted, sections->front());
    while (matches.places.empty() && wanted.size() > 1 && wanted.back().empty() && !with.empty() &&
           with.back().empty()) {  // blank context at the end that the file does not have
      wanted.pop_back();
      with.pop_back();
      matches = find_lines(lines_, wanted, sections->front());
    }
    if (matches.places.empty()) return no_place(lines_, patch_, number, wanted).error();
    const auto place = chosen(hunk, number, *sections, matches.places);
    if (!place) return place.error();
    copy_to(place->line);
    const Lines found(lines_.begin() + static_cast<std::ptrdiff_t>(place->line),
                      lines_.begin() + static_cast<std::ptrdiff_t>(place->line + place->count));
    if (matches.likeness == Likeness::Indentation) {
      for (const auto& line : reindented(found, wanted, with)) out_ += line + "\n";
    } else {
      for (const auto line : with) out_ += std::string(line) + "\n";
    }
    done_ = place->line + place->count;
    changes_.push_back({place->line, place->count, with.size()});
    if (done_ == lines_.size()) ends_line_ = hunk.ends_line;
    return std::nullopt;
  }

  // Where the lines begin that its anchors lead to: several where the last anchor stands there
  // several times. Without anchors: what no hunk has been in.
  std::expected<std::vector<size_t>, std::string> sections_of(const Hunk& hunk, size_t number) {
    if (hunk.anchors.empty()) return std::vector<size_t>{done_};
    std::vector<size_t> found;
    for (const auto& anchor : hunk.anchors) {
      found = found.empty() ? anchors_at(lines_, anchor, done_, lines_.size())
                            : anchors_below(lines_, anchor, found);
      if (found.empty())
        return std::unexpected(named(patch_, number) + " stands below a line that is not there: " +
                               shortened(inert(anchor), 160));
    }
    for (size_t& line : found) {
      // The anchor may be repeated as the first line of the context.
      const std::string first = hunk.old_lines.empty() ? "" : trimmed(hunk.old_lines[0]);
      const bool repeated = !hunk.old_lines.empty() &&
                            (first == hunk.anchors.back() || first == trimmed(lines_[line]));
      if (!repeated) ++line;
    }
    return found;
  }

  // New lines alone: below the anchor, at the named line, or at the end.
  std::optional<std::string> insert(const Hunk& hunk, size_t number,
                                    const std::vector<size_t>& sections, const Lines& with) {
    size_t at = lines_.size();
    if (!hunk.anchors.empty()) {
      std::vector<Place> places;
      for (const size_t section : sections) places.push_back({section - 1, 1});
      const auto named =
          places.size() > 1 ? by_number(places, hunk.line) : std::optional(places[0]);
      if (!named) return ambiguous(lines_, patch_, number, places).error();
      at = named->line + 1;
    } else if (hunk.line && !hunk.at_end) {
      at = std::min(*hunk.line, lines_.size());
    }
    copy_to(std::max(at, done_));
    changes_.push_back({done_, 0, with.size()});
    for (const auto line : with) out_ += std::string(line) + "\n";
    if (done_ == lines_.size()) ends_line_ = hunk.ends_line;
    return std::nullopt;
  }

  std::expected<Place, std::string> chosen(const Hunk& hunk, size_t number,
                                           const std::vector<size_t>& sections,
                                           const std::vector<Place>& places) {
    if (places.size() == 1) return places[0];
    if (hunk.at_end) return places.back();
    // An anchor means the first place below it.
    std::vector<Place> first;
    if (hunk.anchors.empty()) {
      first = places;
    } else {
      for (size_t i = 0; i < sections.size(); ++i) {
        const size_t end = i + 1 < sections.size() ? sections[i + 1] : lines_.size();
        const auto found = std::ranges::find_if(places, [&](const Place& place) {
          return place.line >= sections[i] && place.line < end;
        });
        if (found != places.end()) first.push_back(*found);
      }
    }
    if (first.size() == 1) return first[0];
    if (const auto place = by_number(first, hunk.line)) return *place;
    return ambiguous(lines_, patch_, number, first);
  }

  const FilePatch& patch_;
  Lines lines_;
  std::string out_;
  std::vector<LineChange> changes_;
  std::optional<bool> ends_line_;
  size_t done_ = 0;  ///< lines that are in `out_`
};

}  // namespace

std::expected<std::string, std::string> apply_hunks(std::string_view original,
                                                    const FilePatch& patch) {
  const LineEnds ends(original);
  const std::string text = ends.plain(original);
  FilePatch plain = patch;
  for (auto& hunk : plain.hunks) {
    for (auto* lines : {&hunk.old_lines, &hunk.new_lines}) {
      if (!lines->empty()) lines->front() = ends.plain(lines->front());
    }
  }
  Patcher patcher(plain, text);
  auto out = patcher.run();
  if (!out) return out;
  const bool ends_line = patcher.ends_line().value_or(text.empty() || text.ends_with('\n'));
  if (!ends_line && out->ends_with('\n')) out->pop_back();
  return ends.restored(*out, patcher.changes());
}

std::expected<std::vector<TreeChange>, std::string> apply_patch(
    const std::vector<FilePatch>& patches,
    const std::function<std::optional<std::string>(const std::string&)>& read) {
  std::map<std::string, TreeChange> after;
  std::vector<std::string> order;
  const auto current = [&](const std::string& path) {
    const auto known = after.find(path);
    return known == after.end() ? read(path) : known->second.content;
  };
  // The change of a path, which earlier parts of the patch may have begun.
  const auto change_of = [&](const std::string& path) -> TreeChange& {
    if (!after.contains(path)) {
      order.push_back(path);
      after[path].path = path;
    }
    return after[path];
  };
  for (const auto& patch : patches) {
    if (patch.path.empty()) return std::unexpected("a file of the patch has no name");
    const auto content = current(patch.path);
    if (patch.what == FilePatch::What::Add) {
      if (content)
        return std::unexpected(inert(patch.path) +
                               " is there already: update it, or delete it first");
      TreeChange& change = change_of(patch.path);
      change.content = patch.content;
      change.mode = patch.mode;
      continue;
    }
    if (!content) return std::unexpected("there is no file " + inert(patch.path));
    if (patch.what == FilePatch::What::Delete) {
      change_of(patch.path).content.reset();
      continue;
    }
    auto changed = apply_hunks(*content, patch);
    if (!changed) return std::unexpected(changed.error());
    const bool moves = !patch.moved_to.empty() && patch.moved_to != patch.path;
    if (moves && current(patch.moved_to))
      return std::unexpected(inert(patch.moved_to) + " is there already: nothing can move there");
    if (*changed == *content && !moves && !patch.mode)
      return std::unexpected(inert(patch.path) + " would not change: it has the new lines already");
    if (moves) {
      const TreeChange& from = change_of(patch.path);
      change_of(patch.path).content.reset();
      TreeChange& to = change_of(patch.moved_to);
      to.mode_of = from.mode_of.empty() ? patch.path : from.mode_of;
      to.mode = from.mode;
    }
    TreeChange& change = change_of(moves ? patch.moved_to : patch.path);
    change.content = std::move(*changed);
    if (patch.mode) change.mode = patch.mode;
  }
  std::vector<TreeChange> out;
  for (const auto& path : order) out.push_back(after[path]);
  return out;
}

}  // namespace nightjar::tools
