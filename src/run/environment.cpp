#include "run/environment.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "run/base_files.h"
#include "run/caches.h"
#include "run/setup_commands.h"

namespace nightjar::run {

namespace {

constexpr std::string_view kHome = "/home/nightjar";

std::expected<project::Config, NeedsPerson> read_config(const Job& job, const project::Tree& tree) {
  project::Config config;
  if (const auto text = tree.read("nightjar.toml")) {
    auto parsed = project::parse(*text);
    if (!parsed) return std::unexpected(NeedsPerson{parsed.error()});
    config = std::move(*parsed);
  } else {
    config = project::detect(tree);
  }
  if (!job.spec.check_commands.empty()) {
    config.checks.clear();
    for (const auto& command : job.spec.check_commands) {
      const size_t number = config.checks.size() + 1;
      config.checks.push_back({number == 1 ? "check" : "check " + std::to_string(number), command});
    }
  }
  return config;
}

// The person's own folder is shared only where the lock files beside it are the base's: then what
// it holds is what the base wants.
void share_folders(const Job& job, const project::Tree& tree, Environment& out) {
  const fs::path root = job.spec.repo;
  std::string differs;
  for (const auto& lock : project::lock_files(tree)) {
    const auto theirs = try_read_file(root / lock, BaseFiles::kLargest);
    if (theirs != tree.read(lock)) differs = lock;
  }
  for (const auto& name : out.config.share) {
    const fs::path folder = root / name;
    std::error_code ignored;
    if (!fs::is_directory(fs::symlink_status(folder, ignored))) continue;
    if (!differs.empty()) {
      out.notes.push_back(
          fmt::format("{} is not shared: your {} is not the base's", name, differs));
      continue;
    }
    out.overlays.push_back({{folder}, {}, folder});
    const fs::path bin = folder / "bin";
    if (fs::exists(folder / "pyvenv.cfg", ignored)) {
      const fs::path python = fs::canonical(bin / "python3", ignored);
      if (!ignored)
        out.tools = sandbox::host_tools(job.tool_path + ":" + python.parent_path().string());
      out.env["VIRTUAL_ENV"] = folder.string();
      out.tools.path = bin.string() + ":" + out.tools.path;
    }
  }
}

std::string environment_key(const Job& job, const project::Tree& tree,
                            const Environment& environment) {
  Digest digest;
  digest.add_field(job.spec.repo);
  for (const auto& command : environment.config.setup) digest.add_field(command);
  digest.add_field(environment.tools.path);
  for (const auto& lock : project::lock_files(tree)) {
    digest.add_field(lock);
    digest.add_field(tree.read(lock).value_or(""));
  }
  // Setup may read any file of its commit.
  const bool locked = std::ranges::all_of(
      environment.config.setup,
      [&tree](const std::string& command) { return installs_from_lock_files(command, tree); });
  if (!locked) digest.add_field(job.base_commit);
  return digest.hex().substr(0, 32);
}

struct FailedSetup {
  std::string words, output;
};

std::optional<FailedSetup> run_setup(sandbox::Session& session, const Environment& environment,
                                     const SetupHooks& hooks, std::string_view said_before) {
  for (const auto& line : environment.config.setup) {
    hooks.say(std::string(said_before) + line);
    sandbox::Command command{.argv = {"/bin/sh", "-c", line}};
    command.deadline = hooks.deadline;
    command.stop = hooks.stop;
    command.on_output = hooks.log;
    auto result = session.run(command);
    if (result.ended != sandbox::Ended::ByItself || result.exit_status != 0)
      return FailedSetup{"setup command '" + inert(line) + "' ended with status " +
                             std::to_string(result.exit_status),
                         std::move(result.output)};
  }
  return std::nullopt;
}

// Where an overlay cannot stand on the disk (inside Docker), what is written goes to memory, and is
// gone with the sandbox: copied trees stay.
std::unique_ptr<sandbox::Session> start_to_keep(sandbox::Policy policy) {
  auto session = sandbox::Session::start(policy);
  if (session->tree_kind() == "overlay") return session;
  session->stop();
  policy.force_tree = sandbox::TreeKind::Clone;
  return sandbox::Session::start(policy);
}

std::expected<void, NeedsPerson> run_setup(const Job& job, const git::Mirror& mirror,
                                           Environment& environment, const fs::path& snapshot,
                                           const SetupHooks& hooks) {
  const bool network = environment.config.network;
  if (network && !job.network_allowed) {
    return std::unexpected(
        NeedsPerson{"setup of this repository wants the network (nightjar.toml: network = true). "
                    "Allow it once with: "
                    "nightjar retry " +
                    job.task + " --allow-network"});
  }
  const fs::path scratch = snapshot.string() + ".making";
  if (!remove_tree(scratch)) throw Error(ErrorKind::Internal, "cannot empty " + scratch.string());
  fs::create_directories(scratch);
  sandbox::Policy policy = stage_policy(job, environment, mirror, job.base_commit, scratch, true);
  policy.network = network;
  if (network) {
    for (const auto& [name, value] : offline_settings()) policy.env.erase(name);
  }
  policy.overlays.insert(policy.overlays.begin(), {{}, scratch / "home", fs::path(kHome)});
  const auto session = start_to_keep(policy);
  if (const auto failed = run_setup(*session, environment, hooks, "setup: ")) {
    session->stop();
    remove_tree(scratch);
    std::string tail = inert(trimmed(failed->output), true);
    if (tail.size() > 1500) tail = "…" + tail.substr(tail.size() - 1500);
    return std::unexpected(
        NeedsPerson{"environment not ready: " + failed->words +
                    (network ? ""
                             : " (it ran without network; 'network = true' under [environment] "
                               "in nightjar.toml allows it)") +
                    "\n" + tail});
  }
  session->stop();
  fs::rename(scratch, snapshot);
  sync_folder(snapshot.parent_path());
  return {};
}

}  // namespace

git::Mirror mirror_of(const Job& job) {
  return git::Mirror::open(job.state / "mirrors", job.spec.repo);
}
fs::path checkouts_of(const Job& job) { return job.state / "checkouts"; }

std::expected<Environment, NeedsPerson> prepare_environment(const Job& job,
                                                            const git::Mirror& mirror,
                                                            const SetupHooks& hooks) {
  BaseFiles files(mirror, checkouts_of(job), job.base_commit);
  const project::Tree tree = files.tree();
  auto config = read_config(job, tree);
  if (!config) return std::unexpected(config.error());
  Environment out;
  out.config = std::move(*config);
  out.tools = sandbox::host_tools(job.tool_path);
  share_folders(job, tree, out);
  for (auto& cache : cache_layers(job, out.config)) out.overlays.push_back(std::move(cache));
  out.key = environment_key(job, tree, out);
  out.setup_builds = !std::ranges::all_of(out.config.setup, [&tree](const std::string& command) {
    return only_installs(command, tree);
  });
  files.keep();
  if (out.config.setup.empty()) return out;

  const fs::path snapshot = job.state / "snapshots" / out.key;
  fs::create_directories(snapshot.parent_path());
  // One run makes the snapshot; the others wait for it here.
  for (;;) {
    if (fs::exists(snapshot)) break;
    const auto lock = FileLock::try_acquire(snapshot.string() + ".lock");
    if (lock) {
      if (fs::exists(snapshot)) break;
      if (auto done = run_setup(job, mirror, out, snapshot, hooks); !done)
        return std::unexpected(done.error());
      break;
    }
    FileLock::wait_until_free(snapshot.string() + ".lock", hooks.stop);
  }
  fs::last_write_time(snapshot, fs::file_time_type::clock::now());
  out.snapshot_tree.push_back(sandbox::written_folder(snapshot / "tree"));
  add_cache_uppers(out.overlays, snapshot / "caches");  // packages that setup fetched
  out.overlays.insert(out.overlays.begin(),
                      {{sandbox::written_folder(snapshot / "home")}, {}, fs::path(kHome)});
  return out;
}

sandbox::Policy stage_policy(const Job& job, const Environment& environment,
                             const git::Mirror& mirror, std::string_view commit,
                             const fs::path& folder, bool keep_caches) {
  sandbox::Policy policy;
  policy.tree.lowers = environment.snapshot_tree;
  policy.tree.lowers.push_back(mirror.checkout(checkouts_of(job), commit));
  policy.tree.upper = folder / "tree";
  policy.tree.target = job.spec.repo;
  policy.overlays = environment.overlays;
  if (keep_caches) place_cache_uppers(policy.overlays, folder / "caches");
  policy.tools = environment.tools.mounts;
  policy.path = environment.tools.path;
  policy.env = environment.tools.env;
  for (const auto& [name, value] : environment.env) policy.env[name] = value;
  for (const auto& [name, value] : tool_settings()) policy.env[name] = value;
  for (const auto& [name, value] : offline_settings()) policy.env[name] = value;
  policy.helper = job.helper;
  policy.memory_bytes = job.memory_bytes;
  policy.disk_bytes = job.disk_bytes;
  return policy;
}

Environment without_setups_products(const Environment& environment) {
  Environment out = environment;
  if (!made_again(environment)) return out;
  out.snapshot_tree.clear();
  std::erase_if(out.overlays, [](const auto& layers) { return layers.target == fs::path(kHome); });
  return out;
}

bool made_again(const Environment& environment) {
  return environment.setup_builds && !environment.config.network;
}

std::string set_up_again(sandbox::Session& session, const Environment& environment,
                         const SetupHooks& hooks) {
  if (!made_again(environment)) return "";
  const auto failed = run_setup(session, environment, hooks, "setup over the change: ");
  return failed ? failed->words : "";
}

}  // namespace nightjar::run
