// What the runner asks of a run's base before anything else stands: its paths, and the few files
// that say how it is set up and checked. A commit never changes, so both are kept beside its
// checkout: asking git takes a process each time.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "git/repository.h"
#include "project/project.h"

namespace nightjar::run {

/// One thread. `mirror` must outlive it.
class BaseFiles {
 public:
  static constexpr size_t kLargest = size_t{4} << 20;

  BaseFiles(const git::Mirror& mirror, std::filesystem::path checkouts, std::string commit);
  BaseFiles(const BaseFiles&) = delete;
  BaseFiles& operator=(const BaseFiles&) = delete;

  /// Refers to this object.
  project::Tree tree();
  /// nullopt where there is none, or it is larger than kLargest.
  std::optional<std::string> read(const std::string& path);
  /// Writes what was learned to the disk, for the next run.
  void keep() const;

 private:
  std::filesystem::path beside(const char* what) const;

  const git::Mirror& mirror_;
  std::filesystem::path checkouts_;
  std::string commit_;
  std::map<std::string, std::optional<std::string>> known_;
  bool has_news_ = false;
};

}  // namespace nightjar::run
