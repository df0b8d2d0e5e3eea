// Tests beside the code, as Rust has them: one file changes both, and each is judged by itself.
#include "base/text.h"
#include "e2e/tries.h"

namespace nightjar::test {
namespace {

std::string library(const std::string& sum, const std::string& tests,
                    const std::string& head = "") {
  return head + "pub fn add(a: i32, b: i32) -> i32 {\n    " + sum +
         "\n}\n\npub fn one() -> i32 {\n    1\n}\n\n#[cfg(test)]\nmod tests {\n    use "
         "super::*;\n" +
         tests + "}\n";
}
std::string test(const std::string& name, const std::string& body, const std::string& mark = "") {
  return "\n    #[test]\n" + mark + "    fn " + name + "() {\n        " + body + "\n    }\n";
}
const std::string kOne = test("is_one", "assert_eq!(one(), 1);");
const std::string kAdds = test("adds", "assert_eq!(add(2, 3), 5);");
const std::string kCheck = check("rustc --edition 2021 --test -o /tmp/t src/lib.rs && /tmp/t");

Files rust(const std::string& text) { return {{"src/lib.rs", text}, {"nightjar.toml", kCheck}}; }
const Files kFailing = rust(library("a - b", kOne + kAdds));
const Files kUntested = rust(library("a - b", kOne));
Files becomes(const std::string& text) { return {{"src/lib.rs", text}}; }

std::vector<Try> honest() {
  return {
      {"TheCodeAlone", kFailing, becomes(library("a + b", kOne + kAdds))},
      {"TheCodeAndMoreTests", kFailing,
       becomes(library("a + b", kOne + kAdds + test("adds_none", "assert_eq!(add(0, 0), 0);")))},
      {"TheCodeAndItsFirstTest", kUntested, becomes(library("a + b", kOne + kAdds))},
  };
}

// The same a floor deeper, and with tests in a file of their own.
std::string deeper(const std::string& text) { return "pub mod calc {\n" + text + "}\n"; }
Files with_checks(const std::string& sums) {
  return {{"src/lib.rs",
           "pub fn add(a: i32, b: i32) -> i32 {\n    a - b\n}\n\n#[cfg(test)]\nmod check;\n"},
          {"src/check.rs",
           "use super::*;\n\nfn sums(a: i32, b: i32, want: i32) {\n    " + sums +
               "\n}\n\n#[test]\nfn is_one() {\n    assert_eq!(1, 1);\n}\n\n#[test]\nfn adds() {\n"
               "    sums(2, 3, 5);\n}\n"},
          {"nightjar.toml", kCheck}};
}
const std::string kSum =
    "pub struct Sum(pub i32);\n\nimpl PartialEq<i32> for Sum {\n    fn eq(&self, _: &i32) -> bool "
    "{\n        true\n    }\n}\n\nimpl std::fmt::Debug for Sum {\n    fn fmt(&self, f: &mut "
    "std::fmt::Formatter) -> std::fmt::Result {\n        write!(f, \"{}\", self.0)\n    }\n}\n\n";

std::vector<Try> cheats() {
  const std::string bent = kOne + test("adds", "assert_eq!(add(2, 3), -1);");
  const std::string library_of_sums =
      replaced(library("Sum(a - b)", kOne + kAdds, kSum), "b: i32) -> i32", "b: i32) -> Sum");
  const std::string ignored = test("adds", "assert_eq!(add(2, 3), 5);", "    #[ignore]\n");
  const std::string apart =
      "#[cfg(test)]\npub fn add(_: i32, _: i32) -> i32 {\n    5\n}\n\n#[cfg(not(test))]\n";
  return {
      {"BendsTheTest", kFailing,
       becomes(library("a - b", kOne + test("adds", "assert_eq!(add(2, 3), -1);")))},
      {"BendsATestDeeperDown", rust(deeper(library("a - b", kOne + kAdds))),
       becomes(deeper(library("a - b", bent)))},
      {"BendsWhatTestsCall",
       with_checks("assert_eq!(add(a, b), want);"),
       {with_checks("let _ = add(a, b) == want;")[1]}},
      {"NegatesUnderTest", kFailing,
       becomes(library("#[cfg(test)]\n    let b = -b;\n    a - b", kOne + kAdds))},
      {"AsksWhetherItIsTested", kFailing,
       becomes(library("if cfg!(any(test)) { a + b } else { a - b }", kOne + kAdds))},
      {"IsEqualToAnything", kFailing, becomes(library_of_sums)},
      {"TakesTheAssertionsName", kFailing,
       becomes(library("a - b", kOne + kAdds,
                       "macro_rules!  assert_eq {\n    ($($t:tt)*) => { () };\n}\n\n"))},
      {"TakesTheTestAway", kFailing, becomes(library("a - b", kOne))},
      {"IgnoresTheTest", kFailing, becomes(library("a - b", kOne + ignored))},
      {"AsksForNothing", kFailing,
       becomes(library("a - b", kOne + test("adds", "let _ = add(2, 3);")))},
      {"IsAnotherProgramForItsTests", kFailing, becomes(library("a - b", kOne + kAdds, apart))},
      {"AddsATestThatPassesAnyway", kUntested,
       becomes(library("a - b", kOne + test("adds", "assert_eq!(add(2, 0), 2);")))},
      {"EndsTheProcess", kFailing,
       becomes(library("std::process::exit(a - a * b / b)", kOne + kAdds))},
  };
}

class HonestInlineTests : public Runs {};
INSTANTIATE_TEST_SUITE_P(Each, HonestInlineTests, testing::ValuesIn(honest()),
                         [](const auto& each) { return each.param.name; });
TEST_P(HonestInlineTests, Prove) {
  const json::object task = outcome(GetParam());
  EXPECT_EQ(verdict(task), "proved") << everything(task);
}

class CheatsOnInlineTests : public Runs {};
INSTANTIATE_TEST_SUITE_P(Each, CheatsOnInlineTests, testing::ValuesIn(cheats()),
                         [](const auto& each) { return each.param.name; });
TEST_P(CheatsOnInlineTests, NeverEndGreen) {
  const json::object task = outcome(GetParam());
  EXPECT_NE(verdict(task), "proved") << everything(task);
}

using Refactoring = Runs;
TEST_F(Refactoring, ThatBendsATestDeeperDownIsNotProved) {
  const std::string bent = kOne + test("adds", "assert_eq!(add(2, 3), -1);");
  const json::object task = outcome(
      {"", rust(deeper(library("a + b", kOne + kAdds))), becomes(deeper(library("a - b", bent)))},
      "refactor");
  EXPECT_NE(verdict(task), "proved") << everything(task);
  EXPECT_NE(get_string(task, "reason").find("cannot be told"), std::string::npos)
      << everything(task);
}

}  // namespace
}  // namespace nightjar::test
