// What a repository says, or shows, about how it is built and tested.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/check.h"

namespace nightjar::project {

/// nightjar.toml, or what was detected in its place.
struct Config {
  std::vector<std::string> setup;
  bool network = false;
  std::vector<std::string> caches;  ///< "~/.m2/repository"
  std::vector<std::string> share;   ///< ".venv", "node_modules"
  std::vector<core::CheckSpec> checks;
  bool detected = false;           ///< no nightjar.toml: guessed
  std::vector<std::string> found;  ///< for people: "CMake project with ctest"
  bool operator==(const Config&) const = default;
};

/// Unknown keys and wrong types are errors with their line: "nightjar.toml:4: unknown key 'setpu';
/// ...".
std::expected<Config, std::string> parse(std::string_view toml);
/// The file that `parse` reads back to the same Config, with comments for people.
std::string to_toml(const Config& config);

/// How detection looks at a tree: by path ("" is the root); nullopt where there is no such file.
struct Tree {
  std::function<std::optional<std::string>(const std::string& path)> read;
  std::vector<std::string> paths;  ///< every file of the commit
};
/// CMake/ctest, Make, Meson, pytest/unittest, npm/vitest/jest/node, cargo, go, Maven/Gradle.
Config detect(const Tree& tree);
/// Files that decide what setup installs (lock files, manifests): part of the snapshot's key.
std::vector<std::string> lock_files(const Tree& tree);

}  // namespace nightjar::project
