#include "scale.h"

int stretch(int a, int b) { return a * b; }

static int twice(int (*f)(int, int)) { return f(1, 2); }

struct map { int scale; };

int main(void) {
  struct map map = {.scale = 2};
  int other = map.scale; /* scale is a field here */
  return stretch(other, 2) + twice(stretch) + twice(&stretch);
}
