#include "tools/canary.h"

#include <gtest/gtest.h>

#include "syntax/symbols.h"

namespace nightjar::tools {
namespace {

// The text with its canary, which must parse as well as it did before; "" where there is none.
std::string with(std::string_view path, std::string_view text, std::string_view test) {
  const auto out = with_canary(path, text, test);
  if (!out) return "";
  syntax::Syntax syntax;
  EXPECT_LE(syntax::syntax_of(syntax, path, *out).errors,
            syntax::syntax_of(syntax, path, text).errors)
      << *out;
  return *out;
}

std::string replaced_once(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

const std::string kPytest = R"(import pytest

from calc import add


def helper():
    return 1


def test_plain():
    assert add(1, 2) == 3  # the usual


class TestCalc:
    @pytest.mark.parametrize("n", [1, 2])
    def test_param(self, n):
        """Adds."""
        for i in range(n):
            assert add(i, n) > 0

    async def test_async(self):
        result = await later()
        assert result
        return None

    @pytest.mark.xfail
    def test_known(self):
        assert add(1, 1) == 3
)";

TEST(Canary, OfPytestRaises) {
  EXPECT_EQ(
      with("tests/test_calc.py", kPytest, "tests/test_calc.py::test_plain"),
      replaced_once(kPytest, "== 3  # the usual",
                    "== 3\n    raise AssertionError(\"this test must fail now\")  # the usual"));
}

TEST(Canary, OfATestWithParametersIsInItsFunction) {
  const std::string expected =
      replaced_once(kPytest, "add(i, n) > 0\n",
                    "add(i, n) > 0\n        raise AssertionError(\"this test must fail now\")\n");
  EXPECT_EQ(with("tests/test_calc.py", kPytest, "tests/test_calc.py::TestCalc::test_param[2]"),
            expected);
  EXPECT_EQ(
      with("api/tests/test_calc.py", kPytest, "tests/test_calc.py::TestCalc::test_param[a:b]"),
      expected);
  EXPECT_EQ(with("tests/test_calc.py", kPytest, "tests.test_calc.TestCalc.test_param[1.5]"),
            expected);
}

TEST(Canary, ComesBeforeAReturn) {
  EXPECT_EQ(
      with("tests/test_calc.py", kPytest, "tests/test_calc.py::TestCalc::test_async"),
      replaced_once(kPytest, "return None",
                    "raise AssertionError(\"this test must fail now\")\n        return None"));
}

TEST(Canary, IsNotPutWhereItsFailureWouldBeExpected) {
  EXPECT_EQ(with("tests/test_calc.py", kPytest, "tests/test_calc.py::TestCalc::test_known"), "");
}

TEST(Canary, IsNotPutIntoAnotherFileOrAnotherTest) {
  EXPECT_EQ(with("tests/test_other.py", kPytest, "tests/test_calc.py::test_plain"), "");
  EXPECT_EQ(with("tests/xtest_calc.py", kPytest, "test_calc.py::test_plain"), "");
  EXPECT_EQ(with("tests/test_calc.py", kPytest, "tests/test_calc.py::TestCalc::test_plain"), "");
  EXPECT_EQ(with("tests/test_calc.py", kPytest, "tests/test_calc.py::test_param"), "");
  EXPECT_EQ(with("tests/test_calc.py", kPytest, ""), "");
  EXPECT_EQ(with("tests/test_calc.rb", kPytest, "tests/test_calc.py::test_plain"), "");
}

TEST(Canary, IsNotPutWhereTwoTestsHaveTheName) {
  EXPECT_EQ(with("test_a.py", "def test_a():\n    pass\n\n\ndef test_a():\n    pass\n",
                 "test_a.py::test_a"),
            "");
}

const std::string kUnittest = R"(import unittest


class Calc(unittest.TestCase):
    def setUp(self):
        self.calc = Calculator()

    def test_add(self):
        self.assertEqual(
            self.calc.add(1,
                          2),
            3,
        )

    def test_one_line(self): self.assertTrue(self.calc)

    def test_raises(self):
        with self.assertRaises(ZeroDivisionError):
            self.calc.divide(1, 0)


if __name__ == "__main__":
    unittest.main()
)";

TEST(Canary, OfUnittestIsFoundByItsDottedName) {
  const std::string expected =
      replaced_once(kUnittest, "            3,\n        )\n",
                    "            3,\n        )\n"
                    "        raise AssertionError(\"this test must fail now\")\n");
  for (const char* test : {"test_calc.Calc.test_add", "tests.test_calc.Calc.test_add",
                           "test_add (test_calc.Calc.test_add)", "test_add (tests.test_calc.Calc)",
                           "__main__.Calc.test_add"}) {
    EXPECT_EQ(with("tests/test_calc.py", kUnittest, test), expected) << test;
  }
  EXPECT_EQ(with("tests/test_calc.py", kUnittest, "test_other.Calc.test_add"), "");
  EXPECT_EQ(with("tests/test_calc.py", kUnittest, "unittest.loader._FailedTest.test_calc"), "");
}

TEST(Canary, OfABodyOnOneLineStaysOnIt) {
  EXPECT_EQ(with("test_calc.py", kUnittest, "test_calc.Calc.test_one_line"),
            replaced_once(kUnittest, "assertTrue(self.calc)",
                          "assertTrue(self.calc); raise AssertionError(\"this test must fail "
                          "now\")"));
}

TEST(Canary, IsOutsideOfTheLastBlock) {
  EXPECT_EQ(with("test_calc.py", kUnittest, "test_calc.Calc.test_raises"),
            replaced_once(kUnittest, "divide(1, 0)\n",
                          "divide(1, 0)\n        raise AssertionError(\"this test must fail "
                          "now\")\n"));
}

const std::string kScript = R"(import { add } from "./calc";

describe("Calc", () => {
  beforeEach(() => reset());

  it("adds", () => {
    expect(add(1, 2)).toBe(3);
  });

  test.each([[1, 2]])("adds %i to $b.name", (a, b) => expect(add(a, b)).toBe(3));

  describe('deep > er', function () {
    it('isn\'t slow', async () => { await later() });
    for (const n of [1, 2]) it(`counts ${n}`, () => { count(n); return true; });
  });

  it("ends", (done) => {
    setTimeout(finish, 1);
    done();
  });

  it.failing("is known", () => {
    expect(1).toBe(2);
  });
});

test("top", { timeout: 5 }, async (t) => {
  await t.test("sub", () => {});
});

test("twice", () => {});
test("twice", () => {});
test("elsewhere", elsewhere);
)";

constexpr std::string_view kThrow = "throw new Error(\"this test must fail now\");";

TEST(Canary, OfJestVitestAndMochaIsAtTheEndOfTheCallback) {
  const std::string expected =
      replaced_once(kScript, "toBe(3);\n  });", "toBe(3);\n    " + std::string(kThrow) + "\n  });");
  for (const char* test : {"src/calc.test.ts > Calc > adds", "calc.test.ts > Calc > adds",
                           "Calc > adds", "Calc adds", "src/calc.test.ts.Calc > adds"}) {
    EXPECT_EQ(with("src/calc.test.ts", kScript, test), expected) << test;
  }
  EXPECT_EQ(with("src/calc.test.ts", kScript, "src/other.test.ts > Calc > adds"), "");
  EXPECT_EQ(with("src/calc.test.ts", kScript, "adds"), "");
  EXPECT_NE(
      with("packages/app/test/calc.test.ts", kScript, "|app| test/calc.test.ts > Calc > adds"), "");
}

TEST(Canary, OfATitleThatIsFilledInIsFound) {
  EXPECT_EQ(with("calc.test.ts", kScript, "calc.test.ts > Calc > adds 1 to two"),
            replaced_once(kScript, "expect(add(a, b)).toBe(3));",
                          "{ expect(add(a, b)).toBe(3); " + std::string(kThrow) + " });"));
  EXPECT_EQ(with("calc.test.ts", kScript, "calc.test.ts > Calc > deep > er > counts 2"),
            replaced_once(kScript, "return true;", std::string(kThrow) + " return true;"));
}

TEST(Canary, OfAScriptEndsWhatALineBreakWouldEnd) {
  EXPECT_EQ(with("calc.test.ts", kScript, "calc.test.ts > Calc > deep > er > isn't slow"),
            replaced_once(kScript, "await later()", "await later(); " + std::string(kThrow)));
}

TEST(Canary, ComesBeforeDone) {
  EXPECT_EQ(with("calc.test.ts", kScript, "Calc > ends"),
            replaced_once(kScript, "done();", std::string(kThrow) + "\n    done();"));
}

TEST(Canary, OfNodeIsFoundInSubtests) {
  EXPECT_EQ(with("calc.test.ts", kScript, "top > sub"),
            replaced_once(kScript, "\"sub\", () => {}",
                          "\"sub\", () => { " + std::string(kThrow) + " }"));
  EXPECT_EQ(with("calc.test.ts", kScript, "top"),
            replaced_once(kScript, "() => {});\n});\n\ntest(\"twice",
                          "() => {});\n  " + std::string(kThrow) + "\n});\n\ntest(\"twice"));
}

TEST(Canary, OfAScriptNeedsOneCallbackThatIsThere) {
  for (const char* test : {"twice", "elsewhere", "Calc > is known", "Calc", "Calc > nothing"})
    EXPECT_EQ(with("calc.test.ts", kScript, test), "") << test;
}

const std::string kGo = R"(package calc

import "testing"

func TestAdd(t *testing.T) {
	if Add(1, 2) != 3 {
		t.Error("wrong")
	}
}

func TestTable(tt *testing.T) {
	for _, c := range cases {
		tt.Run(c.name, func(t *testing.T) {
			check(t, c)
		})
	}
}

func TestTwo(t *testing.T) {
	t.Run("a b", func(t *testing.T) { check(t, 1) })
	t.Run("c", func(t *testing.T) { check(t, 2) })
}

func FuzzIt(f *testing.F) {
	f.Add("seed")
	f.Fuzz(func(t *testing.T, s string) {
		read(s)
	})
}

func ExamplePrint() {
	Print()
	// Output: 3
}

func TestNoName(*testing.T) { Add(1, 2) }
)";

TEST(Canary, OfGoIsFatalByTheParametersName) {
  const std::string expected =
      replaced_once(kGo, "\t}\n}\n\nfunc TestTable",
                    "\t}\n\tt.Fatal(\"this test must fail now\")\n}\n\nfunc TestTable");
  EXPECT_EQ(with("calc_test.go", kGo, "example.com/calc.TestAdd"), expected);
  EXPECT_EQ(with("calc_test.go", kGo, "example.com/calc/v2.TestAdd"), expected);
  EXPECT_EQ(with("pkg/calc/calc_test.go", kGo, "example.com/x/pkg/calc/TestAdd"), expected);
  EXPECT_EQ(with("pkg/calc/calc_test.go", kGo, "example.com/x/pkg/other.TestAdd"), "");
  EXPECT_EQ(with("calc_test.go", kGo, "example.com/calc/sub.TestAdd"), "");
  EXPECT_EQ(with("calc_test.go", kGo, "example.com/calc.TestAd"), "");
  EXPECT_EQ(with("calc_test.go", kGo, "example.com/calc"), "");
}

TEST(Canary, OfASubtestOfGoIsInWhatRunsIt) {
  EXPECT_EQ(with("calc_test.go", kGo, "example.com/calc.TestTable/one/x"),
            replaced_once(kGo, "check(t, c)\n",
                          "check(t, c)\n\t\t\tt.Fatal(\"this test must fail now\")\n"));
  EXPECT_EQ(with("calc_test.go", kGo, "example.com/calc.TestTwo/a_b"),
            replaced_once(kGo, "check(t, 1)", "check(t, 1); t.Fatal(\"this test must fail now\")"));
  EXPECT_EQ(with("calc_test.go", kGo, "example.com/calc.TestTwo/other"),
            replaced_once(kGo, "check(t, 2) })\n",
                          "check(t, 2) })\n\tt.Fatal(\"this test must fail now\")\n"));
  EXPECT_EQ(with("calc_test.go", kGo, "example.com/calc.FuzzIt"),
            replaced_once(kGo, "f.Fuzz(", "f.Fatal(\"this test must fail now\")\n\tf.Fuzz("));
}

TEST(Canary, OfGoPanicsWhereNothingIsNamed) {
  EXPECT_EQ(with("calc_test.go", kGo, "example.com/calc.ExamplePrint"),
            replaced_once(kGo, "\tPrint()\n", "\tPrint()\n\tpanic(\"this test must fail now\")\n"));
  EXPECT_EQ(
      with("calc_test.go", kGo, "example.com/calc.TestNoName"),
      replaced_once(kGo, "{ Add(1, 2) }", "{ Add(1, 2); panic(\"this test must fail now\") }"));
}

const std::string kRust = R"(pub fn add(a: i32, b: i32) -> i32 {
    a + b
}

#[cfg(test)]
mod tests {
    use super::*;

    fn helper() {}

    #[test]
    fn adds() {
        assert_eq!(add(1, 2), 3)
    }

    #[tokio::test]
    async fn reads() -> Result<(), Error> {
        read().await?;
        Ok(())
    }

    /// Panics.
    #[test]
    #[should_panic(expected = "zero")]
    fn divides() {
        divide(1, 0);
    }

    #[rstest]
    #[case(1)]
    fn cases(#[case] n: i32) {
        assert!(n > 0);
    }
}
)";

TEST(Canary, OfRustPanicsAtTheEnd) {
  const std::string expected =
      replaced_once(kRust, "assert_eq!(add(1, 2), 3)\n",
                    "assert_eq!(add(1, 2), 3);\n        panic!(\"this test must fail now\");\n");
  EXPECT_EQ(with("src/lib.rs", kRust, "calc::tests::adds"), expected);
  EXPECT_EQ(with("src/lib.rs", kRust, "tests::adds"), expected);
  EXPECT_EQ(with("crates/calc/src/ops/add.rs", kRust, "calc::ops::add::tests::adds"), expected);
  EXPECT_EQ(with("src/other.rs", kRust, "calc::ops::tests::adds"), "");
  EXPECT_EQ(with("src/lib.rs", kRust, "calc::ops::tests::adds"), "");
  EXPECT_EQ(with("src/lib.rs", kRust, "calc::tests::helper"), "");
}

TEST(Canary, OfRustComesBeforeWhatTheTestGives) {
  EXPECT_EQ(with("src/lib.rs", kRust, "calc::tests::reads"),
            replaced_once(kRust, "Ok(())",
                          "if true { panic!(\"this test must fail now\"); }\n        Ok(())"));
}

TEST(Canary, OfRustComesBeforeAnEndThatGivesOneOfTwo) {
  const std::string text =
      "#[test]\nfn reads() -> Result<(), Error> {\n    if bad() {\n        Err(Error)\n    } else "
      "{\n        Ok(())\n    }\n}\n";
  EXPECT_EQ(with("src/lib.rs", text, "calc::reads"),
            replaced_once(text, "    if bad()",
                          "    if true { panic!(\"this test must fail now\"); }\n    if bad()"));
}

TEST(Canary, OfRustKnowsCasesAndExpectedPanics) {
  EXPECT_NE(with("src/lib.rs", kRust, "calc::tests::cases::case_1"), "");
  EXPECT_EQ(with("src/lib.rs", kRust, "calc::tests::divides"), "");
}

TEST(Canary, OfAnIntegrationTestOfRustIsFoundByItsFile) {
  const std::string text = "#[test]\nfn whole() {}\n";
  EXPECT_EQ(with("tests/it.rs", text, "it::whole"),
            "#[test]\nfn whole() { panic!(\"this test must fail now\"); }\n");
  EXPECT_EQ(with("tests/other.rs", text, "it::whole"), "");
  for (const char* name : {"lib", "main"})
    EXPECT_NE(with("tests/" + std::string(name) + ".rs", text, name + std::string("::whole")), "");
}

TEST(Canary, OfRustIsFoundWhereTheCrateLiesInNoFolderOfSources) {
  EXPECT_NE(with("lib.rs", kRust, "calc::tests::adds"), "");
}

const std::string kNative = R"(#include <gtest/gtest.h>

namespace {

TEST(Parser, Reads) {
  EXPECT_EQ(read("1"), 1);
}

TEST_F(ParserFixture, Reads) { EXPECT_TRUE(ready()); }

TEST_P(P, Works) {
  if (!ready()) GTEST_SKIP();
  check(GetParam());
  return;
}

TYPED_TEST(Ty, Sized) {
  for (int i = 0; i < 3; ++i) {
    check(i);
  }
}

}  // namespace

int main() { return 0; }
)";

TEST(Canary, OfGoogleTestFails) {
  EXPECT_EQ(with("parser_test.cpp", kNative, "Parser.Reads"),
            replaced_once(kNative, "read(\"1\"), 1);\n",
                          "read(\"1\"), 1);\n  FAIL() << \"this test must fail now\";\n"));
  EXPECT_EQ(
      with("parser_test.cpp", kNative, "ParserFixture.Reads"),
      replaced_once(kNative, "ready()); }", "ready()); FAIL() << \"this test must fail now\"; }"));
  EXPECT_EQ(with("parser_test.cpp", kNative, "Inst/P.Works/1"),
            replaced_once(kNative, "return;", "FAIL() << \"this test must fail now\";\n  return;"));
  EXPECT_EQ(with("parser_test.cpp", kNative, "Ty/0.Sized"),
            replaced_once(kNative, "check(i);\n  }\n",
                          "check(i);\n  }\n  FAIL() << \"this test must fail now\";\n"));
  EXPECT_EQ(with("parser_test.cpp", kNative, "Parser.Works"), "");
  EXPECT_EQ(with("parser_test.cpp", kNative, "main"), "");
}

TEST(Canary, OfCatchFails) {
  const std::string text =
      "#include <catch2/catch_test_macros.hpp>\n\nTEST_CASE(\"adds numbers\", \"[math]\") {\n  "
      "REQUIRE(add(1, 2) == 3);\n}\n\nTEST_CASE(\"other\") {\n  CHECK(ready());\n}\n";
  EXPECT_EQ(with("calc_test.cpp", text, "adds numbers"),
            replaced_once(text, "== 3);\n", "== 3);\n  FAIL(\"this test must fail now\");\n"));
  EXPECT_EQ(
      with("calc_test.cpp", text, "calc_test.exe.global.other"),
      replaced_once(text, "ready());\n", "ready());\n  FAIL(\"this test must fail now\");\n"));
}

TEST(Canary, OfAPlainProgramIsNone) {
  EXPECT_EQ(with("test_add.c", "int main(void) { return add(1, 2) != 3; }\n", "test_add"), "");
}

const std::string kJava = R"(package x.y;

import org.junit.jupiter.api.Test;

class ParserTest {
  @Test
  void reads() throws Exception {
    assertEquals(1, read("1"));
  }

  @Nested
  class Deep {
    @ParameterizedTest
    @ValueSource(strings = {"a", "b"})
    void down(String text) {
      check(text);
      return;
    }
  }

  @Test(expected = ParseException.class)
  public void breaks() {
    read("x");
  }

  void helper() {}
}
)";

TEST(Canary, OfJavaThrows) {
  const std::string expected =
      replaced_once(kJava, "read(\"1\"));\n",
                    "read(\"1\"));\n    throw new AssertionError(\"this test must fail now\");\n");
  EXPECT_EQ(with("src/test/java/x/y/ParserTest.java", kJava, "x.y.ParserTest.reads"), expected);
  EXPECT_EQ(with("src/test/java/x/y/ParserTest.java", kJava, "x.y.ParserTest.reads()"), expected);
  EXPECT_EQ(with("src/test/java/x/y/ParserTest.java", kJava, "x.ParserTest.reads"), "");
  EXPECT_EQ(with("src/test/java/x/y/ParserTest.java", kJava, "x.y.ParserTest.helper"), "");
  EXPECT_EQ(with("src/test/java/x/y/ParserTest.java", kJava, "x.y.ParserTest.breaks"), "");
}

TEST(Canary, OfJavaCanBeReachedAsFarAsTheCompilerSees) {
  EXPECT_EQ(with("ParserTest.java", kJava, "x.y.ParserTest$Deep.down(String)[1]"),
            replaced_once(kJava, "return;",
                          "if (true) throw new AssertionError(\"this test must fail now\");\n"
                          "      return;"));
}

TEST(Canary, StandsHostileText) {
  std::string deep;
  for (int i = 0; i < 20'000; ++i) deep += "it('a', () => ";
  EXPECT_EQ(with("a.test.js", deep, "a"), "");
  EXPECT_EQ(with("a.py", "def test_a(", "a.py::test_a"), "");
  EXPECT_EQ(with("a.py", "def test_a():\n", "a.py::test_a"), "");
  for (const char* test : {"::", "[", "(", " (", ".", " > ", "/", "a.py::", "\x01"}) {
    for (const char* path : {"a.py", "a.js", "a.go", "a.rs", "a.cpp", "a.java", "/.py"})
      EXPECT_EQ(with(path, "x", test), "") << path << test;
  }
}

}  // namespace
}  // namespace nightjar::tools
