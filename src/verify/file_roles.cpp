// Approximate, by the customs of each language and tool.
#include "verify/file_roles.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "verify/reading.h"
#include "verify/verify.h"

namespace nightjar::verify {

namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string_view stem_of(std::string_view path) {
  const auto name = file_name(path);
  return name.substr(0, name.find('.', 1));
}

// The lines of the sections of an INI or TOML file whose head contains one of these words.
std::string sections(std::string_view text, std::initializer_list<std::string_view> heads) {
  std::string out;
  bool inside = false;
  for (const auto& line : lines(text)) {
    const auto t = trim(line);
    if (t.starts_with('[')) {
      inside = std::ranges::any_of(heads, [t](auto head) { return has(t, head); });
    }
    if (inside) out += std::string(line) + "\n";
  }
  return out;
}

std::string lines_with(std::string_view text, std::initializer_list<std::string_view> words) {
  std::string out;
  for (const auto& line : lines(text)) {
    if (std::ranges::any_of(words, [&line](auto word) { return has(line, word); }))
      out += std::string(line) + "\n";
  }
  return out;
}

// A Makefile's rules for tests, with their recipes.
std::string make_rules(std::string_view text) {
  std::string out;
  bool inside = false;
  for (const auto& line : lines(text)) {
    if (!line.starts_with('\t')) inside = line.starts_with("test") || line.starts_with("check");
    if (inside) out += std::string(line) + "\n";
  }
  return out;
}

std::string package_member(std::string_view text, std::initializer_list<std::string_view> members) {
  const auto value = parse_json(text);
  if (!value || !value->is_object()) return "";
  json::object out;
  for (const auto& member : members) {
    if (const auto* found = value->get_object().if_contains(member)) out[member] = *found;
  }
  return to_line(out);
}

}  // namespace

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool is_ci_path(std::string_view path) {
  for (std::string_view folder :
       {".github/workflows/", ".github/actions/", ".circleci/", ".ci/", ".buildkite/", ".gitlab/",
        ".woodpecker/", ".forgejo/workflows/", ".gitea/workflows/"}) {
    if (path.starts_with(folder)) return true;
  }
  for (std::string_view name : {".gitlab-ci.yml", ".travis.yml", "azure-pipelines.yml",
                                "Jenkinsfile", "appveyor.yml", ".appveyor.yml", ".drone.yml",
                                "bitbucket-pipelines.yml", ".cirrus.yml", "cloudbuild.yaml"}) {
    if (file_name(path) == name) return true;
  }
  return false;
}

std::optional<std::string> test_configuration(std::string_view path, std::string_view text) {
  const auto name = file_name(path);
  for (std::string_view whole :
       {"conftest.py", "pytest.ini", "tox.ini", "noxfile.py", ".mocharc.json", ".mocharc.yml",
        ".mocharc.js", ".mocharc.cjs", "CTestCustom.cmake", "nextest.toml"}) {
    if (name == whole) return std::string(text);
  }
  for (std::string_view prefix : {"jest.config.", "vitest.config.", "vitest.workspace.",
                                  "karma.conf.", "playwright.config."}) {
    if (name.starts_with(prefix)) return std::string(text);
  }
  if (name == "setup.cfg") return sections(text, {"pytest", "nosetests", "coverage"});
  if (name == "pyproject.toml")
    return sections(text, {"pytest", "coverage", "tool.tox", "tool.nox"});
  if (name == "package.json") {
    const auto value = parse_json(text);
    if (!value || !value->is_object()) return "";
    const auto& scripts = get_object(value->get_object(), "scripts");
    return get_string(scripts, "pretest") + "\n" + get_string(scripts, "test") + "\n" +
           get_string(scripts, "posttest") + "\n" +
           package_member(text, {"jest", "mocha", "vitest"});
  }
  if (name == "CMakeLists.txt") {
    return lines_with(text, {"add_test", "enable_testing", "gtest_discover_tests",
                             "gtest_add_tests", "set_tests_properties", "catch_discover_tests"});
  }
  if (name == "Makefile" || name == "GNUmakefile" || name == "Makefile.am") return make_rules(text);
  if (name == "meson.build") return lines_with(text, {"test("});
  if (name == "Cargo.toml") return sections(text, {"[[test]]", "profile.test"});
  if (name == "pom.xml")
    return lines_with(
        text, {"skipTests", "maven.test.skip", "<exclude>", "surefire", "testFailureIgnore"});
  if (name.starts_with("build.gradle"))
    return lines_with(text, {"exclude", "ignoreFailures", "enabled", "useJUnitPlatform"});
  return std::nullopt;
}

std::optional<std::string> dependencies(std::string_view path, std::string_view text) {
  const auto name = file_name(path);
  if (name.starts_with("requirements") && name.ends_with(".txt")) return std::string(text);
  if (name == "pyproject.toml") {
    std::string out = sections(text, {"dependencies", "dependency-groups", "build-system"});
    bool inside = false;
    for (const auto& line : lines(text)) {
      const auto t = trim(line);
      if (t.starts_with("dependencies")) inside = true;
      if (inside) out += std::string(line) + "\n";
      if (t.ends_with(']')) inside = false;
    }
    return out;
  }
  if (name == "setup.py" || name == "setup.cfg")
    return lines_with(text, {"install_requires", "==", ">=", "~="});
  if (name == "package.json") {
    return package_member(
        text, {"dependencies", "devDependencies", "peerDependencies", "optionalDependencies"});
  }
  if (name == "Cargo.toml") return sections(text, {"dependencies"});
  if (name == "go.mod") return std::string(text);
  if (name == "pom.xml") return lines_with(text, {"<artifactId>", "<version>"});
  if (name.starts_with("build.gradle"))
    return lines_with(text, {"implementation", "testImplementation", "api(", "compile"});
  if (name == "CMakeLists.txt")
    return lines_with(text, {"FetchContent_Declare", "ExternalProject_Add", "find_package"});
  return std::nullopt;
}

bool is_test_path(std::string_view path) {
  for (const auto& part : split(
           path.substr(0, path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/')), '/')) {
    for (std::string_view folder :
         {"test", "tests", "testing", "__tests__", "spec", "specs", "unittests", "unit_tests",
          "integration_tests", "e2e", "t", "testsuite", "__snapshots__", "testdata"}) {
      if (lower(part) == folder) return true;
    }
  }
  const std::string_view name = file_name(path);
  if (name == "conftest.py") return false;  // configuration, with rules of its own
  const std::string_view stem = stem_of(path);
  const std::string lowered = lower(stem);
  if (lowered == "test" || lowered == "tests" || lowered.starts_with("test_") ||
      lowered.ends_with("_test") || lowered.ends_with("_tests") || lowered.ends_with("_spec") ||
      lowered.ends_with("_unittest") || lowered.starts_with("test-") ||
      lowered.ends_with("-test")) {
    return !name.ends_with(".md");
  }
  for (std::string_view part : {".test.", ".spec.", ".tests.", "-test.", "-spec."}) {
    if (has(name, part)) return true;
  }
  // ParserTest.java, ParserTests.kt, TestParser.java, ParserIT.java
  const bool camel = name.ends_with(".java") || name.ends_with(".kt") ||
                     name.ends_with(".groovy") || name.ends_with(".scala") ||
                     name.ends_with(".cs") || name.ends_with(".swift") || name.ends_with(".cpp") ||
                     name.ends_with(".cc") || name.ends_with(".php");
  return camel &&
         (stem.ends_with("Test") || stem.ends_with("Tests") || stem.ends_with("IT") ||
          stem.ends_with("Spec") ||
          (stem.starts_with("Test") && stem.size() > 4 && stem[4] >= 'A' && stem[4] <= 'Z'));
}

}  // namespace nightjar::verify
