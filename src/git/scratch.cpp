#include "git/scratch.h"

#include <stdlib.h>

#include <chrono>

#include "base/error.h"

namespace nightjar::git {

namespace {

constexpr auto kForgotten = std::chrono::hours(24);

void sweep(const fs::path& folder) {
  std::error_code ignored;
  const auto old = fs::file_time_type::clock::now() - kForgotten;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.last_write_time(ignored) < old) remove_tree(entry.path());
  }
}

}  // namespace

Scratch::Scratch(const fs::path& git_dir) {
  const fs::path folder = git_dir / "scratch";
  fs::create_directories(folder);
  sweep(folder);
  std::string name = (folder / "XXXXXX").string();
  if (!::mkdtemp(name.data())) throw_errno("cannot create a folder in " + folder.string());
  path_ = name;
}

}  // namespace nightjar::git
