// What text looks like on this terminal: width, colours, symbols, tables.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nightjar::cli {

/// How a stream shows text; a value, so that rendering is a pure function of it.
struct Terminal {
  bool tty = false;
  bool colour = false;  ///< a terminal, and neither NO_COLOR nor TERM=dumb
  bool utf8 = true;     ///< the user's locale; else symbols are ASCII
  int width = 80;
  int height = 24;
};
/// COLUMNS counts where the stream is no terminal.
Terminal terminal_of(int fd);

/// Colours stay apart for the colour-blind (cyan, yellow, red, never green), and a word or symbol
/// always says the same.
enum class Tone { Plain, Strong, Dim, Good, Attention, Bad, Busy };
std::string paint(const Terminal& terminal, Tone tone, std::string_view text);

enum class Symbol { Good, Bad, Attention, Busy, Idle, Arrow };
std::string_view symbol(const Terminal& terminal, Symbol which);

/// Columns that valid UTF-8 without control characters takes: wide characters 2, combining ones 0.
size_t display_width(std::string_view text);
/// Cut to at most `width` columns, the last one an ellipsis where something was cut.
std::string fitted(const Terminal& terminal, std::string_view text, size_t width);
/// Words in lines of at most the terminal's width, continued at `indent`; the first line starts at
/// column `indent` already. A word that is too long stands alone. No trailing newline.
std::string wrapped(const Terminal& terminal, std::string_view text, size_t indent);

struct Cell {
  std::string text;  ///< inert
  Tone tone = Tone::Plain;
};

struct Column {
  std::string title;
  size_t least = 0;  ///< may be cut to this; 0: never cut
  int drop = 0;      ///< left out, highest first, where the terminal is too narrow; 0: never
  bool right = false;
};

/// Lines that fit the terminal, with a heading. `indent` blanks stand before each.
std::string table(const Terminal& terminal, const std::vector<Column>& columns,
                  const std::vector<std::vector<Cell>>& rows, size_t indent = 0);

}  // namespace nightjar::cli
