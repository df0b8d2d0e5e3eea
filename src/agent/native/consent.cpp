#include "agent/native/consent.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "base/text.h"

namespace nightjar::agent::native {

namespace {

constexpr std::array<std::string_view, 4> kBefore{"yes", "y", "ok", "okay"};
constexpr std::array<std::string_view, 14> kYes{
    "go",   "go ahead",   "do it",       "approve", "approved", "lgtm",      "fine",
    "good", "looks good", "sounds good", "start",   "begin",    "please do", "please"};

// Lower case, words with one blank between them and no punctuation.
std::string bare(std::string_view words) {
  std::string out;
  for (const char c : words) {
    const auto byte = static_cast<unsigned char>(c);
    const bool blank = std::isspace(byte) || std::ispunct(byte);
    if (!blank)
      out += static_cast<char>(std::tolower(byte));
    else if (!out.empty() && !out.ends_with(' '))
      out += ' ';
  }
  return trimmed(out);
}

bool is_one_of(std::string_view text, const auto& list) {
  return std::ranges::find(list, text) != list.end();
}

}  // namespace

bool is_yes(std::string_view words) {
  const std::string text = bare(words);
  std::string_view rest = text;
  while (!rest.empty()) {
    if (is_one_of(rest, kYes) || is_one_of(rest, kBefore)) return true;
    const size_t end = rest.find(' ');
    if (end == std::string_view::npos || !is_one_of(rest.substr(0, end), kBefore)) return false;
    rest.remove_prefix(end + 1);
  }
  return false;
}

}  // namespace nightjar::agent::native
