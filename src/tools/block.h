// The lines that a line begins: by their indentation, in whatever language. Pure.
#pragma once

#include <string_view>
#include <vector>

namespace nightjar::tools {

struct Block {
  size_t head = 0;  ///< the line that begins it
  size_t end = 0;   ///< the first line behind it
};

/// Of the first line from `head` on that is not blank; what stands before `behind` belongs to it.
/// Comments, closing brackets, preprocessor lines, labels and branches ("else") do not end it.
Block block_of(const std::vector<std::string_view>& lines, size_t head, size_t behind);

/// True where the first line from `line` on that is not blank is indented deeper than `head`.
bool is_deeper(const std::vector<std::string_view>& lines, size_t line, size_t head);

}  // namespace nightjar::tools
