#include "tools/match.h"

#include <algorithm>
#include <array>
#include <utility>

namespace nightjar::tools {

namespace {

std::string_view without_trailing(std::string_view line) {
  const size_t end = line.find_last_not_of(" \t\r");
  return end == std::string_view::npos ? "" : line.substr(0, end + 1);
}

std::string_view without_leading(std::string_view line) {
  const size_t begin = line.find_first_not_of(" \t");
  return begin == std::string_view::npos ? "" : line.substr(begin);
}

// Characters that models and editors put for plain ones.
constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kTypography{
    {{"\u2018", "'"},
     {"\u2019", "'"},
     {"\u201a", "'"},
     {"\u201b", "'"},
     {"\u201c", "\""},
     {"\u201d", "\""},
     {"\u201e", "\""},
     {"\u2010", "-"},
     {"\u2011", "-"},
     {"\u2012", "-"},
     {"\u2013", "-"},
     {"\u2014", "-"},
     {"\u2212", "-"},
     {"\u00a0", " "}}};

std::string plain(std::string_view line) {
  std::string out;
  out.reserve(line.size());
  for (size_t i = 0; i < line.size();) {
    const auto found = std::ranges::find_if(
        kTypography, [&](const auto& entry) { return line.substr(i).starts_with(entry.first); });
    if (found != kTypography.end()) {
      out += found->second;
      i += found->first.size();
    } else {
      out += line[i++];
    }
  }
  return out;
}

std::string seen_as(std::string_view line, Likeness likeness) {
  switch (likeness) {
    case Likeness::Exact:
      return std::string(line);
    case Likeness::NoTrailingBlanks:
      return std::string(without_trailing(line));
    case Likeness::Typography:
      return plain(without_trailing(line));
    case Likeness::Indentation:
      return plain(without_leading(without_trailing(line)));
  }
  return std::string(line);
}

std::vector<std::string> seen_as(const std::vector<std::string_view>& lines, Likeness likeness) {
  std::vector<std::string> out;
  out.reserve(lines.size());
  for (const auto line : lines) out.push_back(seen_as(line, likeness));
  return out;
}

// How alike two lines are, by the pairs of characters they share (Dice's coefficient): cheap, and
// not thrown off by a word more.
double likeness_of(std::string_view a, std::string_view b) {
  if (a == b) return 1;
  if (a.size() < 2 || b.size() < 2) return 0;
  std::vector<std::pair<char, char>> left, right;
  for (size_t i = 0; i + 1 < a.size(); ++i) left.emplace_back(a[i], a[i + 1]);
  for (size_t i = 0; i + 1 < b.size(); ++i) right.emplace_back(b[i], b[i + 1]);
  std::ranges::sort(left);
  std::ranges::sort(right);
  std::vector<std::pair<char, char>> both;
  std::ranges::set_intersection(left, right, std::back_inserter(both));
  return 2.0 * static_cast<double>(both.size()) / static_cast<double>(left.size() + right.size());
}

std::string_view indentation(std::string_view line) {
  return line.substr(0, line.size() - without_leading(line).size());
}

// One indentation of the model's stands for several of the file's: it left them out.
bool says_nothing(const std::vector<std::pair<std::string_view, std::string_view>>& known) {
  return std::ranges::any_of(known, [&known](const auto& one) {
    return std::ranges::any_of(known, [&one](const auto& other) {
      return one.first == other.first && one.second != other.second;
    });
  });
}

// Then a line stands as the one that it repeats, or else as the one whose place it takes.
std::vector<std::string> as_replaced(const std::vector<std::string_view>& found,
                                     const std::vector<std::string_view>& wanted,
                                     const std::vector<std::string_view>& replacement) {
  std::vector<std::string> out;
  size_t next = 0;
  for (const auto line : replacement) {
    const std::string_view text = without_leading(line);
    size_t at = next;
    while (at < wanted.size() && without_leading(wanted[at]) != text) ++at;
    const bool repeats = at < wanted.size();
    if (!repeats) at = std::min(next, found.size() - 1);
    out.push_back(text.empty() ? "" : std::string(indentation(found[at])) + std::string(text));
    if (repeats) next = at + 1;
  }
  return out;
}

}  // namespace

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

Matches find_lines(const std::vector<std::string_view>& lines,
                   const std::vector<std::string_view>& wanted, size_t begin) {
  Matches out;
  if (wanted.empty() || wanted.size() > lines.size()) return out;
  for (const Likeness likeness :
       {Likeness::Exact, Likeness::NoTrailingBlanks, Likeness::Typography, Likeness::Indentation}) {
    out.likeness = likeness;
    const auto there = seen_as(lines, likeness);
    const auto here = seen_as(wanted, likeness);
    // Nothing but blank lines is found everywhere and means nothing.
    if (likeness != Likeness::Exact && std::ranges::all_of(here, &std::string::empty)) return out;
    for (size_t at = begin; at + here.size() <= there.size(); ++at) {
      if (std::equal(here.begin(), here.end(), there.begin() + static_cast<std::ptrdiff_t>(at)))
        out.places.push_back({at, here.size()});
    }
    if (!out.places.empty()) return out;
  }
  return out;
}

std::vector<Near> nearest(const std::vector<std::string_view>& lines,
                          const std::vector<std::string_view>& wanted, size_t most) {
  constexpr size_t kMostWork = 4'000'000;
  std::vector<Near> out;
  const auto here = seen_as(wanted, Likeness::Indentation);
  const auto there = seen_as(lines, Likeness::Indentation);
  if (here.empty() || there.empty() || here.size() * there.size() > kMostWork) return out;
  size_t letters = 0;
  for (const auto& line : here) letters += line.size() + 1;
  for (size_t at = 0; at < there.size(); ++at) {
    double sum = 0;
    size_t compared = 0;
    for (size_t i = 0; i < here.size() && at + i < there.size(); ++i) {
      compared += here[i].size() + 1;
      sum += likeness_of(here[i], there[at + i]) * static_cast<double>(here[i].size() + 1);
      // Not worth the rest: it could not become a candidate any more.
      if (static_cast<double>(compared) - sum > 0.5 * static_cast<double>(letters)) break;
    }
    const double likeness = sum / static_cast<double>(letters);
    if (likeness < 0.5) continue;
    out.push_back({{at, std::min(here.size(), there.size() - at)}, likeness});
  }
  std::ranges::stable_sort(out, std::ranges::greater{}, &Near::likeness);
  if (out.size() > most) out.resize(most);
  return out;
}

std::vector<std::string> reindented(const std::vector<std::string_view>& found,
                                    const std::vector<std::string_view>& wanted,
                                    const std::vector<std::string_view>& replacement) {
  // What stands before each of the model's indentations in the file, as the matched lines show it.
  std::vector<std::pair<std::string_view, std::string_view>> known;
  for (size_t i = 0; i < wanted.size() && i < found.size(); ++i) {
    if (without_leading(wanted[i]).empty()) continue;
    known.emplace_back(indentation(wanted[i]), indentation(found[i]));
  }
  if (says_nothing(known)) return as_replaced(found, wanted, replacement);
  std::vector<std::string> out;
  for (const auto line : replacement) {
    if (without_leading(line).empty()) {
      out.emplace_back(line);
      continue;
    }
    const std::string_view own = indentation(line);
    const auto same =
        std::ranges::find(known, own, &std::pair<std::string_view, std::string_view>::first);
    std::string lead(own);
    if (same != known.end()) {
      lead = same->second;
    } else if (!known.empty()) {
      // As deep below (or above) the first matched line as the model wrote it.
      const auto& [model, file] = known.front();
      if (own.starts_with(model))
        lead = std::string(file) + std::string(own.substr(model.size()));
      else if (model.starts_with(own) && file.size() >= model.size() - own.size())
        lead = file.substr(0, file.size() - (model.size() - own.size()));
    }
    out.push_back(lead + std::string(without_leading(line)));
  }
  return out;
}

}  // namespace nightjar::tools
