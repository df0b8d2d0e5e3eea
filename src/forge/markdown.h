// Foreign text in Markdown, so that it is read as text: no HTML, image, link, mention or closing
// keyword in it acts, and none ends the place it stands in.
#pragma once

#include <string>
#include <string_view>

namespace nightjar::forge {

/// A code span, in which nothing is interpreted by any forge; at most `most` code points, one line.
std::string code(std::string_view text, size_t most = 300);
/// The same for a cell of a table, where a bar would end the cell.
std::string cell(std::string_view text, size_t most = 120);
/// Running text: everything that Markdown acts on is escaped, and mentions, issue numbers and
/// addresses are broken by an invisible character.
std::string plain(std::string_view text);
/// Markdown of an agent: headings, lists, tables and code spans stay, all other text is `plain`.
std::string tamed(std::string_view markdown);
/// A block of code, lines kept, whose fence is longer than any in it.
std::string block(std::string_view text);

}  // namespace nightjar::forge
