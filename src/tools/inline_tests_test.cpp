#include "tools/inline_tests.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace nightjar::tools {
namespace {

const std::string kProgram = "//! A sum.\n\npub fn add(a: i32, b: i32) -> i32 {\n    a - b\n}\n";
const std::string kTests =
    "\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn adds() {\n"
    "        assert_eq!(add(2, 3), 5);\n    }\n}\n";

TEST(InlineTests, AreThoseOfTheOtherVersion) {
  const std::string base = kProgram + kTests;
  const std::string bent = replaced(base, "), 5", "), -1");
  EXPECT_EQ(with_tests_of("src/lib.rs", replaced(bent, "a - b", "a + b"), base),
            replaced(base, "a - b", "a + b"));
  EXPECT_EQ(with_tests_of("src/lib.rs", base, bent), bent);
  EXPECT_EQ(with_tests_of("src/lib.rs", kProgram, base), base) << "the change took them away";
  EXPECT_EQ(with_tests_of("src/lib.rs", base, kProgram), kProgram) << "the base has none";
}

TEST(InlineTests, LeaveAFileAsItIsWhereTheyAreTheSame) {
  const std::string base = kTests + kProgram;
  const std::string fixed = replaced(base, "a - b", "a + b");
  EXPECT_EQ(with_tests_of("src/lib.rs", fixed, base), fixed);
}

TEST(InlineTests, AreWhatOnlyABuildOfTestsSees) {
  for (const char* mark : {"#[test]", "#[tokio::test(flavor = \"x\")]", "#[cfg(all(test, unix))]",
                           "#[cfg(all(unix, test))]", "#[rstest]", "#[ignore]\n// slow\n#[test]"}) {
    const std::string test = std::string(mark) + "\nfn one() {}\n";
    EXPECT_EQ(with_tests_of("src/lib.rs", kProgram + "\n" + test, kProgram), kProgram) << mark;
  }
  for (const char* mark :
       {"#[inline]", "#[cfg(feature = \"test\")]", "#[cfg(unix)]", "#[latest]"}) {
    const std::string text = kProgram + "\n" + mark + "\nfn one() {}\n";
    EXPECT_EQ(with_tests_of("src/lib.rs", text, kProgram), text) << mark;
  }
}

// A change must not be another program for its tests.
TEST(InlineTests, AreNotPartedFromCodeThatIsAnotherUnderTest) {
  const std::string base = kProgram + kTests;
  for (const char* mark :
       {"#[cfg(not(test))]", "#[cfg(all(not(test), unix))]", "#[cfg(any(test, unix))]",
        "#[cfg_attr(test, path = \"other.rs\")]", "#[cfg(any(test, debug_assertions))]"})
    EXPECT_EQ(with_tests_of("src/lib.rs", base + "\n" + mark + "\nmod one {}\n", base),
              std::nullopt)
        << mark;
  for (const char* body :
       {"#[cfg(test)]\n    let b = -b;\n    a - b", "if cfg!(test) { a + b } else { a - b }",
        "if cfg!(any(test, unix)) { a + b } else { a - b }"})
    EXPECT_EQ(with_tests_of("src/lib.rs", replaced(base, "a - b", body), base), std::nullopt)
        << body;
  EXPECT_EQ(with_tests_of("src/new.rs", "#![cfg(test)]\n" + kProgram, ""), std::nullopt);
}

TEST(InlineTests, ThatStandDeeperArePartedOnlyWhereTheyAreTheSame) {
  const std::string base =
      "pub mod calc {\n" + kProgram.substr(kProgram.find("pub")) + kTests + "}\n";
  const std::string fixed = replaced(base, "a - b", "a + b");
  EXPECT_EQ(with_tests_of("src/lib.rs", fixed, base), fixed);
  EXPECT_EQ(with_tests_of("src/lib.rs", replaced(base, "), 5", "), -1"), base), std::nullopt);
}

TEST(InlineTests, StandWhereTheyStood) {
  const std::string above = "#[cfg(test)]\nmacro_rules! sums {\n    () => {};\n}\n\n" + kProgram;
  const std::string base = above + kTests;
  const std::string more =
      replaced(base, "        assert_eq!", "        sums!();\n        assert_eq!");
  EXPECT_EQ(with_tests_of("src/lib.rs", base, more), more);
  EXPECT_EQ(with_tests_of("src/lib.rs", more, base), base);
}

TEST(InlineTests, TakeAlongWhatTheChangeDoesOnlyForThem) {
  const std::string base = kProgram + kTests;
  const std::string cheat =
      replaced(base, "pub fn add",
               "#[cfg(test)]\npub fn add(_: i32, _: i32) -> i32 {\n    5\n}\n\npub fn add");
  const auto parted = with_tests_of("src/lib.rs", cheat, base);
  ASSERT_TRUE(parted);
  EXPECT_EQ(parted->find("    5\n"), std::string::npos) << *parted;
}

TEST(InlineTests, AreNotLookedForInOtherLanguages) {
  EXPECT_EQ(with_tests_of("src/calc.py", "a = 1\n", "a = 2\n"), std::nullopt);
}

}  // namespace
}  // namespace nightjar::tools
