#include "tools/patch_command.h"

#include <algorithm>

#include "base/text.h"

namespace nightjar::tools {

namespace {

constexpr std::string_view kBlanks = " \t";

void skip(std::string_view& text, std::string_view characters) {
  text.remove_prefix(std::min(text.find_first_not_of(characters), text.size()));
}

// One word as a shell reads it; what it would put in for `$` stays as it is written.
std::optional<std::string> take_word(std::string_view& text) {
  std::string out;
  bool any = false;
  while (!text.empty() &&
         std::string_view(" \t\n;&|<>()").find(text[0]) == std::string_view::npos) {
    any = true;
    const char c = text[0];
    text.remove_prefix(1);
    if (c == '\'') {
      const size_t end = text.find('\'');
      if (end == std::string_view::npos) return std::nullopt;
      out += text.substr(0, end);
      text.remove_prefix(end + 1);
    } else if (c == '"') {
      for (;;) {
        if (text.empty()) return std::nullopt;
        if (text[0] == '"') break;
        if (text.size() > 1 && text[0] == '\\' &&
            std::string_view("\"\\$`").find(text[1]) != std::string_view::npos)
          text.remove_prefix(1);
        out += text[0];
        text.remove_prefix(1);
      }
      text.remove_prefix(1);
    } else if (c == '\\' && !text.empty()) {
      out += text[0];
      text.remove_prefix(1);
    } else {
      out += c;
    }
  }
  return any ? std::optional(out) : std::nullopt;
}

// What stands between the patch and the next command; nullopt: something that is no separator.
std::optional<std::string> after(std::string_view text) {
  skip(text, kBlanks);
  if (!take(text, "&&") && !take(text, ";") && !text.empty() && text[0] != '\n')
    return std::nullopt;
  return trimmed(text);
}

std::optional<PatchCommand> here_document(std::string_view text, PatchCommand out) {
  const bool tabs_off = take(text, "-");
  skip(text, kBlanks);
  const auto delimiter = take_word(text);
  const size_t line_end = text.find('\n');
  if (!delimiter || line_end == std::string_view::npos) return std::nullopt;
  const auto same_line = after(text.substr(0, line_end));
  if (!same_line) return std::nullopt;
  text.remove_prefix(line_end + 1);
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (tabs_off) skip(line, "\t");
    if (line == *delimiter) break;
    out.patch += std::string(line) + "\n";
  }
  out.rest = trimmed(*same_line + "\n" + std::string(text));
  return out;
}

}  // namespace

std::optional<PatchCommand> patch_command(std::string_view text) {
  PatchCommand out;
  skip(text, " \t\n");
  if (take(text, "cd ")) {
    skip(text, kBlanks);
    const auto folder = take_word(text);
    if (!folder || folder->find('$') != std::string::npos) return std::nullopt;
    skip(text, kBlanks);
    if (!take(text, "&&") && !take(text, ";") && !take(text, "\n")) return std::nullopt;
    out.folder = *folder;
    skip(text, " \t\n");
  }
  if (!take(text, "apply_patch") && !take(text, "applypatch")) return std::nullopt;
  if (text.empty() || (kBlanks.find(text[0]) == std::string_view::npos && text[0] != '<'))
    return std::nullopt;
  skip(text, kBlanks);
  if (take(text, "<<")) return here_document(text, std::move(out));
  const auto patch = take_word(text);
  if (!patch || patch->find('\n') == std::string::npos) return std::nullopt;
  const auto rest = after(text);
  if (!rest) return std::nullopt;
  out.patch = *patch;
  out.rest = *rest;
  return out;
}

}  // namespace nightjar::tools
