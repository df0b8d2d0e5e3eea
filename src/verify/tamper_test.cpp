#include <gtest/gtest.h>

#include <algorithm>

#include "verify/verify.h"

namespace nightjar::verify {
namespace {

using Findings = std::vector<core::Finding>;

Findings scan(char status, const std::string& path, const std::string& before,
              const std::string& after) {
  Case input;
  input.kind = core::Kind::Bugfix;
  input.changed = {{status, path, ""}};
  input.contents[path] = {before, after};
  return tamper_scan(input);
}

Findings edited(const std::string& path, const std::string& before, const std::string& after) {
  return scan('M', path, before, after);
}

// What a rule says of the findings: "blocks", "remark" or "silent".
std::string says(const Findings& findings, std::string_view rule) {
  std::string out = "silent";
  for (const auto& finding : findings) {
    if (finding.rule != rule) continue;
    if (finding.blocks) return "blocks";
    out = "remark";
  }
  return out;
}

const std::string kPython =
    "import pytest\n\n\ndef test_a():\n    assert f(1) == 1\n    assert f(2) == 2\n\n\ndef "
    "test_b():\n    assert g() == 3\n";

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(TamperDeleted, ATestThatIsGone) {
  const auto findings =
      edited("tests/test_a.py", kPython, with(kPython, "def test_b():\n    assert g() == 3\n", ""));
  EXPECT_EQ(says(findings, "test_deleted"), "blocks");
  EXPECT_EQ(findings.at(0).line, 9);
}

TEST(TamperDeleted, AWholeFile) {
  EXPECT_EQ(says(scan('D', "tests/test_a.py", kPython, ""), "test_deleted"), "blocks");
}

TEST(TamperDeleted, NotAHelperWithoutTests) {
  EXPECT_EQ(says(scan('D', "tests/data.py", "X = 1\n", ""), "test_deleted"), "silent");
}

TEST(TamperDeleted, NotATestThatMoved) {
  Case input;
  input.changed = {{'D', "tests/test_a.py", ""}, {'A', "tests/unit/test_a.py", ""}};
  input.contents["tests/test_a.py"] = {kPython, ""};
  input.contents["tests/unit/test_a.py"] = {"", kPython};
  EXPECT_EQ(says(tamper_scan(input), "test_deleted"), "silent");
}

TEST(TamperDeleted, NotATestThatTheRenameRenamed) {
  Case input;
  input.claim = {"rename", "Parser", "Reader", "", "", {}, true};
  input.changed = {{'M', "a_test.go", ""}};
  input.contents["a_test.go"] = {"func TestParser(t *testing.T) {\n",
                                 "func TestReader(t *testing.T) {\n"};
  EXPECT_TRUE(tamper_scan(input).empty());
}

TEST(TamperDeleted, InEveryLanguage) {
  struct Language {
    const char *path, *before, *after;
  };
  for (const auto& [path, before, after] :
       {Language{"a.test.ts", "it('reads', () => {});\n", "\n"},
        Language{"src/a.rs", "#[test]\nfn reads() {}\n", "fn other() {}\n"},
        Language{"src/a.rs", "#[test] fn reads() {}\n", "\n"},
        Language{"a_test.go", "func TestReads(t *testing.T) {}\n", "\n"},
        Language{"src/test/java/ATest.java", "@Test\nvoid reads() {}\n", "\n"},
        Language{"a_test.cpp", "TEST(Parser, Reads) {\n}\n", "\n"},
        Language{"test/a.cpp", "TEST_CASE(\"reads\") {\n}\n", "\n"}}) {
    EXPECT_EQ(says(edited(path, before, after), "test_deleted"), "blocks") << path;
    EXPECT_EQ(says(edited(path, before, std::string(before) + "\n// more\n"), "test_deleted"),
              "silent")
        << path;
  }
}

TEST(TamperSkipped, InEveryLanguage) {
  struct Language {
    const char *path, *before, *after;
  };
  for (const auto& [path, before, after] :
       {Language{"tests/test_a.py", "def test_a():\n    assert f()\n",
                 "@pytest.mark.skip\ndef test_a():\n    assert f()\n"},
        Language{"tests/test_a.py", "def test_a():\n    assert f()\n",
                 "@pytest.mark.xfail(reason='x')\ndef test_a():\n    assert f()\n"},
        Language{"tests/test_a.py", "def test_a():\n    assert f()\n",
                 "def test_a():\n    pytest.skip('x')\n    assert f()\n"},
        Language{"tests/test_a.py", "def test_a(self):\n    self.assertTrue(f())\n",
                 "@unittest.skip('x')\ndef test_a(self):\n    self.assertTrue(f())\n"},
        Language{"a.test.js", "it('a', () => { expect(f()).toBe(1) })\n",
                 "it.skip('a', () => { expect(f()).toBe(1) })\n"},
        Language{"a.test.js", "it('a', () => { expect(f()).toBe(1) })\n",
                 "xit('a', () => { expect(f()).toBe(1) })\n"},
        Language{"a.test.js", "it('a', () => { expect(f()).toBe(1) })\n",
                 "it.only('a', () => { expect(f()).toBe(1) })\n"},
        Language{"a_test.go", "func TestA(t *testing.T) {\n}\n",
                 "func TestA(t *testing.T) {\n\tt.Skip(\"x\")\n}\n"},
        Language{"tests/a.rs", "#[test]\nfn a() {}\n", "#[test]\n#[ignore]\nfn a() {}\n"},
        Language{"src/test/java/ATest.java", "@Test\nvoid a() {}\n",
                 "@Disabled\n@Test\nvoid a() {}\n"},
        Language{"a_test.cc", "TEST(A, B) {\n}\n", "TEST(A, B) {\n  GTEST_SKIP();\n}\n"},
        Language{"a_test.cc", "TEST(A, B) {\n}\n", "TEST(A, DISABLED_B) {\n}\n"}}) {
    EXPECT_EQ(says(edited(path, before, after), "test_skipped"), "blocks") << after;
  }
}

TEST(TamperSkipped, NotAMarkThatWasThere) {
  const std::string before = "@pytest.mark.skip(reason='old')\ndef test_a():\n    assert f()\n";
  EXPECT_TRUE(edited("tests/test_a.py", before, with(before, "old", "new")).empty());
  EXPECT_EQ(
      says(edited("tests/test_a.py", before, before + "\n\ndef test_b():\n    assert exit(1)\n"),
           "test_skipped"),
      "silent");
}

TEST(TamperSkipped, ByConfiguration) {
  EXPECT_EQ(says(edited("pytest.ini", "[pytest]\n",
                        "[pytest]\naddopts = --deselect tests/test_a.py::test_a\n"),
                 "test_skipped"),
            "blocks");
  EXPECT_EQ(says(edited("tests/conftest.py", "x = 1\n", "x = 1\ncollect_ignore = ['test_a.py']\n"),
                 "test_skipped"),
            "blocks");
  EXPECT_EQ(says(edited("pyproject.toml", "[tool.pytest.ini_options]\n",
                        "[tool.pytest.ini_options]\naddopts = '--ignore=tests/test_a.py'\n"),
                 "test_skipped"),
            "blocks");
  EXPECT_EQ(says(edited("pytest.ini", "[pytest]\n", "[pytest]\naddopts = -v\n"), "test_skipped"),
            "silent");
}

TEST(TamperWeakened, AnAssertionIsGone) {
  EXPECT_EQ(says(edited("tests/test_a.py", kPython, with(kPython, "    assert f(2) == 2\n", "")),
                 "test_weakened"),
            "blocks");
}

TEST(TamperWeakened, AnAssertionThatCannotFail) {
  EXPECT_EQ(
      says(edited("tests/test_a.py", kPython, with(kPython, "assert g() == 3", "assert True")),
           "test_weakened"),
      "blocks");
  EXPECT_EQ(says(edited("a.test.js", "it('a', () => {\n  expect(f()).toBe(1);\n})\n",
                        "it('a', () => {\n  expect(true).toBe(true);\n})\n"),
                 "test_weakened"),
            "blocks");
  EXPECT_EQ(says(edited("a_test.cc", "TEST(A, B) {\n  EXPECT_EQ(f(), 1);\n}\n",
                        "TEST(A, B) {\n  EXPECT_TRUE(true);\n}\n"),
                 "test_weakened"),
            "blocks");
}

TEST(TamperWeakened, AWiderMargin) {
  const auto changed = [](const char* path, const char* before, const char* after) {
    return says(edited(path, before, after), "test_weakened");
  };
  EXPECT_EQ(changed("tests/test_a.py", "def test_a():\n    assert f() == approx(1, abs=0.1)\n",
                    "def test_a():\n    assert f() == approx(1, abs=10)\n"),
            "blocks");
  EXPECT_EQ(changed("tests/test_a.py", "def test_a():\n    assert f() == approx(1, abs=0.1)\n",
                    "def test_a():\n    assert f() == approx(1, abs=0.01)\n"),
            "silent");
  EXPECT_EQ(changed("tests/test_a.py",
                    "def test_a(self):\n    self.assertAlmostEqual(f(), 1, places=7)\n",
                    "def test_a(self):\n    self.assertAlmostEqual(f(), 1, places=1)\n"),
            "blocks");
  EXPECT_EQ(changed("a_test.cc", "TEST(A, B) {\n  EXPECT_NEAR(f(), 1, 0.1);\n}\n",
                    "TEST(A, B) {\n  EXPECT_NEAR(f(), 1, 5);\n}\n"),
            "blocks");
  EXPECT_EQ(changed("a_test.cc", "TEST(A, B) {\n  EXPECT_NEAR(f(), 1, 0.1);\n}\n",
                    "TEST(A, B) {\n  EXPECT_NEAR(f(), 2, 0.1);\n}\n"),
            "silent");
  EXPECT_EQ(changed("a.test.js", "it('a', () => {\n  expect(f()).toBeCloseTo(1, 5);\n})\n",
                    "it('a', () => {\n  expect(f()).toBeCloseTo(1, 1);\n})\n"),
            "blocks");
}

TEST(TamperWeakened, AComparisonThatWasDropped) {
  const auto changed = [](const char* path, const char* before, const char* after) {
    return says(edited(path, before, after), "test_weakened");
  };
  EXPECT_EQ(changed("tests/test_a.py", "def test_a():\n    assert f(1) == 2\n",
                    "def test_a():\n    assert f(1)\n"),
            "blocks");
  EXPECT_EQ(changed("tests/test_a.py", "def test_a(self):\n    self.assertEqual(f(1), 2)\n",
                    "def test_a(self):\n    self.assertIsNotNone(f(1))\n"),
            "blocks");
  EXPECT_EQ(changed("a_test.cc", "TEST(A, B) {\n  EXPECT_EQ(f(), 1);\n}\n",
                    "TEST(A, B) {\n  EXPECT_TRUE(f());\n}\n"),
            "blocks");
  EXPECT_EQ(changed("tests/test_a.py", "def test_a():\n    assert f(1) == 2\n",
                    "def test_a():\n    assert f(1) == 3\n"),
            "silent");
}

TEST(TamperWeakened, NotACallThatWasMigrated) {
  EXPECT_TRUE(
      edited("tests/test_a.py", kPython, with(kPython, "assert f(1) == 1", "assert h(1) == 1"))
          .empty());
}

TEST(TamperCi, IsARemarkUnlessItIsTheRenameAlone) {
  EXPECT_EQ(says(edited(".github/workflows/ci.yml", "run: pytest\n", "run: pytest || true\n"),
                 "ci_edited"),
            "remark");
  EXPECT_EQ(says(edited("src/ci.py", "a\n", "b\n"), "ci_edited"), "silent");
  Case input;
  input.claim = {"rename", "Parser", "Reader", "", "", {}, true};
  input.changed = {{'M', ".github/workflows/ci.yml", ""}, {'M', "conftest.py", ""}};
  input.contents[".github/workflows/ci.yml"] = {"run: x Parser\n", "run: x Reader\n"};
  input.contents["conftest.py"] = {"from a import Parser\n", "from a import Reader\n"};
  EXPECT_TRUE(tamper_scan(input).empty());
}

TEST(TamperChecks, NightjarTomlIsARemark) {
  EXPECT_EQ(says(edited("nightjar.toml", "", "[[check]]\n"), "checks_edited"), "remark");
  EXPECT_EQ(says(edited("other.toml", "", "[[check]]\n"), "checks_edited"), "silent");
}

TEST(TamperConfiguration, OfTheTestsIsARemark) {
  EXPECT_EQ(says(edited("package.json", R"({"scripts":{"test":"jest"}})",
                        R"({"scripts":{"test":"true"}})"),
                 "test_configuration_edited"),
            "remark");
  EXPECT_EQ(says(edited("package.json", R"({"version":"1"})", R"({"version":"2"})"),
                 "test_configuration_edited"),
            "silent");
  EXPECT_EQ(
      says(edited("Makefile", "test:\n\tpytest\n", "test:\n\ttrue\n"), "test_configuration_edited"),
      "remark");
  EXPECT_EQ(says(edited("Makefile", "all:\n\tcc\n", "all:\n\tgcc\n"), "test_configuration_edited"),
            "silent");
  EXPECT_EQ(says(edited("setup.cfg", "[tool:pytest]\na=1\n", "[tool:pytest]\na=2\n"),
                 "test_configuration_edited"),
            "remark");
  EXPECT_EQ(says(edited("setup.cfg", "[metadata]\na=1\n", "[metadata]\na=2\n"),
                 "test_configuration_edited"),
            "silent");
}

TEST(TamperConfiguration, FewerRegisteredTestsBlock) {
  EXPECT_EQ(
      says(edited("CMakeLists.txt", "add_test(NAME a COMMAND a)\nadd_test(NAME b COMMAND b)\n",
                  "add_test(NAME a COMMAND a)\n"),
           "test_deleted"),
      "blocks");
  EXPECT_EQ(says(edited("CMakeLists.txt", "add_test(NAME a COMMAND a)\n",
                        "add_test(NAME a COMMAND a)\nadd_library(x)\n"),
                 "test_deleted"),
            "silent");
}

TEST(TamperDependency, IsARemark) {
  EXPECT_EQ(says(edited("requirements.txt", "a==1\n", "a==1\nb==2\n"), "dependency_changed"),
            "remark");
  EXPECT_EQ(says(edited("pyproject.toml", "[project]\ndependencies = [\n'a',\n]\n",
                        "[project]\ndependencies = [\n'a',\n'b',\n]\n"),
                 "dependency_changed"),
            "remark");
  EXPECT_EQ(says(edited("Cargo.toml", "[dependencies]\na='1'\n", "[dependencies]\na='1'\nb='1'\n"),
                 "dependency_changed"),
            "remark");
  EXPECT_EQ(says(edited("pyproject.toml", "[project]\nname='a'\n", "[project]\nname='b'\n"),
                 "dependency_changed"),
            "silent");
}

TEST(TamperSecret, BlocksOutsideTests) {
  const std::string key = "KEY = 'ghp_" + std::string(36, 'a') + "'\n";
  const auto findings = edited("a.py", "x = 1\n", "x = 1\n" + key);
  EXPECT_EQ(says(findings, "secret_added"), "blocks");
  EXPECT_EQ(findings.at(0).text.find("ghp_"), std::string::npos);
  EXPECT_EQ(says(edited("tests/test_a.py", "x = 1\n", "x = 1\n" + key), "secret_added"), "remark");
  EXPECT_EQ(says(edited("a.py", key, key + "x = 1\n"), "secret_added"), "silent");
  EXPECT_EQ(says(edited("a.pem", "", "-----BEGIN RSA PRIVATE KEY-----\n"), "secret_added"),
            "blocks");
  EXPECT_EQ(says(edited("a.py", "", "ghp_short = 1\n"), "secret_added"), "silent");
}

TEST(TamperSpecialCase, CodeThatAsksWhetherItIsTested) {
  EXPECT_EQ(says(edited("a.py", "", "if 'PYTEST_CURRENT_TEST' in os.environ:\n"),
                 "special_case_for_tests"),
            "blocks");
  EXPECT_EQ(says(edited("tests/a.py", "", "if 'PYTEST_CURRENT_TEST' in os.environ:\n"),
                 "special_case_for_tests"),
            "silent");
}

TEST(TamperSpecialCase, AnEditOfALineThatAskedBeforeIsARemark) {
  const std::string asked = "name = os.environ.get('PYTEST_CURRENT_TEST', '')\n";
  const std::string edited_line = "name = os.environ.get('PYTEST_CURRENT_TEST') or ''\n";
  EXPECT_EQ(says(edited("a.py", asked, edited_line), "special_case_for_tests"), "remark");
  EXPECT_EQ(says(edited("a.py", asked, asked + edited_line), "special_case_for_tests"), "blocks");
}

TEST(TamperOutside, MoreThanTheRename) {
  Case input;
  input.claim = {"rename", "Parser", "Reader", "", "", {}, true};
  input.changed = {{'M', "a.py", ""}, {'A', "b.py", ""}, {'R', "Reader.java", "Parser.java"}};
  input.contents["a.py"] = {"class Parser: pass\n", "class Reader: pass\nimport os\n"};
  input.contents["b.py"] = {"", "x\n"};
  input.contents["Parser.java"] = {"class Parser {}\n", ""};
  input.contents["Reader.java"] = {"", "class Reader {}\n"};
  std::vector<std::string> paths;
  for (const auto& finding : tamper_scan(input)) {
    EXPECT_EQ(finding.rule, "outside_task");
    EXPECT_FALSE(finding.blocks);
    paths.push_back(finding.path);
  }
  EXPECT_EQ(paths, (std::vector<std::string>{"a.py", "b.py"}));
}

TEST(IsTestPath, KnowsTheCustomsOfManyLanguages) {
  for (const char* path : {"tests/a.py", "test_a.py", "pkg/a_test.go", "src/a.test.ts",
                           "src/a.spec.js", "src/__tests__/a.js", "src/test/java/x/ParserTest.java",
                           "spec/a_spec.rb", "src/store_test.cpp", "t/a.t", "TestParser.java",
                           "tests/fixtures/x.json", "lib/ParserIT.java", "unittests/a.cpp"}) {
    EXPECT_TRUE(is_test_path(path)) << path;
  }
  for (const char* path :
       {"src/a.py", "latest.py", "src/contest.py", "src/attest/a.go", "testing.md", "conftest.py",
        "src/Protest.java", "docs/testing.md", "src/tester.cpp", "inspect.py"}) {
    EXPECT_FALSE(is_test_path(path)) << path;
  }
}

}  // namespace
}  // namespace nightjar::verify
