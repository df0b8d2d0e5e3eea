// `nightjar init`: what this repository shows about its build and tests, as nightjar.toml.
#include <fmt/core.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/context.h"
#include "proc/process.h"
#include "project/project.h"

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

fs::path work_tree_around(const fs::path& folder) {
  const proc::Result found = git(folder, {"rev-parse", "--show-toplevel"});
  if (found.exit_status != 0) {
    const auto said = lines(found.err);
    throw wrong_use(fmt::format("no work tree of git here ({})",
                                said.empty() ? "git gave no reason" : inert(said.front())));
  }
  std::string root = found.out;
  if (root.ends_with('\n')) root.pop_back();
  return root;
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

json::object described(const project::Config& config, const fs::path& path, bool written,
                       const std::string& toml) {
  json::array checks;
  for (const auto& check : config.checks)
    checks.push_back(
        json::object{{"name", valid_utf8(check.name)}, {"run", valid_utf8(check.run)}});
  return {{"path", valid_utf8(path.string())}, {"written", written},
          {"found", to_array(config.found)},   {"setup", to_array(config.setup)},
          {"share", to_array(config.share)},   {"checks", std::move(checks)},
          {"toml", valid_utf8(toml)}};
}

}  // namespace

int run_init(const Context& context) {
  std::error_code error;
  const fs::path here = fs::current_path(error);
  if (error) throw wrong_use("the current folder does not exist any more");
  const fs::path root = work_tree_around(here);
  const fs::path path = root / "nightjar.toml";
  const bool dry = context.call.has("--dry-run");
  if (!dry && !context.call.has("--force") && fs::exists(fs::symlink_status(path, error))) {
    throw Error(ErrorKind::Conflict,
                fmt::format("{} is there already; --force replaces it, --dry-run only prints what "
                            "would be written",
                            inert(path.string())));
  }
  const project::Config config = project::detect(tree_of(root));
  const std::string toml = project::to_toml(config);
  if (!dry) write_durably(path, toml);
  if (context.json) {
    context.print_json(described(config, path, !dry, toml));
    return kDone;
  }
  if (dry) {
    context.print(toml);
    return kDone;
  }
  for (const auto& found : config.found) context.print(fmt::format("found    {}\n", inert(found)));
  for (const auto& line : config.setup) context.print(fmt::format("setup    {}\n", inert(line)));
  for (const auto& check : config.checks)
    context.print(fmt::format("check    {}: {}\n", inert(check.name), inert(check.run)));
  if (config.checks.empty()) {
    context.print(
        "no build or test tool was recognised: write the command that must pass into [[check]]\n");
  }
  context.print(
      fmt::format("wrote    {}\n\nLook at it, then commit it: what verifies a task is the file of "
                  "the commit it starts from.\n\n"
                  "  git add nightjar.toml && git commit -m \"nightjar.toml\"\n",
                  inert(path.string())));
  return kDone;
}

}  // namespace nightjar::cli
