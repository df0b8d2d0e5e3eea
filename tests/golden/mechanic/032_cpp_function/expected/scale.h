#pragma once
#include <string>
namespace math {
int stretch(int a, int b = 1);
template <class T> T stretch(T value) { return value; }
struct Map { int scale(int a) { return a; } };
}
