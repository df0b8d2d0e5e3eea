// Names in comments and documentation: which of them are the thing, and which are ordinary words.
#pragma once

#include <cstdint>
#include <string_view>

namespace nightjar::agent::mechanic {

enum class Mention {
  Name,      ///< means the thing
  Word,      ///< may be an ordinary word: `total` in "the total amount"
  FileName,  ///< "Parser.py", "src/Parser/"
  Link,      ///< part of a URL
};

/// REQUIRES: text[begin, end) is the name as a whole word.
Mention mention_at(std::string_view text, std::uint32_t begin, std::uint32_t end);
/// All lower-case letters: such a name may be a word of prose.
bool is_plain_word(std::string_view name);

}  // namespace nightjar::agent::mechanic
