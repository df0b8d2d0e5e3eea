// The part of the mechanic that touches the repository's files: runs inside the sandbox, as the
// hidden command `nightjar mechanic-worker`, and knows nothing of sandboxes. A plain function over
// a folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "agent/agent.h"
#include "agent/mechanic/order.h"

namespace nightjar::agent::mechanic {

struct Request {
  Order order;
  /// Folder with the files of the commit; empty: everything below the root counts, but what tools
  /// leave behind.
  std::string base;
  std::string texts;  ///< file of the base's texts, where there is one
  /// Where `base` is given: the paths in which the work tree differs from it.
  std::vector<std::string> changed;
  enum class Wanted {
    Work,
    Recheck,  ///< look for what the claim says is gone and change nothing
    Strings,  ///< rename in the strings at `evidence` alone, after the claim's work
  };
  Wanted wanted = Wanted::Work;
  json::object claim;
  std::vector<Place> evidence;
  unsigned threads = 0;  ///< 0: as many as there are cores, two at least
};

/// Does the work below `root`. Faults of single files are findings; throws Error where the root
/// cannot be read.
WorkResult work_on(const std::filesystem::path& root, const Request& request);

/// On the wire: a line of JSON, then the paths, each ended by NUL (they need not be UTF-8).
std::string encode(const Request& request);
Request request_from(std::string_view text);
std::string encode(const WorkResult& result);
/// What comes out of a sandbox is not trusted: nullopt where it is no such document.
std::optional<WorkResult> result_from(std::string_view text);

/// `mechanic-worker --result FILE`: request on standard input, the work tree is the current folder.
int worker_main(int argc, char** argv);

}  // namespace nightjar::agent::mechanic
