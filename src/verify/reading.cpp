#include "verify/reading.h"

#include <cctype>

namespace nightjar::verify {

namespace {

constexpr size_t kLongestLine = 4000;
constexpr size_t kLongestSequence = 200;

// The end of the escape sequence that starts at `at`.
size_t after_escape(std::string_view text, size_t at) {
  size_t i = at + 1;
  if (i >= text.size()) return i;
  const char kind = text[i++];
  const size_t most = std::min(text.size(), at + kLongestSequence);
  if (kind == '[') {
    while (i < most && (text[i] < 0x40 || text[i] > 0x7E)) ++i;
    return std::min(i + 1, text.size());
  }
  if (kind == ']') {
    while (i < most && text[i] != '\a' && text[i] != '\x1b' && text[i] != '\n') ++i;
    if (i < text.size() && text[i] == '\a') return i + 1;
    if (i + 1 < text.size() && text[i] == '\x1b' && text[i + 1] == '\\') return i + 2;
    return i;
  }
  if (kind == '(' || kind == ')') return std::min(i + 1, text.size());
  return i;
}

}  // namespace

std::string plain_text(std::string_view output) {
  std::string out;
  out.reserve(output.size());
  size_t line = 0;
  for (size_t i = 0; i < output.size();) {
    const char c = output[i];
    if (c == '\x1b') {
      i = after_escape(output, i);
      continue;
    }
    ++i;
    if (c == '\n' || c == '\r') {
      if (c == '\r' && i < output.size() && output[i] == '\n') continue;
      out += '\n';
      line = 0;
      continue;
    }
    if (++line > kLongestLine) continue;
    out += static_cast<unsigned char>(c) < 0x20 && c != '\t' ? ' ' : c;
  }
  return out;
}

core::Counts counted(const std::vector<TestResult>& tests) {
  core::Counts counts;
  for (const auto& test : tests) {
    switch (test.status) {
      case core::TestStatus::Passed:
        ++counts.passed;
        break;
      case core::TestStatus::Failed:
        ++counts.failed;
        break;
      case core::TestStatus::Skipped:
        ++counts.skipped;
        break;
    }
  }
  return counts;
}

void add_up(core::Counts& sum, const core::Counts& more) {
  sum.passed += more.passed;
  sum.failed += more.failed;
  sum.skipped += more.skipped;
}

void settle(Reading& reading, const core::Counts& total) {
  if (counted(reading.tests) != total) count_only(reading, total);
}

void count_only(Reading& reading, const core::Counts& total) {
  std::erase_if(reading.tests,
                [](const auto& test) { return test.status != core::TestStatus::Failed; });
  reading.total = total;
  reading.counts_only = true;
}

std::optional<int> take_number(std::string_view& text) {
  int value = 0;
  size_t i = 0;
  while (i < text.size() && i < 9 && text[i] >= '0' && text[i] <= '9')
    value = value * 10 + (text[i++] - '0');
  if (i == 0) return std::nullopt;
  text.remove_prefix(i);
  return value;
}

size_t indent_of(std::string_view line) {
  const auto first = line.find_first_not_of(' ');
  return first == std::string_view::npos ? line.size() : first;
}

std::string_view without_duration(std::string_view text) {
  const std::string_view whole = trim_right(text);
  std::string_view rest = whole;
  const bool closed = rest.ends_with(')');
  if (closed) rest.remove_suffix(1);
  if (rest.ends_with("ms")) {
    rest.remove_suffix(2);
  } else if (rest.ends_with('s') || rest.ends_with('m')) {
    rest.remove_suffix(1);
  } else {
    return whole;
  }
  rest = trim_right(rest);
  const size_t digits = rest.size();
  while (!rest.empty() &&
         (std::isdigit(static_cast<unsigned char>(rest.back())) || rest.back() == '.')) {
    rest.remove_suffix(1);
  }
  if (rest.size() == digits) return whole;
  if (closed) return rest.ends_with(" (") ? trim_right(rest.substr(0, rest.size() - 2)) : whole;
  return rest.ends_with(' ') ? trim_right(rest) : whole;
}

}  // namespace nightjar::verify
