// Approximate, by the customs of each language and tool.
#include "verify/file_roles.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "verify/build_files.h"
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

// Naming one more marker runs no test in another way.
std::string without_markers(std::string_view text) {
  std::string out;
  bool inside = false;
  for (const auto& line : lines(text)) {
    const auto t = trim(line);
    const bool goes_on =
        inside && !t.empty() &&
        (t.front() == '"' || t.front() == '\'' || t.front() == ']' || line.front() == ' ');
    const bool begins = t.starts_with("markers") && has(t, "=");
    inside = begins || goes_on;
    if (!inside) out += std::string(line) + "\n";
  }
  return out;
}

// "[tool]\npytest.ini_options.addopts = ...": the section's name within the key.
std::string pytest_keys(std::string_view text) {
  std::string out;
  std::string_view head;
  for (const auto& line : lines(text)) {
    const auto t = trim(line);
    if (t.starts_with('[')) head = t;
    const bool of_tool = head == "[tool]" && (t.starts_with("pytest") || t.starts_with("\"pytest"));
    if (of_tool || has(t, "ini_options") || t.starts_with("tool.pytest"))
      out += std::string(line) + "\n";
  }
  return out;
}

// The scripts that `npm test` runs, and those that they run.
std::string test_scripts(std::string_view text) {
  const auto value = parse_json(text);
  if (!value || !value->is_object()) return "";
  const auto& scripts = get_object(value->get_object(), "scripts");
  std::vector<std::string> names{"pretest", "test", "posttest"};
  std::string out;
  for (size_t i = 0; i < names.size() && i < 100; ++i) {
    const std::string script = get_string(scripts, names[i]);
    out += script + "\n";
    for (const auto& [name, unused] : scripts) {
      const std::string other(name);
      if (has(script, other) && std::ranges::find(names, other) == names.end())
        for (const auto& hook : {"pre" + other, other, "post" + other}) names.push_back(hook);
    }
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

std::string remark(std::string_view path, std::string_view text) {
  const auto name = file_name(path);
  const auto ends = [name](std::initializer_list<std::string_view> endings) {
    return std::ranges::any_of(endings, [name](auto end) { return name.ends_with(end); });
  };
  const std::string said(text);
  if (ends({".py"})) return "\n\n# " + said + "\n";
  if (ends({".c", ".h"})) return "\n/* " + said + " */\n";
  if (ends({".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".cc", ".cpp", ".cxx",
            ".hpp", ".go", ".rs", ".java"}))
    return "\n// " + said + "\n";
  return "";
}

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

bool configures_tests(std::string_view path) {
  static constexpr std::array<std::string_view, 44> kNames{"conftest.py",
                                                           "pytest.ini",
                                                           ".pytest.ini",
                                                           "pytest.toml",
                                                           ".pytest.toml",
                                                           "tox.ini",
                                                           "tox.toml",
                                                           "noxfile.py",
                                                           "setup.cfg",
                                                           "pyproject.toml",
                                                           "unittest.cfg",
                                                           "nose.cfg",
                                                           "nose2.cfg",
                                                           "package.json",
                                                           ".npmrc",
                                                           ".yarnrc",
                                                           ".yarnrc.yml",
                                                           "bunfig.toml",
                                                           "deno.json",
                                                           "deno.jsonc",
                                                           ".babelrc",
                                                           ".taprc",
                                                           ".proverc",
                                                           ".rspec",
                                                           "CMakePresets.json",
                                                           "meson.build",
                                                           "CTestCustom.cmake",
                                                           "CTestConfig.cmake",
                                                           "nextest.toml",
                                                           "Cargo.toml",
                                                           "build.rs",
                                                           "go.mod",
                                                           "go.work",
                                                           "pom.xml",
                                                           "gradle.properties",
                                                           "phpunit.xml",
                                                           "phpunit.xml.dist",
                                                           "Rakefile",
                                                           "Justfile",
                                                           "justfile",
                                                           "Taskfile.yml",
                                                           "entry_points.txt",
                                                           "setup.py",
                                                           "nightjar.toml"};
  const auto name = file_name(path);
  if (std::ranges::find(kNames, name) != kNames.end() || is_cmake(path) || is_makefile(path))
    return true;
  for (std::string_view prefix :
       {".mocharc.", "jest.config.", "jest.setup.", "jest-setup.", "jest.preset.", "vitest.",
        "vite.config.", "karma.conf.", "playwright.config.", "cypress.config.", "ava.config.",
        "babel.config.", ".babelrc.", "build.gradle", "settings.gradle", "setupTests."}) {
    if (name.starts_with(prefix)) return true;
  }
  return has(path, ".cargo/") || has(path, ".mvn/") || has(path, ".dist-info/") ||
         has(path, "__mocks__/");
}

std::optional<std::string> test_configuration(std::string_view path, std::string_view text) {
  const auto name = file_name(path);
  if (name == "setup.cfg")
    return without_markers(sections(text, {"pytest", "nosetests", "coverage"}));
  if (name == "pyproject.toml") {
    return without_markers(sections(text, {"pytest", "coverage", "tool.tox", "tool.nox"}) +
                           pytest_keys(text));
  }
  if (name == "pytest.ini" || name == "tox.ini") return without_markers(text);
  if (name == "package.json") {
    return test_scripts(text) +
           package_member(text, {"jest", "mocha", "vitest", "ava", "tap", "imports"});
  }
  if (is_cmake(path)) return test_calls(text);
  if (is_makefile(path)) return test_rules(text);
  if (name == "meson.build") return lines_with(text, {"test(", "NDEBUG", "ndebug"});
  if (name == "Cargo.toml")
    return sections(text, {"[[test]]", "profile.test", "profile.dev", "[patch", "[lib]"});
  if (name == "go.mod" || name == "go.work") return lines_with(text, {"replace", "=>", "use "});
  if (name == "pom.xml")
    return lines_with(
        text, {"skipTests", "maven.test.skip", "<exclude>", "surefire", "testFailureIgnore"});
  if (name.starts_with("build.gradle"))
    return lines_with(text, {"exclude", "ignoreFailures", "enabled", "useJUnitPlatform"});
  for (std::string_view program : {"build.rs", "setup.py", "nightjar.toml", "deno.json",
                                   "gradle.properties", "CMakePresets.json"}) {
    if (name == program) return std::nullopt;  // part of the program's build, or judged elsewhere
  }
  if (configures_tests(path) && !name.starts_with("settings.gradle")) return std::string(text);
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
  const auto parts = split(path, '/');
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string part = lower(parts[i]);
    for (std::string_view folder :
         {"test", "tests", "testing", "__tests__", "spec", "specs", "unittests", "unit_tests",
          "integration_tests", "e2e", "t", "testsuite", "__snapshots__", "testdata"}) {
      if (part == folder) return true;  // the last one as well: a link in a folder's place
    }
    const bool folder = i + 1 < parts.size();
    if (folder &&
        (part.starts_with("test_") || part.ends_with("_test") || part.ends_with("_tests")))
      return true;
  }
  return is_test_name(path);
}

bool is_test_name(std::string_view path) {
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
  for (std::string_view part : {".test.", ".spec.", ".tests.", "-test.", "-spec.", "_spec."}) {
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
