// Which definitions of a repository matter for a task: files are the nodes of a graph, a name that
// one of them uses and another defines is an edge, and PageRank, drawn to what the task names, says
// how much a reader would pass by each. Pure.
//
// After the repository map of aider (aider.chat/docs/repomap.html); PageRank: Page, Brin, Motwani,
// Winograd 1999, damping 0.85.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "map/tags.h"

namespace nightjar::map {

struct File {
  std::string_view path;
  Tags tags;
};

struct Ranked {
  std::uint32_t file = 0, definition = 0;  ///< indices
  double score = 0;
};

/// Words of the task that may be identifiers or parts of paths, as they are written.
std::set<std::string, std::less<>> words_of(std::string_view brief);

/// All definitions, the most relevant first; ties in order of files and lines.
std::vector<Ranked> ranked(const std::vector<File>& files,
                           const std::set<std::string, std::less<>>& words);

struct Edge {
  std::uint32_t to = 0;
  double weight = 0;
};
/// Scores of the nodes; they sum up to 1. `drawn`: where a reader starts anew, sums up to 1.
std::vector<double> page_rank(const std::vector<std::vector<Edge>>& edges,
                              const std::vector<double>& drawn);

}  // namespace nightjar::map
