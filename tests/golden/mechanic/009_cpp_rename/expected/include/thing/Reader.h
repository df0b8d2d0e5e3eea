#pragma once
#include <string>
#define API __attribute__((visibility("default")))
namespace thing {
class ParserState;
/// A Reader reads.
class API Reader {
 public:
  Reader();
  explicit Reader(std::string text);
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader();
  static Reader* instance();
  friend class Test;
  std::string name() const { return "Parser"; }
 private:
  std::string text_;
};
struct Token {
  Reader* Parser;
};
}  // namespace thing
