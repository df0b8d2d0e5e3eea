#include "copy.h"
void copy(void *to, const void *from, int n);
void f(char *a, char *b) {
  copy_bytes(b, a, sizeof *a);
  copy_bytes(b, /* middle */ a + 1, 3 * 4);
  struct s x = {.copy = copy};
  x.copy(a, b, 1);
}
