// One difference of a work tree, as a value: what a sandbox wrote, or what a commit needs.
#pragma once

#include <cstdint>
#include <string>

namespace nightjar::core {

struct Change {
  enum class What {
    File,
    Symlink,
    Deleted,       ///< a file, or a folder with everything below it
    OpaqueFolder,  ///< the folder was made anew: what the base has below it is gone
    Other,         ///< device, socket, fifo
  };
  std::string path;  ///< bytes, relative, no leading slash
  What what = What::File;
  bool executable = false;
  std::string content;     ///< of the file, or the link's target
  std::uint64_t size = 0;  ///< of the file, also where the content was too large to carry
  bool operator==(const Change&) const = default;
};

}  // namespace nightjar::core
