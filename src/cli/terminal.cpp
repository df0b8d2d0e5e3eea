#include "cli/terminal.h"

#include <fmt/core.h>
#include <langinfo.h>
#include <locale.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/json.h"
#include "base/text.h"

namespace nightjar::cli {

namespace {

bool set(const char* variable) {
  const char* value = std::getenv(variable);
  return value && *value;
}

bool speaks_utf8() {
  const locale_t user = ::newlocale(LC_CTYPE_MASK, "", nullptr);
  if (!user) return false;
  const std::string_view codeset = ::nl_langinfo_l(CODESET, user);
  const bool utf8 = codeset == "UTF-8";
  ::freelocale(user);
  return utf8;
}

// wcwidth answers by the thread's locale, and "C" knows no wide characters.
class Utf8Locale {
 public:
  Utf8Locale() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_) before_ = ::uselocale(locale_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;
  ~Utf8Locale() {
    if (!locale_) return;
    ::uselocale(before_);
    ::freelocale(locale_);
  }

 private:
  locale_t locale_;
  locale_t before_ = nullptr;
};

// Length in bytes and width in columns of the first character.
struct Character {
  size_t length = 0;
  size_t width = 0;
};
Character first_character(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = at(0);
  size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  length = std::min(length, text.size());
  wchar_t point = static_cast<wchar_t>(length == 1 ? lead : lead & (0x7FU >> length));
  for (size_t i = 1; i < length; ++i) point = static_cast<wchar_t>((point << 6) | (at(i) & 0x3F));
  const int width = ::wcwidth(point);
  return {length, width < 0 ? 1 : static_cast<size_t>(width)};
}

size_t width_of(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    const Character c = first_character(text);
    width += c.width;
    text.remove_prefix(c.length);
  }
  return width;
}

std::string_view ellipsis(const Terminal& terminal) { return terminal.utf8 ? "…" : "~"; }

// How wide each column becomes; 0: left out.
std::vector<size_t> layout(const Terminal& terminal, const std::vector<Column>& columns,
                           const std::vector<std::vector<Cell>>& rows, size_t indent) {
  std::vector<size_t> widths;
  for (size_t i = 0; i < columns.size(); ++i) {
    size_t width = 0;
    for (const auto& row : rows) width = std::max(width, display_width(row[i].text));
    widths.push_back(width == 0 ? 0 : std::max(width, display_width(columns[i].title)));
  }
  const auto total = [&] {
    size_t sum = indent;
    size_t shown = 0;
    for (const size_t width : widths) {
      sum += width;
      shown += width > 0;
    }
    return sum + (shown > 1 ? 2 * (shown - 1) : 0);
  };
  const auto room = static_cast<size_t>(std::max(terminal.width, 20));
  const auto shrink = [&] {
    for (size_t i = 0; i < columns.size(); ++i) {
      const size_t over = total() > room ? total() - room : 0;
      if (columns[i].least == 0 || widths[i] <= columns[i].least) continue;
      widths[i] -= std::min(over, widths[i] - columns[i].least);
    }
    return total() <= room;
  };
  std::vector<size_t> droppable;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].drop > 0) droppable.push_back(i);
  }
  std::ranges::sort(droppable,
                    [&](size_t a, size_t b) { return columns[a].drop > columns[b].drop; });
  const std::vector<size_t> natural = widths;
  for (size_t i = 0; !shrink() && i < droppable.size(); ++i) {
    const size_t dropped = droppable[i];
    for (size_t j = 0; j < widths.size(); ++j) {
      if (widths[j] > 0) widths[j] = natural[j];
    }
    widths[dropped] = 0;
  }
  for (size_t i = 0; i < columns.size() && total() > room;
       ++i) {  // less than `least`, rather than too wide
    if (columns[i].least == 0 || widths[i] <= 6) continue;
    widths[i] -= std::min(total() - room, widths[i] - 6);
  }
  return widths;
}

}  // namespace

Terminal terminal_of(int fd) {
  Terminal out;
  out.tty = ::isatty(fd) == 1;
  const char* term = std::getenv("TERM");
  out.colour = out.tty && !set("NO_COLOR") && term && *term && std::string_view(term) != "dumb";
  out.utf8 = speaks_utf8();
  winsize size{};
  if (out.tty && ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    out.width = size.ws_col;
    if (size.ws_row > 0) out.height = size.ws_row;
  } else if (const char* columns = std::getenv("COLUMNS")) {
    const std::string_view text(columns);
    int width = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), width);
    if (error == std::errc{} && end == text.data() + text.size() && width >= 20 && width <= 10'000)
      out.width = width;
  }
  return out;
}

std::string paint(const Terminal& terminal, Tone tone, std::string_view text) {
  if (!terminal.colour || tone == Tone::Plain || text.empty()) return std::string(text);
  std::string_view code;
  switch (tone) {
    case Tone::Plain:
      break;
    case Tone::Strong:
      code = "1";
      break;
    case Tone::Dim:
      code = "2";
      break;
    case Tone::Good:
      code = "36";
      break;
    case Tone::Attention:
      code = "33";
      break;
    case Tone::Bad:
      code = "1;31";
      break;
    case Tone::Busy:
      code = "34";
      break;
  }
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string_view symbol(const Terminal& terminal, Symbol which) {
  switch (which) {
    case Symbol::Good:
      return terminal.utf8 ? "✔" : "+";
    case Symbol::Bad:
      return terminal.utf8 ? "✘" : "x";
    case Symbol::Attention:
      return terminal.utf8 ? "◆" : "!";
    case Symbol::Busy:
      return terminal.utf8 ? "●" : "*";
    case Symbol::Idle:
      return terminal.utf8 ? "·" : "-";
    case Symbol::Arrow:
      return terminal.utf8 ? "→" : "->";
  }
  return "";
}

size_t display_width(std::string_view text) {
  if (std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; })) return text.size();
  const Utf8Locale locale;
  return width_of(text);
}

std::string fitted(const Terminal& terminal, std::string_view text, size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return "";
  const Utf8Locale locale;
  size_t used = 0;
  size_t bytes = 0;
  while (bytes < text.size()) {
    const Character c = first_character(text.substr(bytes));
    if (used + c.width > width - 1) break;
    used += c.width;
    bytes += c.length;
  }
  return std::string(text.substr(0, bytes)) + std::string(ellipsis(terminal));
}

std::string wrapped(const Terminal& terminal, std::string_view text, size_t indent) {
  const auto room = static_cast<size_t>(std::max(terminal.width, 20));
  std::string out;
  size_t column = indent;
  for (const auto& word : split(text, ' ')) {
    const size_t width = display_width(word);
    if (column > indent && column + 1 + width > room) {
      while (out.ends_with(' ')) out.pop_back();
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += width;
  }
  return out;
}

std::string table(const Terminal& terminal, const std::vector<Column>& columns,
                  const std::vector<std::vector<Cell>>& rows, size_t indent) {
  const std::vector<size_t> widths = layout(terminal, columns, rows, indent);
  const auto line = [&](auto&& cell_of) {
    std::string out(indent, ' ');
    size_t pending = 0;  // blanks are written only before something, so that no line ends in them
    for (size_t i = 0; i < columns.size(); ++i) {
      if (widths[i] == 0) continue;
      const Cell cell = cell_of(i);
      const std::string text = fitted(terminal, cell.text, widths[i]);
      const size_t blanks = widths[i] - std::min(widths[i], display_width(text));
      const size_t before = pending + (columns[i].right ? blanks : 0);
      if (!text.empty()) {
        out += std::string(before, ' ') + paint(terminal, cell.tone, text);
        pending = columns[i].right ? 2 : blanks + 2;
      } else {
        pending += widths[i] + 2;
      }
    }
    return out + "\n";
  };
  std::string out = line([&](size_t i) { return Cell{columns[i].title, Tone::Dim}; });
  for (const auto& row : rows) out += line([&](size_t i) { return row[i]; });
  return out;
}

}  // namespace nightjar::cli
