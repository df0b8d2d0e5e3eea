#include "agent/mechanic/evidence.h"

#include <algorithm>

#include "base/text.h"

namespace nightjar::agent::mechanic {

namespace {

constexpr size_t kMostCandidates = 200;
constexpr size_t kMostSingles = 24;
constexpr size_t kShortestLine = 4;  // what is shorter stands in any log

int tier_of(const core::Finding& finding, const Failures& failures) {
  const std::string line(trimmed(finding.text));
  if (line.size() >= kShortestLine && failures.log.find(line) != std::string::npos) return 0;
  const std::string name = finding.path.substr(finding.path.rfind('/') + 1);
  const auto names = [&name](const auto& test) {
    return test.name.find(name) != std::string::npos;
  };
  if (std::ranges::any_of(failures.tests, names)) return 1;
  return failures.log.find(name) != std::string::npos ? 1 : 2;
}

class Search {
 public:
  Search(const Failing& before, const Oracle& oracle) : failing_(before), oracle_(oracle) {}

  bool done() const { return failing_.empty() || over_; }

  void try_with(const std::vector<size_t>& more) {
    std::vector<size_t> all = chosen_;
    std::ranges::copy_if(more, std::back_inserter(all), [this](size_t i) {
      return std::ranges::find(chosen_, i) == chosen_.end();
    });
    if (all.size() == chosen_.size()) return;
    const auto now = ask(all);
    if (!now || now->size() >= failing_.size() || !std::ranges::includes(failing_, *now)) return;
    chosen_ = std::move(all);
    failing_ = *now;
  }

  // Halves first: of many strings in a file a test needs one or two.
  void drop_from(size_t begin, size_t end) {
    if (begin >= end || over_) return;
    std::vector<size_t> rest(chosen_);
    rest.erase(rest.begin() + static_cast<long>(begin), rest.begin() + static_cast<long>(end));
    if (!rest.empty()) {
      const auto now = ask(rest);
      if (now && std::ranges::includes(failing_, *now)) {
        chosen_ = std::move(rest);
        failing_ = *now;
        return;
      }
    }
    if (end - begin == 1) return;
    const size_t middle = begin + (end - begin) / 2;
    drop_from(middle, end);  // the back first: what is before keeps its place
    drop_from(begin, middle);
  }

  std::vector<size_t> result() && {
    std::ranges::sort(chosen_);
    return std::move(chosen_);
  }
  size_t size() const { return chosen_.size(); }

 private:
  std::optional<Failing> ask(const std::vector<size_t>& set) {
    if (over_) return std::nullopt;
    auto now = oracle_(set);
    over_ = !now;
    return now;
  }

  std::vector<size_t> chosen_;
  Failing failing_;
  const Oracle& oracle_;
  bool over_ = false;
};

}  // namespace

std::vector<Candidate> candidates_of(const std::vector<core::Finding>& findings,
                                     const Failures& failures) {
  std::vector<Candidate> out;
  for (const auto& finding : findings) {
    if (finding.rule != "string_left" || finding.line <= 0) continue;
    if (!out.empty() && out.back().path == finding.path && out.back().line == finding.line)
      continue;
    out.push_back({finding.path, finding.line, finding.text, tier_of(finding, failures)});
  }
  std::ranges::stable_sort(out, {}, &Candidate::tier);
  if (out.size() > kMostCandidates) out.resize(kMostCandidates);
  return out;
}

std::vector<size_t> needed(const std::vector<Candidate>& candidates, const Failing& before,
                           const Oracle& oracle) {
  Search search(before, oracle);
  std::vector<size_t> group;
  for (size_t i = 0; i < candidates.size() && !search.done(); ++i) {
    group.push_back(i);
    const bool last = i + 1 == candidates.size() || candidates[i + 1].tier != candidates[i].tier;
    if (last) search.try_with(group);
  }
  // One that must not follow hides in a group those that must.
  for (size_t i = 0; i < std::min(candidates.size(), kMostSingles) && !search.done(); ++i)
    search.try_with({i});
  if (search.size() > 1) search.drop_from(0, search.size());
  return std::move(search).result();
}

}  // namespace nightjar::agent::mechanic
