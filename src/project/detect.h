// The parts of detection, one a family of tools. Each adds the checks it is sure of and says
// whether it found its tool at all. Private to this module.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "project/project.h"

namespace nightjar::project {

/// A tree seen from one folder: paths are relative to it.
class Look {
 public:
  Look(const Tree& tree, const std::string& folder);
  bool has(std::string_view path) const { return set_.contains(path); }
  std::string text(const std::string& path) const;
  const std::vector<std::string>& paths() const { return paths_; }
  bool any(auto&& matches) const { return std::ranges::any_of(paths_, matches); }
  bool has_below(std::string_view folder) const;

 private:
  const Tree& tree_;
  std::string prefix_;
  std::vector<std::string> paths_;
  std::set<std::string, std::less<>> set_;
};

std::string_view base_name(std::string_view path);
bool contains(std::string_view text, std::string_view part);

/// Whether any of the project's CMake files registers tests.
bool has_cmake_tests(const Look& look);
bool detect_cmake(const Look& look, Config& config);
bool detect_meson(const Look& look, Config& config);
bool detect_make(const Look& look, Config& config);
bool detect_cargo(const Look& look, Config& config);
bool detect_go(const Look& look, Config& config);
bool detect_java(const Look& look, Config& config);
bool detect_node(const Look& look, Config& config);
bool detect_python(const Look& look, Config& config);
bool detect_others(const Look& look, Config& config);

}  // namespace nightjar::project
