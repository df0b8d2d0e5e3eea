#include "thing/Parser.h"
#include "Parser.h"
namespace thing {
Parser::Parser() : Parser(std::string()) {}
Parser::Parser(std::string text) : text_(std::move(text)) {}
Parser::~Parser() = default;
Parser* Parser::instance() {
  static Parser parser;
  return &parser;
}
}  // namespace thing
