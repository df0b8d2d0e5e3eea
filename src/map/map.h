// The repository map: the definitions that matter most for a task, file by file, within a budget.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace nightjar::map {

struct Blob {
  std::string id, path;
};
/// The list of a commit's blobs as `git ls-tree -r -z` prints it; what is no file is left out.
std::vector<Blob> blobs_in(std::string_view listing);

struct Request {
  std::filesystem::path root;  ///< where the files stand
  std::vector<Blob> files;
  std::string_view known_tags;  ///< of a `TagStore`, perhaps empty
  std::string_view brief;
  size_t budget = 8'000;            ///< bytes
  Deadline deadline = kNoDeadline;  ///< what was not read by then is not in it
  unsigned threads = 2;
};

struct Map {
  std::string text;  ///< empty where there are fewer than three source files
  /// Tags of all files that were read, for the next time; empty where all were known.
  std::string tags;
  size_t files = 0, parsed = 0;
};

/// Reads and parses what is not known yet: of untrusted files, so inside a sandbox.
Map make_map(const Request& request);

}  // namespace nightjar::map
