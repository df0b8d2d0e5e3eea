// toml++ as one object, from its installed headers. Its assertions do not hold for every hostile
// text; without them it refuses those with an error, as distributions build it.
#ifndef NDEBUG
#define NDEBUG
#endif
#define TOML_IMPLEMENTATION
#include <toml++/toml.h>
