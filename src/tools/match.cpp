#include "tools/match.h"

#include <algorithm>
#include <array>
#include <unordered_map>
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
    if ((line[i] & 0x80) == 0) {
      out += line[i++];
      continue;
    }
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

namespace {

// Wanted lines as numbers, the same one for the same line, so that each is compared once.
class Numbered {
 public:
  Numbered(const std::vector<std::string_view>& wanted, Likeness likeness) : likeness_(likeness) {
    for (const auto line : wanted)
      numbers_.push_back(
          known_.try_emplace(seen_as(line, likeness), known_.size() + 1).first->second);
  }
  const std::vector<size_t>& numbers() const { return numbers_; }
  bool blank() const { return known_.size() == 1 && known_.contains(""); }
  /// 0: it is none of them.
  size_t number_of(std::string_view line) const {
    const auto known = known_.find(seen_as(line, likeness_));
    return known == known_.end() ? 0 : known->second;
  }

 private:
  Likeness likeness_;
  std::unordered_map<std::string, size_t> known_;
  std::vector<size_t> numbers_;
};

}  // namespace

Matches find_lines(const std::vector<std::string_view>& lines,
                   const std::vector<std::string_view>& wanted, size_t begin, size_t end) {
  Matches out;
  if (wanted.empty() || wanted.size() > lines.size()) return out;
  end = std::min(end, lines.size() - wanted.size() + 1);
  for (const Likeness likeness :
       {Likeness::Exact, Likeness::NoTrailingBlanks, Likeness::Typography, Likeness::Indentation}) {
    out.likeness = likeness;
    const Numbered here(wanted, likeness);
    // Nothing but blank lines is found everywhere and means nothing.
    if (likeness != Likeness::Exact && here.blank()) return out;
    std::vector<size_t> there;
    for (size_t at = begin; at < lines.size(); ++at) there.push_back(here.number_of(lines[at]));
    const auto& numbers = here.numbers();
    for (size_t at = begin; at < end; ++at) {
      if (std::equal(numbers.begin(), numbers.end(),
                     there.begin() + static_cast<std::ptrdiff_t>(at - begin)))
        out.places.push_back({at, wanted.size()});
    }
    if (!out.places.empty()) return out;
  }
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
