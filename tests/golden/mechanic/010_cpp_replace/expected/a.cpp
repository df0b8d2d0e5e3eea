#include "a.h"
int x = thing::fresh(2, 1) + fresh({5}, fresh(4, 3));
template <class T> int f(T t) { return old<T>(t, 1) + t.old(1, 2); }
auto* p = &old;
int old(int a, int b) { return fresh(b, a); }
