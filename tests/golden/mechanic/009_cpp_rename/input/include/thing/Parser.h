#pragma once
#include <string>
#define API __attribute__((visibility("default")))
namespace thing {
class ParserState;
/// A Parser reads.
class API Parser {
 public:
  Parser();
  explicit Parser(std::string text);
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser();
  static Parser* instance();
  friend class Test;
  std::string name() const { return "Parser"; }
 private:
  std::string text_;
};
struct Token {
  Parser* Parser;
};
}  // namespace thing
