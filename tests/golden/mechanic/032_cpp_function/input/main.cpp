#include "scale.h"
using math::scale;
int main() {
  math::Map map;
  auto f = [](int a) { return math::scale(a); };
  return scale(1, 2) + math::scale(3) + map.scale(4) + f(1);
}
