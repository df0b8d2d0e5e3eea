#pragma once
#include <string>
namespace math {
int scale(int a, int b = 1);
template <class T> T scale(T value) { return value; }
struct Map { int scale(int a) { return a; } };
}
