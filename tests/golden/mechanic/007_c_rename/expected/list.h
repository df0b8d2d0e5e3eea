#ifndef LIST_H
#define LIST_H
/* A list holds nodes; the struct chain is opaque. */
struct chain;
typedef struct chain list_t;
struct chain *list_new(void);
#define LIST_SIZE(l) (((struct chain *)(l))->size)
int list(int count);
#endif
