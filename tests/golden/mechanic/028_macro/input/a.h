#ifndef MAX_SIZE
#define MAX_SIZE 10
#endif
#define TWICE (2 * MAX_SIZE)
static int sizes[MAX_SIZE];
