// `nightjar init`: what this repository shows about its build and tests, as nightjar.toml.
#include <fmt/core.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/context.h"
#include "cli/work_tree.h"
#include "project/project.h"

namespace nightjar::cli {

namespace {

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
