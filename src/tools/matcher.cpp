#include "tools/matcher.h"

#include <algorithm>
#include <cctype>
#include <cstring>

namespace nightjar::tools {

namespace {

// Bytes of source code, the commonest first; those that are not here are rarer.
constexpr std::string_view kCommon =
    " etrnoaisl\ncdup_fm,hg.()b\"-vyT;=SExk:wI/'0ACR1NLDP>O*F<{}M2BU[]\t#q34jGV";

size_t rarity(char c) { return std::min(kCommon.find(c), kCommon.size()); }

// The text that a pattern without operators stands for.
std::optional<std::string> plain_text(std::string_view pattern) {
  std::string out;
  for (size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (c == '\\') {
      if (++i == pattern.size() || std::ispunct(static_cast<unsigned char>(pattern[i])) == 0)
        return std::nullopt;
      c = pattern[i];
    } else if (std::string_view(".+*?()|[]{}^$").find(c) != std::string_view::npos) {
      return std::nullopt;
    }
    out += c;
  }
  return out;
}

}  // namespace

Literal::Literal(std::string text) : text_(std::move(text)) {
  for (size_t i = 1; i < text_.size(); ++i) {
    if (rarity(text_[i]) > rarity(text_[rarest_])) rarest_ = i;
  }
}

size_t Literal::find(std::string_view text, size_t from) const {
  if (text_.empty() || text.size() < text_.size() || from > text.size() - text_.size())
    return std::string_view::npos;
  const char* at = text.data() + from + rarest_;
  const char* end = text.data() + text.size() - text_.size() + rarest_ + 1;
  while (at < end) {
    at = static_cast<const char*>(std::memchr(at, text_[rarest_], static_cast<size_t>(end - at)));
    if (!at) break;
    if (std::memcmp(at - rarest_, text_.data(), text_.size()) == 0)
      return static_cast<size_t>(at - rarest_ - text.data());
    ++at;
  }
  return std::string_view::npos;
}

Matcher::Matcher(const std::string& pattern, bool literal, bool ignore_case) {
  auto text = literal ? std::optional(pattern) : plain_text(pattern);
  if (!ignore_case && text && !text->empty()) {
    literal_.emplace(std::move(*text));
    return;
  }
  RE2::Options options;
  options.set_log_errors(false);
  options.set_case_sensitive(!ignore_case);
  options.set_literal(literal);
  options.set_never_nl(false);
  options.set_one_line(false);
  options.set_max_mem(int64_t{16} << 20);
  pattern_ = std::make_unique<RE2>(literal ? pattern : "(?m)" + pattern, options);
}

std::string Matcher::error() const { return !pattern_ || pattern_->ok() ? "" : pattern_->error(); }

std::optional<Match> Matcher::find(std::string_view text, size_t from) const {
  if (literal_) {
    const size_t at = literal_->find(text, from);
    if (at == std::string_view::npos) return std::nullopt;
    return Match{at, at + literal_->size()};
  }
  re2::StringPiece found;
  if (!pattern_->Match(re2::StringPiece(text.data(), text.size()), from, text.size(),
                       RE2::UNANCHORED, &found, 1))
    return std::nullopt;
  const auto at = static_cast<size_t>(found.data() - text.data());
  return Match{at, at + found.size()};
}

}  // namespace nightjar::tools
