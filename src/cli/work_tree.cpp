#include "cli/work_tree.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <cstdlib>

#include "base/error.h"
#include "base/text.h"
#include "proc/process.h"

namespace nightjar::cli {

namespace {

constexpr size_t kMostFile = size_t{4} << 20;  // manifests and lock files are smaller

// The person's own git in the person's own repository: their configuration counts (safe.directory).
proc::Result git(const fs::path& folder, std::vector<std::string> arguments) {
  proc::Options options;
  options.argv = {"git", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false"};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  options.cwd = folder;
  options.env = proc::minimal_environment();
  for (const char* name : {"HOME", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL"}) {
    if (const char* value = std::getenv(name)) options.env[name] = value;
  }
  options.deadline = in(std::chrono::minutes(1));
  return proc::run(options);
}

// Links are not followed: what they lead to may lie outside the repository.
std::optional<std::string> read_regular(const fs::path& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  try {
    return try_read_file(path, kMostFile);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

fs::path work_tree_around(const fs::path& folder) {
  const proc::Result found = git(folder, {"rev-parse", "--show-toplevel"});
  if (found.exit_status != 0) {
    const auto said = lines(found.err);
    throw Error(ErrorKind::Invalid,
                fmt::format("no work tree of git here ({})",
                            said.empty() ? "git gave no reason" : inert(said.front())));
  }
  std::string root = found.out;
  if (root.ends_with('\n')) root.pop_back();
  return root;
}

project::Tree tree_of(const fs::path& root) {
  const proc::Result listed =
      git(root, {"ls-files", "-z", "--cached", "--others", "--exclude-standard"});
  if (listed.exit_status != 0)
    throw Error(ErrorKind::Internal, "git ls-files failed: " + inert(trimmed(listed.err)));
  project::Tree tree;
  tree.paths = split(listed.out, '\0');
  std::erase(tree.paths, "");
  tree.read = [root](const std::string& path) { return read_regular(root / path); };
  return tree;
}

}  // namespace nightjar::cli
