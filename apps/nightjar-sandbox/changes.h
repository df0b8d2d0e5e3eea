// The work tree's differences: read from its upper layer (or from its clone), and written into it.
#pragma once

#include <cstdint>
#include <string>

#include "base/file.h"
#include "core/change.h"
#include "layers.h"
#include "mounts.h"

namespace nightjar::helper {

class Changes {
 public:
  Changes(WorkTree tree, std::string target) : tree_(std::move(tree)), target_(std::move(target)) {}

  /// Sends one Entry frame a difference, parents before children.
  void collect(int socket, std::uint64_t most_bytes);
  void apply(const core::Change& change);

 private:
  Fd parent_of(const std::string& path, std::string& name);

  WorkTree tree_;
  std::string target_;
  Fd root_;  ///< the work tree as commands see it
};

}  // namespace nightjar::helper
