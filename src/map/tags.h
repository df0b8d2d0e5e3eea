// What one source file defines and which names stand in it: the stuff of a repository map.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "syntax/syntax.h"

namespace nightjar::map {

/// Views live as long as the bytes they were read from (see `TagStore`).
struct Tags {
  struct Definition {
    std::uint32_t line = 0;  ///< from 1
    std::string_view name;
    std::string_view head;  ///< its first line, one line, bounded
  };
  struct Reference {
    std::uint32_t count = 0;
    std::string_view name;
  };
  std::vector<Definition> definitions;  ///< in order of the file
  std::vector<Reference> references;    ///< identifiers, each once
};

/// As bytes of a `TagStore`: empty tags for a file that is no source, too large, or minified.
std::string packed_tags(syntax::Syntax& syntax, std::string_view path, std::string_view text);

/// False where the bytes are not what `packed_tags` makes.
bool unpack(std::string_view bytes, Tags& tags);

inline constexpr size_t kLargestSource = size_t{1} << 20;

}  // namespace nightjar::map
