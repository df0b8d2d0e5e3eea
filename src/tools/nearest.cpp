#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "tools/match.h"

namespace nightjar::tools {

namespace {

constexpr double kLeast = 0.5;
constexpr size_t kMostOfLine = 400;       // of a longer line its beginning says enough
constexpr size_t kMostWork = 40'000'000;  // bytes looked at, about: a fraction of a second
constexpr size_t kMostRepeats = 16;       // of one wanted line, where places are ordered

// Lines as bags of the pairs of characters in them, each made once, when it is first compared.
class Bags {
 public:
  explicit Bags(const std::vector<std::string_view>& lines) : bags_(lines.size()) {
    texts_.reserve(lines.size());
    for (const auto line : lines)
      texts_.push_back(seen_as(line.substr(0, kMostOfLine), Likeness::Indentation));
  }
  size_t size() const { return texts_.size(); }
  const std::string& text(size_t i) const { return texts_[i]; }

  const std::vector<std::uint16_t>& of(size_t i, size_t& work) {
    auto& bag = bags_[i];
    const std::string& text = texts_[i];
    if (bag.empty() && text.size() > 1) {
      for (size_t at = 0; at + 1 < text.size(); ++at)
        bag.push_back(static_cast<std::uint16_t>(static_cast<unsigned char>(text[at]) << 8 |
                                                 static_cast<unsigned char>(text[at + 1])));
      std::ranges::sort(bag);
      work += 8 * text.size();
    }
    return bag;
  }

 private:
  std::vector<std::string> texts_;
  std::vector<std::vector<std::uint16_t>> bags_;
};

size_t shared(const std::vector<std::uint16_t>& a, const std::vector<std::uint16_t>& b) {
  const std::uint16_t *left = a.data(), *right = b.data();
  const std::uint16_t *const left_end = left + a.size(), *const right_end = right + b.size();
  size_t out = 0;
  while (left != left_end && right != right_end) {
    const std::uint16_t x = *left, y = *right;
    out += x == y;
    left += x <= y;
    right += y <= x;
  }
  return out;
}

class Search {
 public:
  Search(const std::vector<std::string_view>& lines, const std::vector<std::string_view>& wanted,
         size_t most)
      : here_(wanted), there_(lines), most_(most) {
    for (size_t i = 0; i < here_.size(); ++i) letters_ += weight(i);
  }

  Nearest run() {
    if (here_.size() == 0 || there_.size() == 0) return {};
    // Where whole lines are the same first, as these are the best ones if time is short.
    const auto alike = equal_letters();
    std::vector<size_t> order;
    for (size_t at = 0; at < alike.size(); ++at) {
      if (alike[at] > 0) order.push_back(at);
    }
    std::ranges::stable_sort(order, std::ranges::greater{}, [&](size_t at) { return alike[at]; });
    for (size_t at = 0; at < alike.size(); ++at) {
      if (alike[at] == 0) order.push_back(at);
    }
    for (const size_t at : order) {
      const auto likeness = likeness_at(at);
      if (work_ > kMostWork) {
        out_.all = false;
        break;
      }
      if (likeness) keep({{at, std::min(here_.size(), there_.size() - at)}, *likeness});
    }
    return std::move(out_);
  }

 private:
  double weight(size_t i) const { return static_cast<double>(here_.text(i).size() + 1); }

  // For each line of the file as the first one: letters of lines that are the same.
  std::vector<size_t> equal_letters() {
    std::map<std::string_view, std::vector<size_t>> known;
    for (size_t i = 0; i < here_.size(); ++i) {
      auto& at = known[here_.text(i)];
      if (at.size() < kMostRepeats) at.push_back(i);
    }
    std::vector<size_t> out(there_.size());
    for (size_t line = 0; line < there_.size(); ++line) {
      const auto same = known.find(there_.text(line));
      if (same == known.end()) continue;
      for (const size_t i : same->second) {
        if (i <= line) out[line - i] += same->first.size();
      }
    }
    return out;
  }

  // By the pairs of characters they share (Dice's coefficient): cheap, and not thrown off by a word
  // more.
  double likeness_of(size_t i, size_t line) {
    const std::string &a = here_.text(i), &b = there_.text(line);
    work_ += 8;
    if (a == b) return 1;
    if (a.size() < 2 || b.size() < 2) return 0;
    work_ += a.size() + b.size();
    const auto both = shared(here_.of(i, work_), there_.of(line, work_));
    return 2.0 * static_cast<double>(both) / static_cast<double>(a.size() + b.size() - 2);
  }

  // nullopt where it cannot become one of the best, or the time is up.
  std::optional<double> likeness_at(size_t at) {
    const double least = out_.places.size() < most_ ? kLeast : out_.places.back().likeness;
    double sum = 0, compared = 0;
    for (size_t i = 0; i < here_.size() && at + i < there_.size(); ++i) {
      compared += weight(i);
      sum += likeness_of(i, at + i) * weight(i);
      if (compared - sum > (1 - least) * letters_ || work_ > kMostWork) return std::nullopt;
    }
    const double likeness = sum / letters_;
    return likeness < kLeast ? std::nullopt : std::optional(likeness);
  }

  void keep(const Near& near) {
    const auto better = [](const Near& a, const Near& b) {
      return a.likeness != b.likeness ? a.likeness > b.likeness : a.place.line < b.place.line;
    };
    auto& places = out_.places;
    places.insert(std::ranges::upper_bound(places, near, better), near);
    if (places.size() > most_) places.pop_back();
  }

  Bags here_, there_;
  size_t most_;
  double letters_ = 0;
  size_t work_ = 0;
  Nearest out_;
};

}  // namespace

Nearest nearest(const std::vector<std::string_view>& lines,
                const std::vector<std::string_view>& wanted, size_t most) {
  return Search(lines, wanted, most).run();
}

}  // namespace nightjar::tools
