#include "tools/answer.h"

#include "base/text.h"

namespace nightjar::tools {

namespace {

// Bytes that continue a character of UTF-8 cannot stand first.
bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::string_view whole_lines_of_head(std::string_view head) {
  const size_t end = head.rfind('\n');
  if (end != std::string_view::npos && end * 2 > head.size()) return head.substr(0, end + 1);
  while (!head.empty() && continues(head.back())) head.remove_suffix(1);
  if (!head.empty() && static_cast<unsigned char>(head.back()) >= 0xC0) head.remove_suffix(1);
  return head;
}

std::string_view whole_lines_of_tail(std::string_view tail) {
  const size_t begin = tail.find('\n');
  if (begin != std::string_view::npos && begin * 2 < tail.size()) return tail.substr(begin + 1);
  while (!tail.empty() && continues(tail.front())) tail.remove_prefix(1);
  return tail;
}

}  // namespace

Answer failed(std::string why) {
  Answer out;
  out.output = std::move(why);
  out.error = true;
  return out;
}

void append_line(std::string& text, std::string_view line) {
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  text += line;
}

std::string with_gap(std::string_view head, std::string_view tail, unsigned long long bytes,
                     std::string_view remark) {
  head = whole_lines_of_head(head);
  tail = whole_lines_of_tail(tail);
  std::string out(head);
  if (!out.empty() && !out.ends_with('\n')) out += '\n';
  out += "[... " + human_size(bytes - head.size() - tail.size()) + " left out";
  if (!remark.empty()) out += "; " + std::string(remark);
  out += " ...]\n";
  out += tail;
  return out;
}

std::string shortened_middle(std::string_view text, std::string_view remark, size_t most) {
  if (text.size() <= most) return std::string(text);
  return with_gap(text.substr(0, most / 2), text.substr(text.size() - most / 2), text.size(),
                  remark);
}

}  // namespace nightjar::tools
