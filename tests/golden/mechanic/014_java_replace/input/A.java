class A {
  static boolean check(int a, int b) {
    return verify(b, a);
  }

  static boolean verify(int b, int a) {
    return a > b;
  }

  void run(A other) {
    check(1, 2);
    A.check(3, check(4, 5) ? 1 : 2);
    other.check(1, 2);
    check(1);
  }
}
