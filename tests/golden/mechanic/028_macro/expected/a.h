#ifndef SIZE_LIMIT
#define SIZE_LIMIT 10
#endif
#define TWICE (2 * SIZE_LIMIT)
static int sizes[SIZE_LIMIT];
