#include "list.h"
struct list {
  struct list *list;
  int size;
};
struct list *list_new(void) {
  static struct list first = {.list = 0, .size = 1};
  struct list *list = &first;
  list->list = list;
  return list;
}
int list(int count) { return count + (int)sizeof(struct list); }
