#include "map/rank.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <unordered_map>

namespace nightjar::map {

namespace {

constexpr double kDamping = 0.85, kSettled = 1e-7;
constexpr int kMostRounds = 60;
constexpr size_t kShortestWord = 3, kMostDefiners = 30, kManyDefiners = 5, kLongName = 8;
constexpr double kNamed = 10, kLong = 3, kPrivate = 0.1, kCommon = 0.1, kItself = 0.1;
constexpr double kDrawnByPath = 20, kDrawnByName = 10;

struct Definer {
  std::uint32_t file = 0, definition = 0;
};

// How much a use of this name says about where a reader goes.
double weight_of(std::string_view name, size_t definers, bool named) {
  double out = 1;
  if (named) out *= kNamed;
  if (name.size() >= kLongName) out *= kLong;
  if (name.starts_with('_')) out *= kPrivate;
  if (definers > kManyDefiners) out *= kCommon;
  return out;
}

// "parser.py" and "parser" of "src/parser.py"; "src" says nothing.
bool names_file(std::string_view path, const std::set<std::string, std::less<>>& words) {
  if (words.contains(path)) return true;
  const std::string_view base = path.substr(path.rfind('/') + 1);
  const std::string_view stem = base.substr(0, base.find('.'));
  return words.contains(base) || (stem.size() >= kShortestWord && words.contains(stem));
}

}  // namespace

std::set<std::string, std::less<>> words_of(std::string_view brief) {
  std::set<std::string, std::less<>> out;
  const auto add = [&out](std::string_view word) {
    while (word.ends_with('.')) word.remove_suffix(1);
    if (word.size() >= kShortestWord && word.size() <= 200) out.emplace(word);
  };
  // Paths and dotted names whole, and their parts.
  const auto split = [&](auto is_part) {
    for (size_t at = 0; at < brief.size();) {
      size_t end = at;
      while (end < brief.size() && is_part(static_cast<unsigned char>(brief[end]))) ++end;
      if (end > at) add(brief.substr(at, end - at));
      at = end + 1;
    }
  };
  split([](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '.' || c == '/' || c == '-';
  });
  split([](unsigned char c) { return std::isalnum(c) || c == '_'; });
  return out;
}

std::vector<double> page_rank(const std::vector<std::vector<Edge>>& edges,
                              const std::vector<double>& drawn) {
  std::vector<double> rank = drawn, next(drawn.size());
  std::vector<double> total(edges.size(), 0);
  for (size_t from = 0; from < edges.size(); ++from)
    for (const Edge& edge : edges[from]) total[from] += edge.weight;
  for (int round = 0; round < kMostRounds; ++round) {
    double stuck = 0;  // who stands where nothing leads on starts anew
    for (size_t from = 0; from < edges.size(); ++from)
      if (total[from] <= 0) stuck += rank[from];
    for (size_t to = 0; to < next.size(); ++to)
      next[to] = (1 - kDamping + kDamping * stuck) * drawn[to];
    for (size_t from = 0; from < edges.size(); ++from)
      for (const Edge& edge : edges[from])
        next[edge.to] += kDamping * rank[from] * edge.weight / total[from];
    double moved = 0;
    for (size_t i = 0; i < next.size(); ++i) moved += std::abs(next[i] - rank[i]);
    rank.swap(next);
    if (moved < kSettled) break;
  }
  return rank;
}

std::vector<Ranked> ranked(const std::vector<File>& files,
                           const std::set<std::string, std::less<>>& words) {
  std::unordered_map<std::string_view, std::vector<Definer>> definers;
  for (std::uint32_t file = 0; file < files.size(); ++file) {
    const auto& definitions = files[file].tags.definitions;
    for (std::uint32_t at = 0; at < definitions.size(); ++at)
      definers[definitions[at].name].push_back({file, at});
  }

  // One edge a name and definer; kept by name, for the share of each definition.
  struct Use {
    std::uint32_t from = 0, to = 0, definition = 0;
    double weight = 0;
  };
  std::vector<Use> uses;
  std::vector<std::vector<Edge>> edges(files.size());
  for (std::uint32_t from = 0; from < files.size(); ++from) {
    for (const auto& [count, name] : files[from].tags.references) {
      const auto found = definers.find(name);
      if (found == definers.end()) continue;
      const bool named = words.contains(name);
      const auto& all = found->second;
      if (all.size() > kMostDefiners && !named) continue;
      const double weight =
          weight_of(name, all.size(), named) * std::sqrt(count) / static_cast<double>(all.size());
      for (const auto& [to, definition] : all) {
        const double each = from == to ? weight * kItself : weight;
        uses.push_back({from, to, definition, each});
        edges[from].push_back({to, each});
      }
    }
  }

  std::vector<double> drawn(files.size(), 1);
  double sum = 0;
  for (size_t i = 0; i < files.size(); ++i) {
    if (names_file(files[i].path, words)) drawn[i] += kDrawnByPath;
    const bool defines = std::ranges::any_of(
        files[i].tags.definitions, [&](const auto& each) { return words.contains(each.name); });
    if (defines) drawn[i] += kDrawnByName;
    sum += drawn[i];
  }
  for (double& each : drawn) each /= std::max(sum, 1.0);
  const std::vector<double> rank = page_rank(edges, drawn);

  // What passes along the uses of a definition is its score.
  std::vector<double> total(files.size(), 0);
  for (const Use& use : uses) total[use.from] += use.weight;
  std::vector<std::vector<double>> scores(files.size());
  for (size_t i = 0; i < files.size(); ++i) scores[i].resize(files[i].tags.definitions.size(), 0);
  for (const Use& use : uses)
    scores[use.to][use.definition] += rank[use.from] * use.weight / total[use.from];
  std::vector<Ranked> out;
  for (std::uint32_t file = 0; file < files.size(); ++file) {
    for (std::uint32_t at = 0; at < scores[file].size(); ++at) {
      const bool named = words.contains(files[file].tags.definitions[at].name);
      // Also what nobody uses yet has the rank of its file to go by.
      const double own = rank[file] * 0.01 + (named ? rank[file] : 0);
      out.push_back({file, at, scores[file][at] + own});
    }
  }
  std::ranges::stable_sort(out, [](const Ranked& a, const Ranked& b) { return a.score > b.score; });
  return out;
}

}  // namespace nightjar::map
