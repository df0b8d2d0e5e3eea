// The files of a work tree as the mechanic may touch them: regular text files, never through a
// link, never `.git`. The folder belongs to a stranger: every name in it is data.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/mechanic/texts.h"
#include "base/file.h"

namespace nightjar::agent::mechanic {

inline constexpr size_t kMostFile = size_t{16} << 20;

class WorkTree {
 public:
  /// Reads files from `base` (may be empty) but for the `changed` ones; writes go to `root`.
  /// `texts` are the base's. Throws Error where a folder cannot be opened.
  explicit WorkTree(const fs::path& root, const fs::path& base = {},
                    const std::vector<std::string>& changed = {},
                    std::shared_ptr<const Texts> texts = nullptr);

  /// The files of the base and the changed ones; without a base everything below the root but
  /// `.git`, folders that tools fill, and links. Sorted.
  std::vector<std::string> all_files() const;
  /// nullopt where there is no regular file, or it vanished, or it is larger than `kMostFile`, or
  /// binary. Reads into `buffer` (which keeps its capacity between calls).
  bool read(const std::string& path, std::string& buffer) const;
  bool exists(const std::string& path) const;
  /// Temporary and rename; the mode stays. False where the file is no regular file any more.
  bool write(const std::string& path, std::string_view bytes) const;
  /// False where `to` exists.
  bool rename(const std::string& from, const std::string& to) const;

 private:
  static std::vector<std::string> files_below(int root, bool all);
  Fd root_;
  Fd base_;
  std::set<std::string, std::less<>> changed_;
  std::shared_ptr<const Texts> texts_;
};

/// Calls `work(i)` for all i below `count` from several threads; the first exception is thrown
/// again.
void in_parallel(size_t count, unsigned threads, const std::function<void(unsigned, size_t)>& work);

}  // namespace nightjar::agent::mechanic
