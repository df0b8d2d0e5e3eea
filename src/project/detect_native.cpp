// Tools of compiled languages, and those that are recognised by one file alone.
#include <array>

#include "base/text.h"
#include "project/detect.h"

namespace nightjar::project {

Look::Look(const Tree& tree, const std::string& folder)
    : tree_(tree), prefix_(folder.empty() ? "" : folder + "/") {
  for (const auto& path : tree.paths) {
    if (path.starts_with(prefix_)) paths_.push_back(path.substr(prefix_.size()));
  }
  set_.insert(paths_.begin(), paths_.end());
}

std::string Look::text(const std::string& path) const {
  return has(path) ? tree_.read(prefix_ + path).value_or("") : "";
}

bool Look::has_below(std::string_view folder) const {
  const std::string prefix = std::string(folder) + "/";
  const auto at = set_.lower_bound(prefix);
  return at != set_.end() && at->starts_with(prefix);
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

namespace {

constexpr size_t kMostCmakeFiles = 200;

// The name in "option(NAME ...", "cmake_dependent_option(NAME ...", "set(NAME OFF CACHE BOOL ...".
std::string option_name(std::string_view line) {
  const std::string small = lower(trimmed(line));
  const bool option = small.starts_with("option(") || small.starts_with("option (") ||
                      small.starts_with("cmake_dependent_option(") ||
                      small.starts_with("cmake_dependent_option (") ||
                      (small.starts_with("set(") && contains(small, " cache bool"));
  if (!option) return "";
  const std::string plain = trimmed(line);
  std::string name = trimmed(std::string_view(plain).substr(plain.find('(') + 1));
  name = name.substr(0, name.find_first_of(" \t\")"));
  return contains(name, "$") ? "" : name;
}

bool switches_tests_on(std::string_view name) {
  const std::string small = lower(name);
  for (std::string_view other : {"fuzz", "bench", "coverage", "install", "disable", "skip", "no_",
                                 "without", "system", "external", "bundled", "perf", "cuda",
                                 "download", "valgrind", "only", "compile", "compat"}) {
    if (contains(small, other)) return false;
  }
  return small == "test" || small.ends_with("tests") || small.ends_with("_test") ||
         small.ends_with("testing") || small.ends_with("testsuite") ||
         small.ends_with("build_test") || small.ends_with("enable_test");
}

std::string testing_options(const Look& look) {
  std::string out = " -DBUILD_TESTING=ON";
  std::set<std::string> seen{"BUILD_TESTING"};
  std::vector<std::string> files{"CMakeLists.txt"};
  for (const auto& path : look.paths()) {
    if (path.ends_with(".cmake") && std::ranges::count(path, '/') <= 1 && files.size() < 20)
      files.push_back(path);
  }
  for (const auto& file : files) {
    const std::string content = look.text(file);
    for (const auto& line : lines(content)) {
      const std::string name = option_name(line);
      if (!name.empty() && switches_tests_on(name) && seen.insert(name).second)
        out += " -D" + shell_quoted(name) + "=ON";
    }
  }
  return out;
}

std::string build_folder(const Look& look) {
  return look.has_below("build") || look.has("build") ? "build-nightjar" : "build";
}

// The targets of a Makefile's rules.
bool has_target(std::string_view makefile, std::string_view wanted) {
  for (const auto& line : lines(makefile)) {
    if (line.empty() || line.front() == '\t' || line.front() == '#' || line.front() == ' ' ||
        line.front() == '.')
      continue;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || line.substr(colon).starts_with(":=") ||
        line.substr(colon).starts_with("::="))
      continue;
    for (const auto& target : split(trimmed(line.substr(0, colon)), ' ')) {
      if (target == wanted) return true;
    }
  }
  return false;
}

}  // namespace

bool has_cmake_tests(const Look& look) {
  size_t read = 0;
  for (const auto& path : look.paths()) {
    if (base_name(path) != "CMakeLists.txt" && !path.ends_with(".cmake")) continue;
    if (++read > kMostCmakeFiles) break;
    const std::string small = lower(look.text(path));
    if (contains(small, "add_test") || contains(small, "include(ctest)") ||
        contains(small, "discover_tests") || contains(small, "enable_testing")) {
      return true;
    }
  }
  return false;
}

bool detect_cmake(const Look& look, Config& config) {
  if (!look.has("CMakeLists.txt")) return false;
  const std::string folder = build_folder(look);
  // Without any test ctest says so: then the check still catches what does not compile, and proves
  // no more.
  config.checks.push_back({"ctest", "cmake -S . -B " + folder + " -DCMAKE_BUILD_TYPE=Debug" +
                                        testing_options(look) + " && cmake --build " + folder +
                                        " -j$(nproc) && ctest --test-dir " + folder +
                                        " --output-on-failure"});
  config.found.push_back(has_cmake_tests(look) ? "CMake project with ctest"
                                               : "CMake project without tests of its own");
  return true;
}

bool detect_meson(const Look& look, Config& config) {
  if (!look.has("meson.build")) return false;
  const std::string folder = build_folder(look);
  config.checks.push_back(
      {"meson", "meson setup " + folder + " && meson test -C " + folder + " --print-errorlogs"});
  config.found.push_back("Meson project");
  return true;
}

bool detect_make(const Look& look, Config& config) {
  for (const char* name : {"GNUmakefile", "makefile", "Makefile"}) {
    const std::string content = look.text(name);
    for (const char* target : {"check", "test", "tests"}) {
      if (!has_target(content, target)) continue;
      config.checks.push_back({"make", std::string("make ") + target});
      config.found.push_back(std::string(name) + " with the target '" + target + "'");
      return true;
    }
  }
  if (look.has("configure.ac") && look.has("Makefile.am")) {
    const std::string generate = look.has("configure")    ? ""
                                 : look.has("autogen.sh") ? "sh ./autogen.sh && "
                                                          : "autoreconf -fi && ";
    config.checks.push_back({"make", generate + "./configure && make -j$(nproc) && make check"});
    config.found.push_back("Autotools project");
    return true;
  }
  return false;
}

bool detect_cargo(const Look& look, Config& config) {
  if (!look.has("Cargo.toml")) return false;
  const std::string manifest = look.text("Cargo.toml");
  const bool workspace = contains(manifest, "[workspace]") || contains(manifest, "[workspace.");
  config.checks.push_back(
      {"cargo", workspace ? "cargo test --workspace --no-fail-fast" : "cargo test --no-fail-fast"});
  config.found.push_back(workspace ? "Cargo workspace" : "Cargo package");
  return true;
}

bool detect_go(const Look& look, Config& config) {
  if (!look.has("go.mod")) return false;
  config.checks.push_back({"go", "go test ./..."});
  config.found.push_back("Go module");
  return true;
}

bool detect_java(const Look& look, Config& config) {
  if (look.has("pom.xml")) {
    const std::string tool = look.has("mvnw") ? "sh ./mvnw" : "mvn";
    config.checks.push_back({"maven", tool + " -B -o --fail-at-end test"});
    config.found.push_back("Maven project");
    return true;
  }
  const bool gradle = look.has("build.gradle") || look.has("build.gradle.kts") ||
                      look.has("settings.gradle") || look.has("settings.gradle.kts");
  if (!gradle) return false;
  const std::string tool = look.has("gradlew") ? "sh ./gradlew" : "gradle";
  config.checks.push_back({"gradle", tool + " --offline --no-daemon --continue test"});
  config.found.push_back("Gradle project");
  return true;
}

bool detect_others(const Look& look, Config& config) {
  struct Other {
    std::string_view marker, run, found;
  };
  for (const auto& [marker, run, found] :
       {Other{"Makefile.PL", "prove -lr t", "Perl distribution"},
        Other{"Build.PL", "prove -lr t", "Perl distribution"},
        Other{"cpanfile", "prove -lr t", "Perl distribution"},
        Other{"mix.exs", "mix test", "Mix project"},
        Other{".rspec", "bundle exec rspec", "Ruby project with RSpec"},
        Other{"phpunit.xml", "vendor/bin/phpunit", "PHP project with PHPUnit"},
        Other{"phpunit.xml.dist", "vendor/bin/phpunit", "PHP project with PHPUnit"},
        Other{"Package.swift", "swift test", "Swift package"},
        Other{"build.zig", "zig build test", "Zig project"}}) {
    if (!look.has(marker)) continue;
    config.checks.push_back({"tests", std::string(run)});
    config.found.emplace_back(found);
    return true;
  }
  return false;
}

}  // namespace nightjar::project
