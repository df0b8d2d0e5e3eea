#include "scale.h"
using math::stretch;
int main() {
  math::Map map;
  auto f = [](int a) { return math::stretch(a); };
  return stretch(1, 2) + math::stretch(3) + map.scale(4) + f(1);
}
