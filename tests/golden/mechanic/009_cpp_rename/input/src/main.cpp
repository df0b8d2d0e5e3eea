#include <thing/Parser.h>
using thing::Parser;
template <class T> T make() { return T(); }
int main() {
  thing::Parser one;
  auto* two = new Parser("Parser");
  Token t{nullptr};
  t.Parser = two;
  make<Parser>();
  return two == Parser::instance() ? 0 : 1;
}
