// Which build and test tools a repository shows. Looks at names and at a few manifests; runs
// nothing.
#include <algorithm>
#include <set>

#include "base/text.h"
#include "project/detect.h"

namespace nightjar::project {

namespace {

constexpr size_t kMostFolders = 5;
constexpr size_t kMostDepth = 2;

// Folders whose manifests are not the repository's own.
bool holds_foreign_packages(std::string_view folder) {
  static const std::set<std::string, std::less<>> kNever{
      "node_modules", "vendor",   "third_party", "thirdparty", "external", "deps",
      "examples",     "example",  "docs",        "doc",        "test",     "tests",
      "testdata",     "fixtures", "templates",   "benchmarks", ".github",  "website"};
  return kNever.contains(folder);
}

// A repository that holds its packages in subfolders: those folders, nearest first.
std::vector<std::string> package_folders(const Look& look) {
  static const std::set<std::string, std::less<>> kManifests{
      "CMakeLists.txt", "Cargo.toml", "go.mod",       "package.json", "pyproject.toml",
      "setup.py",       "pom.xml",    "build.gradle", "meson.build",  "build.gradle.kts"};
  std::set<std::pair<size_t, std::string>> folders;
  for (const auto& path : look.paths()) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos || !kManifests.contains(path.substr(slash + 1))) continue;
    const auto parts = split(path.substr(0, slash), '/');
    if (parts.size() > kMostDepth) continue;
    if (std::ranges::any_of(parts, holds_foreign_packages)) continue;
    folders.emplace(parts.size(), path.substr(0, slash));
  }
  std::vector<std::string> out;
  for (const auto& [depth, folder] : folders) {
    const bool inside = std::ranges::any_of(
        out, [&folder](const auto& outer) { return folder.starts_with(outer + "/"); });
    if (!inside && out.size() < kMostFolders) out.push_back(folder);
  }
  return out;
}

Config detect_at(const Look& look) {
  Config config;
  config.detected = true;
  if (!detect_cmake(look, config)) detect_meson(look, config);
  for (const auto detect : {detect_cargo, detect_go, detect_java, detect_node, detect_python})
    detect(look, config);
  // Native parts of another language's package: its own tests exercise them.
  if (config.checks.size() > 1 && config.checks.front().name == "ctest" && !has_cmake_tests(look)) {
    config.checks.erase(config.checks.begin());
    config.found.erase(config.found.begin());
  }
  // A Makefile beside one of these mostly calls them.
  if (config.checks.empty()) detect_make(look, config);
  if (config.checks.empty()) detect_others(look, config);
  return config;
}

// One check is just "tests"; several keep the names of their tools.
void settle_names(Config& config) {
  if (config.checks.size() == 1) config.checks.front().name = "tests";
  std::set<std::string> names;
  for (auto& check : config.checks) {
    std::string name = check.name;
    for (int i = 2; !names.insert(name).second; ++i) name = check.name + " " + std::to_string(i);
    check.name = name;
  }
}

}  // namespace

Config detect(const Tree& tree) {
  const Look root(tree, "");
  Config config = detect_at(root);
  if (config.checks.empty()) {
    for (const auto& folder : package_folders(root)) {
      const Config inside = detect_at(Look(tree, folder));
      for (const auto& check : inside.checks) {
        config.checks.push_back(
            {folder + ": " + check.name, "cd " + shell_quoted(folder) + " && " + check.run});
      }
      for (const auto& found : inside.found) config.found.push_back(found + " in " + folder);
      for (const auto& share : inside.share) config.share.push_back(folder + "/" + share);
    }
  }
  settle_names(config);
  return config;
}

std::vector<std::string> lock_files(const Tree& tree) {
  static const std::set<std::string, std::less<>> kNames{"package.json",
                                                         "package-lock.json",
                                                         "npm-shrinkwrap.json",
                                                         "yarn.lock",
                                                         "pnpm-lock.yaml",
                                                         "pnpm-workspace.yaml",
                                                         "bun.lock",
                                                         "Cargo.toml",
                                                         "Cargo.lock",
                                                         "go.mod",
                                                         "go.sum",
                                                         "poetry.lock",
                                                         "uv.lock",
                                                         "Pipfile",
                                                         "Pipfile.lock",
                                                         "pdm.lock",
                                                         "pyproject.toml",
                                                         "setup.py",
                                                         "setup.cfg",
                                                         "environment.yml",
                                                         "pom.xml",
                                                         "build.gradle",
                                                         "build.gradle.kts",
                                                         "settings.gradle",
                                                         "gradle.lockfile",
                                                         "libs.versions.toml",
                                                         "Gemfile",
                                                         "Gemfile.lock",
                                                         "composer.json",
                                                         "composer.lock",
                                                         "conanfile.txt",
                                                         "conanfile.py",
                                                         "vcpkg.json"};
  std::vector<std::string> out;
  for (const auto& path : tree.paths) {
    const auto slash = path.rfind('/');
    const std::string_view name =
        std::string_view(path).substr(slash == std::string::npos ? 0 : slash + 1);
    const std::string_view folder =
        slash == std::string::npos ? std::string_view() : std::string_view(path).substr(0, slash);
    const bool requirements =
        name.ends_with(".txt") && (name.starts_with("requirements") || folder == "requirements");
    // Deep manifests are fixtures more often than not; two levels hold workspaces.
    const bool own = !std::ranges::any_of(split(folder, '/'), holds_foreign_packages);
    if (own && std::ranges::count(path, '/') <= 2 && (kNames.contains(name) || requirements))
      out.push_back(path);
  }
  return out;
}

}  // namespace nightjar::project
