class A {
  static boolean check(int a, int b) {
    return verify(b, a);
  }

  static boolean verify(int b, int a) {
    return a > b;
  }

  void run(A other) {
    verify(2, 1);
    A.verify(verify(5, 4) ? 1 : 2, 3);
    other.check(1, 2);
    check(1);
  }
}
