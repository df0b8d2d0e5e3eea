int other(void) {
  int scale = 2;
  return scale;
}
