#include "tools/line_ends.h"

namespace nightjar::tools {

LineEnds::LineEnds(std::string_view text) {
  size_t all = 0, with_return = 0;
  for (size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    ++all;
    with_return += at > 0 && text[at - 1] == '\r';
  }
  crlf_ = all > 0 && with_return == all;
}

std::string LineEnds::plain(std::string_view text) const {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (crlf_ && text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    out += text[i];
  }
  return out;
}

std::string LineEnds::restored(std::string_view text) const {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (crlf_ && c == '\n') out += '\r';
    out += c;
  }
  return out;
}

}  // namespace nightjar::tools
