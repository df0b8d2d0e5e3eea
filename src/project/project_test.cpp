#include "project/project.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace nightjar::project {
namespace {

using Files = std::map<std::string, std::string>;

Tree tree_of(const Files& files) {
  Tree tree;
  for (const auto& [path, content] : files) tree.paths.push_back(path);
  tree.read = [files](const std::string& path) -> std::optional<std::string> {
    const auto found = files.find(path);
    if (found == files.end()) return std::nullopt;
    return found->second;
  };
  return tree;
}

std::vector<std::string> commands(const Files& files) {
  std::vector<std::string> out;
  for (const auto& check : detect(tree_of(files)).checks) out.push_back(check.run);
  return out;
}

std::string error_of(std::string_view text) {
  const auto config = parse(text);
  return config ? "no error" : config.error();
}

using Commands = std::vector<std::string>;

constexpr std::string_view kWhole = R"(
[environment]
setup  = ["pip install -e .[test]"]
network = true
caches = ["~/.m2/repository"]
share  = [".venv", "node_modules"]
[[check]]
name = "tests"
run  = "python3 -m pytest -q"
[[check]]
name = "lint"
run  = "ruff check ."
)";

TEST(Parse, ReadsEveryKey) {
  const auto config = parse(kWhole);
  ASSERT_TRUE(config) << config.error();
  EXPECT_EQ(config->setup, std::vector<std::string>{"pip install -e .[test]"});
  EXPECT_TRUE(config->network);
  EXPECT_EQ(config->caches, std::vector<std::string>{"~/.m2/repository"});
  EXPECT_EQ(config->share, (std::vector<std::string>{".venv", "node_modules"}));
  EXPECT_EQ(config->checks, (std::vector<core::CheckSpec>{{"tests", "python3 -m pytest -q"},
                                                          {"lint", "ruff check ."}}));
  EXPECT_FALSE(config->detected);
}

TEST(Parse, TakesAnEmptyFile) {
  const auto config = parse("");
  ASSERT_TRUE(config);
  EXPECT_EQ(*config, Config{});
}

TEST(Parse, NamesTheLineOfAnUnknownKeyAndTheOneThatWasMeant) {
  EXPECT_EQ(error_of("[environment]\n\nsetpu = []\n"),
            "nightjar.toml:3: unknown key 'setpu' in [environment]; did you mean 'setup'?");
  EXPECT_EQ(error_of("\n[[chek]]\nrun = 'x'\n"),
            "nightjar.toml:2: unknown key 'chek'; did you mean 'check'?");
  EXPECT_EQ(error_of("[[check]]\nname='a'\ncommand = 'x'\n"),
            "nightjar.toml:3: unknown key 'command' in [[check]]; there are: name, run");
}

TEST(Parse, SaysWhereAMisplacedKeyBelongs) {
  EXPECT_EQ(error_of("network = true\n"), "nightjar.toml:1: 'network' belongs below [environment]");
}

TEST(Parse, RefusesWrongTypesWithTheirLine) {
  EXPECT_EQ(error_of("[environment]\nsetup = 'x'\n"),
            "nightjar.toml:2: 'setup' must be a list of strings: setup = [\"...\"]");
  EXPECT_EQ(error_of("[environment]\nshare = ['a',\n 7]\n"),
            "nightjar.toml:3: 'share' must hold strings only");
  EXPECT_EQ(error_of("[environment]\nnetwork = 'yes'\n"),
            "nightjar.toml:2: 'network' must be true or false");
  EXPECT_EQ(error_of("environment = 1\n"),
            "nightjar.toml:1: 'environment' must be a table: [environment]");
  EXPECT_EQ(error_of("[check]\nname='a'\nrun='b'\n"),
            "nightjar.toml:1: checks are written with two brackets: [[check]]");
  EXPECT_EQ(error_of("[[check]]\nname='a'\nrun=['b']\n"),
            "nightjar.toml:3: 'run' must be a string");
}

TEST(Parse, RefusesChecksThatCannotBeRunOrToldApart) {
  EXPECT_EQ(error_of("[[check]]\nname='a'\n"),
            "nightjar.toml:1: a [[check]] without 'run': the command that must pass");
  EXPECT_EQ(error_of("[[check]]\nrun='a'\n"), "nightjar.toml:1: a [[check]] without 'name'");
  EXPECT_EQ(error_of("[[check]]\nname='a'\nrun=' '\n"), "nightjar.toml:3: 'run' is empty");
  EXPECT_EQ(error_of("[[check]]\nname='a'\nrun='b'\n[[check]]\nname='a'\nrun='c'\n"),
            "nightjar.toml:4: there are two checks named 'a'");
  EXPECT_EQ(error_of("[[check]]\nname=\"a\\u001bb\"\nrun='b'\n"),
            "nightjar.toml:1: the name 'a\\x1bb' holds control characters");
}

TEST(Parse, RefusesFoldersOutsideTheirPlace) {
  EXPECT_EQ(error_of("[environment]\nshare = ['../x']\n"),
            "nightjar.toml:2: 'share' names folders below the repository, not '../x'");
  EXPECT_EQ(error_of("[environment]\nshare = ['/etc']\n"),
            "nightjar.toml:2: 'share' names folders below the repository, not '/etc'");
  EXPECT_NE(error_of("[environment]\ncaches = ['/etc']\n").find("folders of your home"),
            std::string::npos);
  EXPECT_NE(error_of("[environment]\ncaches = ['~/../x']\n").find("folders of your home"),
            std::string::npos);
  EXPECT_EQ(error_of("[environment]\nshare = ['..hidden', 'a..b']\n"), "no error");
}

TEST(Parse, SaysWhereTheSyntaxIsBroken) {
  EXPECT_TRUE(error_of("[environment]\nsetup = [\n").starts_with("nightjar.toml:"))
      << error_of("[environment]\nsetup = [\n");
  EXPECT_TRUE(error_of("a = \"\xff\"\n").starts_with("nightjar.toml:1: "));
}

TEST(Parse, StandsDeepNesting) {
  std::string deep = "a = ";
  for (int i = 0; i < 100'000; ++i) deep += '[';
  EXPECT_TRUE(error_of(deep).starts_with("nightjar.toml:1: "));
}

TEST(ToToml, ReadsBackUnchanged) {
  Config config;
  config.setup = {"echo \"a\\b\"", "printf 'x\ty\n'"};
  config.network = true;
  config.caches = {"~/.m2/repository"};
  config.share = {".venv"};
  config.checks = {{"tests", "a \"b\" \\ 'c' && d\n"}, {"ünï", "\x01\x7f"}};
  const auto back = parse(to_toml(config));
  ASSERT_TRUE(back) << back.error();
  EXPECT_EQ(*back, config);
}

TEST(ToToml, ExplainsItselfWhereNothingWasFound) {
  const std::string text = to_toml(Config{});
  EXPECT_NE(text.find("# [[check]]"), std::string::npos);
  const auto back = parse(text);
  ASSERT_TRUE(back) << back.error();
  EXPECT_EQ(*back, Config{});
}

TEST(ToToml, SuggestsSetupOfTheProjectsKind) {
  Config config;
  config.checks = {{"tests", "npm test"}};
  EXPECT_NE(to_toml(config).find("# setup   = [\"npm ci\"]"), std::string::npos);
}

TEST(DetectCmake, BuildsAndTestsWithTheProjectsOwnSwitches) {
  const auto found = commands(
      {{"CMakeLists.txt",
        "project(x)\noption(X_BUILD_TESTS \"build tests\" OFF)\noption( X_BUILD_DOCS \"\" OFF)\n"
        "cmake_dependent_option(X_UNITTESTS \"\" OFF A OFF)\noption(JSON_BuildTests \"\" "
        "OFF)\noption(X_FUZZ_TEST \"\" OFF)\n"
        "set(X_ENABLE_TESTING OFF CACHE BOOL \"\")\noption(${A}_TESTS "
        "\"\")\noption(X_INSTALL_TESTS \"\")\n"},
       {"test/CMakeLists.txt", "add_test(NAME a COMMAND a)"}});
  EXPECT_EQ(found, Commands{"cmake -S . -B build -DCMAKE_BUILD_TYPE=Debug -DBUILD_TESTING=ON "
                            "-DX_BUILD_TESTS=ON -DX_UNITTESTS=ON "
                            "-DJSON_BuildTests=ON -DX_ENABLE_TESTING=ON && cmake --build build "
                            "-j$(nproc) && ctest --test-dir build "
                            "--output-on-failure"});
}

TEST(DetectCmake, LeavesATrackedBuildFolderAlone) {
  const auto found =
      commands({{"CMakeLists.txt", "enable_testing()"}, {"build/cmake/x.cmake", ""}});
  EXPECT_NE(found.at(0).find("-B build-nightjar "), std::string::npos);
}

TEST(DetectCmake, SaysWhereThereAreNoTests) {
  EXPECT_EQ(detect(tree_of({{"CMakeLists.txt", "project(x)\nadd_library(x x.cpp)"}})).found,
            Commands{"CMake project without tests of its own"});
}

TEST(DetectCmake, WithoutTestsItYieldsToThoseThatHaveSome) {
  const Files files{{"CMakeLists.txt", "project(x)"},
                    {"setup.py", ""},
                    {"tests/test_a.py", "def test_a(): pass"}};
  EXPECT_EQ(commands(files), Commands{"python3 -m pytest -q"});
  Files both = files;
  both["CMakeLists.txt"] = "enable_testing()";
  EXPECT_EQ(commands(both).size(), 2U);
}

TEST(DetectCmake, ComesBeforeTheMakefileBesideIt) {
  EXPECT_EQ(
      commands({{"CMakeLists.txt", "enable_testing()"}, {"Makefile", "test:\n\ttrue\n"}}).size(),
      1U);
}

TEST(DetectMake, FindsTheTestTarget) {
  EXPECT_EQ(commands({{"Makefile",
                       ".PHONY: check\nCHECK := test\nall:\n\tcc x.c\ntest check: all\n\t./x\n"}}),
            Commands{"make check"});
  EXPECT_EQ(commands({{"Makefile", "test := 1\nall: test\n\tcheck: x\n"}}), Commands{});
  EXPECT_EQ(commands({{"configure.ac", ""}, {"Makefile.am", ""}}),
            Commands{"autoreconf -fi && ./configure && make -j$(nproc) && make check"});
}

TEST(DetectMeson, FindsIt) {
  EXPECT_EQ(commands({{"meson.build", "test('x', x)"}}),
            Commands{"meson setup build && meson test -C build --print-errorlogs"});
}

TEST(DetectPython, TellsPytestFromUnittest) {
  const std::string unittest =
      "import unittest\nclass A(unittest.TestCase):\n  def test_a(self): pass\n";
  EXPECT_EQ(
      commands({{"pyproject.toml", "[tool.pytest.ini_options]\n"}, {"tests/test_a.py", unittest}}),
      Commands{"python3 -m pytest -q"});
  EXPECT_EQ(commands({{"setup.py", ""}, {"tests/test_a.py", "def test_a(): pass\n"}}),
            Commands{"python3 -m pytest -q"});
  EXPECT_EQ(commands({{"tests/conftest.py", ""}, {"tests/test_a.py", unittest}}),
            Commands{"python3 -m pytest -q"});
  EXPECT_EQ(commands({{"setup.py", ""}, {"tests/test_a.py", unittest}}),
            Commands{"python3 -m unittest discover -v -s tests"});
  EXPECT_EQ(commands({{"setup.py", ""}, {"tests/__init__.py", ""}, {"tests/test_a.py", unittest}}),
            Commands{"python3 -m unittest discover -v"});
  EXPECT_EQ(commands({{"a.py", ""}, {"test_a.py", unittest}}),
            Commands{"python3 -m unittest discover -v"});
  EXPECT_EQ(commands({{"a.py", ""}, {"a_test.py", unittest}}),
            Commands{"python3 -m unittest discover -v -p '*_test.py'"});
}

TEST(DetectPython, TestsTheTreeAndNotAnInstalledCopy) {
  EXPECT_EQ(
      commands({{"pyproject.toml", "pytest"}, {"src/x/__init__.py", ""}, {"tests/test_x.py", ""}}),
      Commands{"PYTHONPATH=src python3 -m pytest -q"});
}

TEST(DetectPython, FindsNothingWithoutTests) {
  EXPECT_EQ(commands({{"pyproject.toml", "pytest"}, {"x.py", ""}}), Commands{});
}

TEST(DetectPython, DjangoRunsItsOwn) {
  EXPECT_EQ(commands({{"requirements.txt", "django"},
                      {"manage.py", "import django"},
                      {"app/tests.py", "class A(TestCase): pass"}}),
            Commands{"python3 manage.py test -v 2"});
}

TEST(DetectNode, AsksEachToolForNames) {
  const auto with = [](const std::string& script) {
    return commands({{"package.json",
                      R"({"scripts":{"test":")" + script + R"("},"devDependencies":{"x":"1"}})"}})
        .at(0);
  };
  EXPECT_EQ(with("vitest"), "npm test -- --run --reporter=verbose");
  EXPECT_EQ(with("vitest run --coverage"), "npm test -- --reporter=verbose");
  EXPECT_EQ(with("pnpm vitest run"), "npm test -- --reporter=verbose");
  EXPECT_EQ(with("jest --config x.js"), "npm test -- --verbose");
  EXPECT_EQ(with("eslint . && cross-env A=1 jest"), "npm test -- --verbose");
  EXPECT_EQ(with("node --experimental-vm-modules node_modules/jest/bin/jest.js"),
            "npm test -- --verbose");
  EXPECT_EQ(with("react-scripts test"), "CI=true npm test -- --verbose");
  EXPECT_EQ(with("mocha -r x"), "npm test");
  EXPECT_EQ(with("nyc mocha --reporter dot"), "npm test -- --reporter spec");
  EXPECT_EQ(with("node --test"), "npm test");
  EXPECT_EQ(with("npm run lint"), "npm test");
  EXPECT_EQ(with("jest && npm run lint"),
            "PATH=\"$PWD/node_modules/.bin:$PATH\"; export PATH; jest --verbose && npm run lint");
}

TEST(DetectNode, DoesWithoutAScriptWhereAToolIsThere) {
  EXPECT_EQ(commands({{"package.json", R"({"devDependencies":{"vitest":"1"}})"}}),
            Commands{"npx vitest run --reporter=verbose"});
  EXPECT_EQ(commands({{"package.json",
                       R"({"scripts":{"test":"echo \"Error: no test specified\" && exit 1"}})"}}),
            Commands{});
  EXPECT_EQ(commands({{"package.json", "{}"}, {"a.test.js", ""}}), Commands{"node --test"});
  EXPECT_EQ(commands({{"package.json", "{"}}), Commands{});
}

TEST(DetectNode, SharesPackagesWhereItHasAny) {
  EXPECT_EQ(detect(tree_of({{"package.json",
                             R"({"scripts":{"test":"jest"},"devDependencies":{"jest":"1"}})"}}))
                .share,
            Commands{"node_modules"});
  EXPECT_EQ(detect(tree_of({{"package.json", R"({"scripts":{"test":"node --test"}})"}})).share,
            Commands{});
}

TEST(DetectOthers, FindsTheToolsOfOtherLanguages) {
  EXPECT_EQ(commands({{"Cargo.toml", "[package]"}}), Commands{"cargo test --no-fail-fast"});
  EXPECT_EQ(commands({{"Cargo.toml", "[workspace]\n"}}),
            Commands{"cargo test --workspace --no-fail-fast"});
  EXPECT_EQ(commands({{"go.mod", "module x"}}), Commands{"go test ./..."});
  EXPECT_EQ(commands({{"pom.xml", ""}}), Commands{"mvn -B -o --fail-at-end test"});
  EXPECT_EQ(commands({{"build.gradle.kts", ""}, {"gradlew", ""}}),
            Commands{"sh ./gradlew --offline --no-daemon --continue test"});
  EXPECT_EQ(commands({{"Makefile.PL", ""}}), Commands{"prove -lr t"});
}

TEST(Detect, GivesSeveralLanguagesACheckEach) {
  const Config config =
      detect(tree_of({{"go.mod", ""}, {"package.json", R"({"scripts":{"test":"vitest run"}})"}}));
  ASSERT_EQ(config.checks.size(), 2U);
  EXPECT_EQ(config.checks[0].name, "go");
  EXPECT_EQ(config.checks[1].name, "npm");
  EXPECT_TRUE(config.detected);
}

TEST(Detect, LooksIntoSubfoldersOnlyWhereTheRootHasNothing) {
  const Files below{
      {"backend/go.mod", ""},
      {"web app/package.json", R"({"scripts":{"test":"jest"},"dependencies":{"a":"1"}})"},
      {"examples/x/go.mod", ""}};
  const Config config = detect(tree_of(below));
  ASSERT_EQ(config.checks.size(), 2U);
  EXPECT_EQ(config.checks[0].name, "backend: go");
  EXPECT_EQ(config.checks[0].run, "cd backend && go test ./...");
  EXPECT_EQ(config.checks[1].run, "cd 'web app' && npm test -- --verbose");
  EXPECT_EQ(config.share, Commands{"web app/node_modules"});
  Files both = below;
  both["Cargo.toml"] = "[package]";
  EXPECT_EQ(commands(both), Commands{"cargo test --no-fail-fast"});
}

TEST(Detect, FindsNothingInAnEmptyRepository) {
  EXPECT_TRUE(detect(tree_of({})).checks.empty());
  EXPECT_TRUE(detect(tree_of({{"README.md", "test"}})).checks.empty());
}

TEST(LockFiles, AreThoseThatDecideWhatSetupInstalls) {
  EXPECT_EQ(lock_files(tree_of({{"Cargo.lock", ""},
                                {"README.md", ""},
                                {"requirements/dev.txt", ""},
                                {"requirements-test.txt", ""},
                                {"web/package-lock.json", ""},
                                {"a/b/c/d/package.json", ""},
                                {"examples/x/setup.py", ""},
                                {"notes.txt", ""}})),
            (Commands{"Cargo.lock", "requirements-test.txt", "requirements/dev.txt",
                      "web/package-lock.json"}));
}

}  // namespace
}  // namespace nightjar::project
