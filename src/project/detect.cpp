// Which build and test tools a tree shows. Looks at names and a few manifests; runs nothing.
#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "project/project.h"

namespace nightjar::project {

namespace {

class Detector {
 public:
  explicit Detector(const Tree& tree) : tree_(tree), paths_(tree.paths.begin(), tree.paths.end()) {}

  Config detect() {
    config_.detected = true;
    cmake();
    if (config_.checks.empty()) meson();
    cargo();
    go();
    node();
    python();
    java();
    if (config_.checks.empty()) make();
    return std::move(config_);
  }

 private:
  bool has(const std::string& path) const { return paths_.contains(path); }
  std::string text(const std::string& path) const { return has(path) ? tree_.read(path).value_or("") : ""; }
  bool any_path(auto&& matches) const { return std::ranges::any_of(tree_.paths, matches); }

  void add(std::string name, std::string run, std::string found) {
    config_.checks.push_back({std::move(name), std::move(run)});
    config_.found.push_back(std::move(found));
  }

  // Options such as BUILD_TESTING or FMT_TEST that switch the suite on.
  std::string testing_options(std::string_view cmake) const {
    std::string out = " -DBUILD_TESTING=ON";
    for (const auto line : lines(cmake)) {
      const std::string plain = trimmed(line);
      const std::string small = lower(plain);
      if (!small.starts_with("option(") && !small.starts_with("option (")) continue;
      const auto open = plain.find('(');
      std::string name = trimmed(std::string_view(plain).substr(open + 1));
      name = name.substr(0, name.find_first_of(" \t\")"));
      const std::string small_name = lower(name);
      if (name == "BUILD_TESTING" || name.find('$') != std::string::npos) continue;
      const bool tests = small_name.ends_with("_test") || small_name.ends_with("_tests") || small_name.ends_with("_testing") ||
                         small_name.ends_with("build_tests") || small_name.ends_with("build_test");
      if (tests) out += " -D" + name + "=ON";
    }
    return out;
  }

  void cmake() {
    if (!has("CMakeLists.txt")) return;
    const bool tests = any_path([&](const std::string& path) {
      return (path == "CMakeLists.txt" || path.ends_with("/CMakeLists.txt") || path.ends_with(".cmake")) && mentions_tests(path);
    });
    const std::string build = "cmake -S . -B build -DCMAKE_BUILD_TYPE=Debug" + testing_options(text("CMakeLists.txt")) + " && cmake --build build -j2";
    if (tests) {
      add("tests", build + " && ctest --test-dir build --output-on-failure", "CMake project with ctest");
    } else {
      add("build", build, "CMake project without tests");
    }
  }

  bool mentions_tests(const std::string& path) const {
    const std::string small = lower(text(path));
    return small.find("enable_testing") != std::string::npos || small.find("add_test") != std::string::npos ||
           small.find("include(ctest)") != std::string::npos || small.find("gtest_discover_tests") != std::string::npos;
  }

  void meson() {
    if (!has("meson.build")) return;
    add("tests", "meson setup build && meson test -C build --print-errorlogs", "Meson project");
  }

  void make() {
    for (const char* name : {"GNUmakefile", "Makefile", "makefile"}) {
      const std::string content = text(name);
      for (const char* target : {"check", "test", "tests"}) {
        for (const auto line : lines(content)) {
          if (!line.starts_with(std::string(target) + ":")) continue;
          return add("tests", std::string("make ") + target, std::string("Makefile with target ") + target);
        }
      }
    }
  }

  void cargo() {
    if (has("Cargo.toml")) add("cargo tests", "cargo test", "Cargo package");
  }

  void go() {
    if (has("go.mod")) add("go tests", "go test ./...", "Go module");
  }

  void node() {
    if (!has("package.json")) return;
    const auto parsed = parse_json(text("package.json"));
    if (!parsed || !parsed->is_object()) return;
    const auto& package = parsed->get_object();
    const std::string script = get_string(get_object(package, "scripts"), "test");
    const auto depends = [&](std::string_view name) {
      return get_object(package, "devDependencies").contains(name) || get_object(package, "dependencies").contains(name);
    };
    const bool placeholder = script.find("no test specified") != std::string::npos;
    std::string run;
    std::string found;
    const bool one_tool = script.find("&&") == std::string::npos && script.find(';') == std::string::npos;
    if (script.find("vitest") != std::string::npos || (script.empty() && depends("vitest"))) {
      run = "npx vitest run --reporter=verbose";
      found = "npm package with vitest";
    } else if ((script.find("jest") != std::string::npos && one_tool) || (script.empty() && depends("jest"))) {
      run = script.find("jest") != std::string::npos && script != "jest" ? "npm test -- --verbose" : "npx jest --verbose";
      found = "npm package with jest";
    } else if (script.find("mocha") != std::string::npos && one_tool) {
      run = "npm test";
      found = "npm package with mocha";
    } else if (!script.empty() && !placeholder) {
      run = "npm test";
      found = "npm package with a test script";
    } else {
      return;
    }
    if (!get_object(package, "dependencies").empty() || !get_object(package, "devDependencies").empty()) config_.share.emplace_back("node_modules");
    add("npm tests", std::move(run), std::move(found));
  }

  void python() {
    const bool manifest = has("pyproject.toml") || has("setup.py") || has("setup.cfg") || has("requirements.txt") || has("tox.ini");
    const auto base_name = [](const std::string& path) { return path.substr(path.rfind('/') + 1); };
    const bool test_files = any_path([&](const std::string& path) {
      const std::string name = base_name(path);
      return name.ends_with(".py") && (name.starts_with("test_") || name.ends_with("_test.py") || name == "tests.py");
    });
    if (!test_files || (!manifest && !any_path([](const std::string& path) { return path.ends_with(".py") && path.find('/') == std::string::npos; }) &&
                        !any_path([](const std::string& path) { return path.starts_with("test"); }))) {
      return;
    }
    const std::string all = text("pyproject.toml") + text("setup.cfg") + text("tox.ini") + text("pytest.ini") + text("requirements.txt") +
                            text("requirements-dev.txt") + text("setup.py");
    const bool pytest = has("pytest.ini") || all.find("pytest") != std::string::npos ||
                        any_path([&](const std::string& path) { return base_name(path) == "conftest.py"; }) || imports_pytest();
    config_.share.emplace_back(".venv");
    if (pytest) {
      add("python tests", "python3 -m pytest -q", "Python project with pytest");
    } else {
      add("python tests", "python3 -m unittest discover -v" + unittest_folder(), "Python project with unittest");
    }
  }

  bool imports_pytest() const {
    int looked = 0;
    for (const auto& path : tree_.paths) {
      const std::string name = path.substr(path.rfind('/') + 1);
      if (!name.starts_with("test") || !name.ends_with(".py")) continue;
      const std::string content = text(path);
      if (content.find("import pytest") != std::string::npos) return true;
      if (content.find("unittest") == std::string::npos && content.find("def test_") != std::string::npos) return true;
      if (++looked == 20) break;
    }
    return false;
  }

  std::string unittest_folder() const {
    for (const char* folder : {"tests", "test"}) {
      const std::string prefix = std::string(folder) + "/";
      if (!has(prefix + "__init__.py") && any_path([&](const std::string& path) { return path.starts_with(prefix + "test"); })) return " -s " + std::string(folder);
    }
    return "";
  }

  void java() {
    if (has("pom.xml")) {
      add("maven tests", std::string(has("mvnw") ? "sh ./mvnw" : "mvn") + " -B -o test", "Maven project");
    } else if (has("build.gradle") || has("build.gradle.kts")) {
      add("gradle tests", std::string(has("gradlew") ? "sh ./gradlew" : "gradle") + " --offline --no-daemon test", "Gradle project");
    }
  }

  const Tree& tree_;
  std::set<std::string> paths_;
  Config config_;
};

}  // namespace

Config detect(const Tree& tree) { return Detector(tree).detect(); }

std::vector<std::string> lock_files(const Tree& tree) {
  static const std::set<std::string, std::less<>> kNames{
      "package-lock.json", "npm-shrinkwrap.json", "yarn.lock",    "pnpm-lock.yaml", "package.json",     "Cargo.lock",     "Cargo.toml",
      "go.mod",            "go.sum",              "poetry.lock",  "uv.lock",        "Pipfile.lock",     "pyproject.toml", "setup.py",
      "setup.cfg",         "requirements.txt",    "Gemfile.lock", "pom.xml",        "build.gradle",     "build.gradle.kts"};
  std::vector<std::string> out;
  for (const auto& path : tree.paths) {
    const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
    const bool requirements = name.starts_with("requirements") && name.ends_with(".txt");
    if (path.find('/') == std::string::npos && (kNames.contains(name) || requirements)) out.push_back(path);
  }
  return out;
}

}  // namespace nightjar::project
