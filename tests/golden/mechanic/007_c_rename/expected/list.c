#include "list.h"
struct chain {
  struct chain *list;
  int size;
};
struct chain *list_new(void) {
  static struct chain first = {.list = 0, .size = 1};
  struct chain *list = &first;
  list->list = list;
  return list;
}
int list(int count) { return count + (int)sizeof(struct chain); }
