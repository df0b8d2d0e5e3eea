// Which strings follow a rename: those without which a test fails, and no others.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/agent.h"

namespace nightjar::agent::mechanic {

/// A string that a rename left alone.
struct Candidate {
  std::string path;
  int line = 0;
  std::string text;  ///< of its line
  int tier = 0;      ///< 0: the failure shows the line; 1: it names the file; 2: neither
};

/// By tier, and within one as they stand in the files.
std::vector<Candidate> candidates_of(const std::vector<core::Finding>& findings,
                                     const Failures& failures);

using Failing = std::set<Failures::Test>;
/// The tests that fail with these candidates (by index) renamed; nullopt: no more tries.
using Oracle = std::function<std::optional<Failing>(const std::vector<size_t>&)>;

/// The smallest set found that leaves fewer tests failing than `before` and lets no other fail;
/// empty where there is none. Tries groups before single ones, and then drops what is not needed.
std::vector<size_t> needed(const std::vector<Candidate>& candidates, const Failing& before,
                           const Oracle& oracle);

}  // namespace nightjar::agent::mechanic
