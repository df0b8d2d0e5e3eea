#include "scale.h"
namespace math {
int stretch(int a, int b) {
  return a * b;
}
const char* text(const char* value) { return value; }
}
