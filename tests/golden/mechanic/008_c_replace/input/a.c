#include "copy.h"
void copy(void *to, const void *from, int n);
void f(char *a, char *b) {
  copy(a, b, sizeof *a);
  copy(a + 1, /* middle */ b, 3 * 4);
  struct s x = {.copy = copy};
  x.copy(a, b, 1);
}
