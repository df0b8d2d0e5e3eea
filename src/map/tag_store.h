// Tags of files by the git blob that they were read from, as one block of bytes: what a run learned
// of a repository, for the next one. Anything else than what `add` made is as if it were not there.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

namespace nightjar::map {

class TagStore {
 public:
  TagStore() = default;
  /// `bytes` outlive this.
  explicit TagStore(std::string_view bytes);

  /// Packed tags; empty where the blob is not known.
  std::string_view find(std::string_view blob) const;
  size_t size() const { return found_.size(); }

  /// Another entry at the end of a block (an empty one gets its head).
  static void add(std::string& block, std::string_view blob, std::string_view packed);

 private:
  std::unordered_map<std::string_view, std::string_view> found_;
};

}  // namespace nightjar::map
