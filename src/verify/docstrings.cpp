#include "verify/docstrings.h"

#include <array>
#include <cctype>

#include "base/text.h"

namespace nightjar::verify {

namespace {

bool is_for_tools(std::string_view comment) {
  static constexpr std::array<std::string_view, 8> kMarks{"coding", "type:",   "noqa",   "pragma",
                                                          "!",      "doctest", "pylint", "cython"};
  for (const auto mark : kMarks)
    if (comment.find(mark) != std::string_view::npos) return true;
  return false;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::string run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        comment();
      } else if (c == '"' || c == '\'') {
        string();
      } else {
        if (c == '\n' && depth_ == 0 && !continued()) begins_line_ = true;
        if (!std::isspace(static_cast<unsigned char>(c))) begins_line_ = false;
        if (c == '(' || c == '[' || c == '{') ++depth_;
        if (c == ')' || c == ']' || c == '}') --depth_;
        out_ += c;
        ++at_;
      }
    }
    std::string lean;
    for (const auto line : lines(out_)) {
      if (!trim(line).empty()) lean += std::string(line.substr(0, end_of(line))) + "\n";
    }
    return lean;
  }

 private:
  static size_t end_of(std::string_view line) {
    const auto last = line.find_last_not_of(" \t\r");
    return last == std::string_view::npos ? 0 : last + 1;
  }

  bool continued() const { return !out_.empty() && out_.back() == '\\'; }

  void comment() {
    const auto end = std::min(text_.find('\n', at_), text_.size());
    const auto comment = text_.substr(at_, end - at_);
    if (is_for_tools(comment)) out_ += comment;
    at_ = end;
  }

  void string() {
    const auto begin = at_;
    const char quote = text_[at_];
    const std::string three(3, quote);
    const bool is_long = text_.substr(at_).starts_with(three);
    at_ += is_long ? 3 : 1;
    while (at_ < text_.size()) {
      if (text_[at_] == '\\') {
        at_ += 2;
        continue;
      }
      if (is_long ? text_.substr(at_).starts_with(three) : text_[at_] == quote) break;
      ++at_;
    }
    at_ = std::min(at_ + (is_long ? 3 : 1), text_.size());
    const auto literal = text_.substr(begin, at_ - begin);
    const bool alone = begins_line_ && depth_ == 0 && nothing_follows();
    begins_line_ = false;
    if (!alone || literal.find(">>>") != std::string_view::npos) out_ += literal;
  }

  bool nothing_follows() const {
    const auto next = text_.find_first_not_of(" \t\r", at_);
    return next == std::string_view::npos || text_[next] == '\n' || text_[next] == '#';
  }

  std::string_view text_;
  std::string out_;
  size_t at_ = 0;
  int depth_ = 0;
  bool begins_line_ = true;
};

}  // namespace

std::string without_python_prose(std::string_view text) { return Reader(text).run(); }

}  // namespace nightjar::verify
