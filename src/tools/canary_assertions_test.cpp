// Failures that are an assertion's own, and those of whole programs.
#include <gtest/gtest.h>

#include "tools/canary.h"

namespace nightjar::tools {
namespace {

std::string falsified(std::string_view path, std::string_view text, std::string_view test) {
  return with_canary(path, text, test, Failing::Assertion, "no").value_or("");
}
std::string program(std::string_view path, std::string_view text, Failing how = Failing::End) {
  return with_failing_program(path, text, how, "no").value_or("");
}

std::string unittest(const std::string& body) {
  return "class T(TestCase):\n    def test_a(self):\n        " + body + "\n";
}

TEST(CanaryAssertion, OfPythonAsksForAnotherValue) {
  const std::pair<const char*, const char*> pairs[]{
      {"self.assertEqual(add(2, 3), 5)", "self.assertEqual(add(2, 3), 6)"},
      {"self.assertEqual(5, add(2, 3))", "self.assertEqual(6, add(2, 3))"},
      {"assert f() == 'x'", "assert f() == 'nox'"},
      {"assert f() == ['a', 1]", "assert f() == ['noa', 1]"},
      {"assert f() == g()", "assert f() == [g(), object()][1]"},
      {"assert f() is None", "assert [f() is None, False][1]"},
      {"self.assertTrue(f())", "self.assertTrue([f(), False][1])"},
      {"for a in b:\n            self.assertEqual(a, -9.5)",
       "for a in b:\n            self.assertEqual(a, -8.5)"},
      {"assert f() == 1\n        assert g() == 2", "assert f() == 1\n        assert g() == 3"},
  };
  for (const auto& [from, to] : pairs)
    EXPECT_EQ(falsified("t.py", unittest(from), "t.T.test_a"), unittest(to)) << from;
}

TEST(CanaryAssertion, IsNoneWhereItMayNotBeReached) {
  for (const char* body : {"if x:\n            self.assertEqual(f(), 5)", "check(f(), 5)",
                           "with self.assertRaises(E):\n            self.assertEqual(f(), 5)",
                           "self.assertNotEqual(f(), 5)", "self.assertListEqual(f(), g())"})
    EXPECT_EQ(falsified("t.py", unittest(body), "t.T.test_a"), "") << body;
}

TEST(CanaryAssertion, OfAScriptAsksForAnotherValue) {
  const std::pair<const char*, const char*> pairs[]{
      {"{ assert.strictEqual(add(2, 3), 5); }", "{ assert.strictEqual(add(2, 3), 6); }"},
      {"{ expect(f()).toBe(g); }", "{ expect(f()).toBe([g, Symbol()][1]); }"},
      {"assert.ok(f() === want)", "assert.ok(f() === [want, Symbol()][1])"},
      {"{ expect(f()).to.equal('x'); }", "{ expect(f()).to.equal('nox'); }"},
      {"assert(f())", "assert([f(), false][1])"},
      {"{ expect(f()).not.toBe(1); }", ""},
  };
  for (const auto& [from, to] : pairs) {
    const std::string head = "test('a', () => ", tail = ");\n";
    const std::string want = *to ? head + to + tail : "";
    EXPECT_EQ(falsified("a.test.js", head + from + tail, "a"), want) << from;
  }
}

TEST(CanaryAssertion, OfATableOfTestsIsInTheOneThatTheyAllAre) {
  const std::string head = "for (const [name, f, want] of cases) test(name, () => ";
  EXPECT_EQ(falsified("a.test.js", head + "assert.ok(f() === want));\n", "adds"),
            head + "assert.ok(f() === [want, Symbol()][1]));\n");
}

TEST(CanaryAssertion, OfGoogleTestAsksForAnotherValue) {
  EXPECT_EQ(
      falsified("t.cpp", "TEST(Calc, Add) {\n  EXPECT_EQ(add(2, 3), 5) << 1;\n}\n", "Calc.Add"),
      "TEST(Calc, Add) {\n  EXPECT_EQ(add(2, 3), 6) << 1;\n}\n");
  EXPECT_EQ(falsified("t.cpp", "TEST(Calc, Add) {\n  EXPECT_TRUE(ok());\n}\n", "Calc.Add"),
            "TEST(Calc, Add) {\n  EXPECT_TRUE(((ok()) && 0));\n}\n");
  EXPECT_EQ(falsified("t_test.go", "package a\nfunc TestA(t *testing.T) { f() }\n", "TestA"), "");
}

TEST(CanaryProgram, OfCGivesAnotherStatusAtTheEndOfMain) {
  EXPECT_EQ(program("t.c", "int main(void) {\n  puts(\"one\");\n  return bad();\n}\n"),
            "int main(void) {\n  puts(\"one\");\n  return ((bad()), 97);\n}\n");
  EXPECT_EQ(program("t.c", "int main(void) { f(); }\n"), "int main(void) { f(); return 97; }\n");
  EXPECT_EQ(program("t.c", "int main(void) {\n  assert(add(2, 3) == 5);\n}\n", Failing::Assertion),
            "int main(void) {\n  assert(add(2, 3) == 6);\n}\n");
  EXPECT_EQ(program("t.c", "int add(void) { return 0; }\n"), "");
}

TEST(CanaryAssertion, OfRustAsksForAnotherValueOfTheSameType) {
  const auto test = [](const std::string& body) {
    return "#[test]\nfn a() {\n    " + body + "\n}\n";
  };
  const std::pair<const char*, const char*> pairs[]{
      {"assert_eq!(add(2, 3), 255);", "assert_eq!(add(2, 3), 254);"},
      {"assert_eq!(10_u8, f());", "assert_eq!(11_u8, f());"},
      {"assert_eq!(f(), -0.5, \"why\");", "assert_eq!(f(), -1.5, \"why\");"},
      {"assert_eq!(f(), \"x\");", "assert_eq!(f(), \"nox\");"},
      {"assert_eq!(f(), true);\n    g();", "assert_eq!(f(), false);\n    g();"},
      {"assert_eq!(f(), 1);\n    assert_eq!(g(), 2)",
       "assert_eq!(f(), 1);\n    assert_eq!(g(), 1)"},
  };
  for (const auto& [from, to] : pairs)
    EXPECT_EQ(falsified("src/a.rs", test(from), "calc::a::a"), test(to)) << from;
  for (const char* body : {"assert_eq!(f(), g());", "assert!(f() == 5);", "assert_eq!(f(), 0x1f);",
                           "assert_ne!(f(), 5);", "assert_eq!(f(), vec![5]);"})
    EXPECT_EQ(falsified("src/a.rs", test(body), "calc::a::a"), "") << body;
}

TEST(CanaryProgram, OfAScriptEndsItBadlyAfterAllElse) {
  EXPECT_EQ(program("t.sh", "a\nb\n"), "a\nb\nexit 97\n");
  EXPECT_EQ(program("t.sh", "a\nexit $bad\n"), "a\nexit 97\nexit $bad\n");
  EXPECT_EQ(program("t.sh", "a\nexec b\n"), "");
  EXPECT_EQ(program("t.js", "f();\n"), "f();\n;throw new Error(\"no\");\n");
  EXPECT_EQ(program("t.js", "main().then(f);\n"), "") << "it ends before its tests";
  EXPECT_EQ(program("t.py", "f()\n"), "f()\nraise AssertionError(\"no\")\n");
  EXPECT_EQ(program("t.py", "raise SystemExit(f())\n"),
            "f()\nraise AssertionError(\"no\")\nraise SystemExit(f())\n");
  EXPECT_EQ(program("t.py", "if __name__ == '__main__':\n    sys.exit(main())\n"),
            "if __name__ == '__main__':\n    main()\n    raise AssertionError(\"no\")\n"
            "    sys.exit(main())\n");
}

TEST(CanaryProgram, OfAShellAsksForAnotherWord) {
  EXPECT_EQ(program("t.sh", "[ \"$(add 2 3)\" = 5 ]\necho x\n", Failing::Assertion),
            "[ \"$(add 2 3)\" = no5 ]\necho x\n");
  EXPECT_EQ(program("t.sh", "if [ $(add) -eq 5 ]; then echo ok; fi\n", Failing::Assertion),
            "if [ $(add) -eq 6 ]; then echo ok; fi\n");
  EXPECT_EQ(program("t.sh", "  x || [ \"$CI\" = true ] || y\n", Failing::Assertion), "");
}

}  // namespace
}  // namespace nightjar::tools
