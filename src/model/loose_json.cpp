#include "model/loose_json.h"

#include <array>
#include <charconv>
#include <optional>

namespace nightjar::model {

namespace {

constexpr std::array<std::string_view, 3> kNoNumbers{"NaN", "Infinity", "-Infinity"};
constexpr size_t kEscape = 6;  // of "\ud83d"

bool is_high(unsigned unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(unsigned unit) { return unit >= 0xDC00 && unit < 0xE000; }

// The unit of UTF-16 that an escape at the beginning of `text` stands for.
std::optional<unsigned> escaped_unit(std::string_view text) {
  if (text.size() < kEscape || !text.starts_with("\\u")) return std::nullopt;
  unsigned unit = 0;
  const char* end = text.data() + kEscape;
  const auto parsed = std::from_chars(text.data() + 2, end, unit, 16);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return unit;
}

// A surrogate as UTF-8 would write it, if it had any: three bytes.
void append_surrogate(std::string& out, unsigned unit) {
  out += static_cast<char>(0xE0 | (unit >> 12));
  out += static_cast<char>(0x80 | ((unit >> 6) & 0x3F));
  out += static_cast<char>(0x80 | (unit & 0x3F));
}

std::optional<unsigned> surrogate_at(std::string_view text) {
  if (text.size() < 3 || text[0] != '\xED') return std::nullopt;
  const auto second = static_cast<unsigned char>(text[1]);
  const auto third = static_cast<unsigned char>(text[2]);
  if (second < 0xA0 || second > 0xBF || third < 0x80 || third > 0xBF) return std::nullopt;
  return 0xD000U | ((second & 0x3FU) << 6) | (third & 0x3FU);
}

// Takes what stands at the beginning of a string's rest, one character or escape.
void take_of_string(std::string_view& text, std::string& out) {
  size_t size = text[0] == '\\' && text.size() > 1 ? 2 : 1;
  if (const auto unit = escaped_unit(text)) {
    size = kEscape;
    const bool is_pair = is_high(*unit) && is_low(escaped_unit(text.substr(kEscape)).value_or(0));
    if (is_pair) size = 2 * kEscape;
    if (!is_pair && (is_high(*unit) || is_low(*unit))) {
      append_surrogate(out, *unit);
      text.remove_prefix(size);
      return;
    }
  }
  out += text.substr(0, size);
  text.remove_prefix(size);
}

void take_between(std::string_view& text, std::string& out) {
  for (const auto word : kNoNumbers) {
    if (!text.starts_with(word)) continue;
    out += "null";
    return text.remove_prefix(word.size());
  }
  out += text[0];
  text.remove_prefix(1);
}

std::string mended(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool in_string = false;
  while (!text.empty()) {
    if (text[0] == '"') in_string = !in_string;
    if (in_string)
      take_of_string(text, out);
    else
      take_between(text, out);
  }
  return out;
}

}  // namespace

std::expected<json::value, std::string> parse_loosely(std::string_view text) {
  auto strict = parse_json(text);
  if (strict) return strict;
  json::parse_options options;
  options.allow_invalid_utf8 = true;
  boost::system::error_code error;
  json::value value = json::parse(mended(text), error, {}, options);
  if (error) return strict;
  return value;
}

std::string whole_characters(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t next = text.find('\xED');
    out += text.substr(0, next);
    if (next == std::string_view::npos) break;
    text.remove_prefix(next);
    const auto high = surrogate_at(text);
    const auto low = high ? surrogate_at(text.substr(3)) : std::nullopt;
    if (high && low && is_high(*high) && is_low(*low)) {
      const unsigned point = 0x10000 + ((*high - 0xD800) << 10) + (*low - 0xDC00);
      out += static_cast<char>(0xF0 | (point >> 18));
      out += static_cast<char>(0x80 | ((point >> 12) & 0x3F));
      out += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
      out += static_cast<char>(0x80 | (point & 0x3F));
      text.remove_prefix(6);
    } else if (high) {
      out += "\xEF\xBF\xBD";
      text.remove_prefix(3);
    } else {
      out += text[0];
      text.remove_prefix(1);
    }
  }
  return valid_utf8(out);
}

}  // namespace nightjar::model
