#include <thing/Reader.h>
using thing::Reader;
template <class T> T make() { return T(); }
int main() {
  thing::Reader one;
  auto* two = new Reader("Parser");
  Token t{nullptr};
  t.Parser = two;
  make<Reader>();
  return two == Reader::instance() ? 0 : 1;
}
