// What a search looks for, found in a text from match to match.
#pragma once

#include <re2/re2.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace nightjar::tools {

struct Match {
  size_t begin = 0, end = 0;
};

/// Plain text, by the rarest of its bytes: most of a file is passed over at the speed of memory.
class Literal {
 public:
  explicit Literal(std::string text);
  size_t find(std::string_view text, size_t from) const;
  size_t size() const { return text_.size(); }

 private:
  std::string text_;
  size_t rarest_ = 0;
};

/// Threads may share one.
class Matcher {
 public:
  Matcher(const std::string& pattern, bool literal, bool ignore_case);
  /// Why the pattern cannot be read; empty: it can.
  std::string error() const;
  std::optional<Match> find(std::string_view text, size_t from) const;

 private:
  std::optional<Literal> literal_;
  std::unique_ptr<RE2> pattern_;
};

}  // namespace nightjar::tools
