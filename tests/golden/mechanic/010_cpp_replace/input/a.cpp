#include "a.h"
int x = thing::old(1, 2) + old(old(3, 4), {5});
template <class T> int f(T t) { return old<T>(t, 1) + t.old(1, 2); }
auto* p = &old;
int old(int a, int b) { return fresh(b, a); }
