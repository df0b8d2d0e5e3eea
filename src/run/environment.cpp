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
    out.seen.overlays.push_back({{folder}, {}, folder});
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
  for (const auto* part : {&environment.setup.installing, &environment.setup.building}) {
    digest.add_field(std::to_string(part->size()));
    for (const auto& command : *part) digest.add_field(command);
  }
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

std::optional<FailedSetup> run_setup(sandbox::Session& session,
                                     const std::vector<std::string>& commands,
                                     const SetupHooks& hooks, std::string_view said_before) {
  for (const auto& line : commands) {
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

// Lays what one part of setup left, in `folder`, over what is seen.
void add_layers(Surroundings& seen, const fs::path& folder) {
  seen.tree.insert(seen.tree.begin(), sandbox::written_folder(folder / "tree"));
  add_cache_uppers(seen.overlays, folder / "caches");  // packages that setup fetched
  const auto home = std::ranges::find(seen.overlays, fs::path(kHome), &sandbox::Layers::target);
  const fs::path written = sandbox::written_folder(folder / "home");
  if (home == seen.overlays.end())
    seen.overlays.insert(seen.overlays.begin(), {{written}, {}, fs::path(kHome)});
  else
    home->lowers.insert(home->lowers.begin(), written);
}

std::optional<NeedsPerson> run_part(const Job& job, const git::Mirror& mirror,
                                    const Environment& environment,
                                    const std::vector<std::string>& commands,
                                    const fs::path& folder, const SetupHooks& hooks) {
  fs::create_directories(folder);
  sandbox::Policy policy = stage_policy(job, environment, mirror, job.base_commit, folder, true);
  policy.network = environment.config.network;
  if (policy.network) {
    for (const auto& [name, value] : offline_settings()) policy.env.erase(name);
  }
  const auto home = std::ranges::find(policy.overlays, fs::path(kHome), &sandbox::Layers::target);
  if (home == policy.overlays.end())
    policy.overlays.insert(policy.overlays.begin(), {{}, folder / "home", fs::path(kHome)});
  else
    home->upper = folder / "home";
  const auto session = start_to_keep(policy);
  const auto failed = run_setup(*session, commands, hooks, "setup: ");
  session->stop();
  if (!failed) return std::nullopt;
  std::string tail = inert(trimmed(failed->output), true);
  if (tail.size() > 1500) tail = "…" + tail.substr(tail.size() - 1500);
  return NeedsPerson{"environment not ready: " + failed->words +
                     (policy.network
                          ? ""
                          : " (it ran without network; 'network = true' under [environment] in "
                            "nightjar.toml allows it)") +
                     "\n" + tail};
}

constexpr const char* kPackages = "packages";
constexpr const char* kBuilt = "built";

// Into a folder of each part.
std::optional<NeedsPerson> make_snapshot(const Job& job, const git::Mirror& mirror,
                                         Environment environment, const fs::path& snapshot,
                                         const SetupHooks& hooks) {
  if (environment.config.network && !job.network_allowed) {
    return NeedsPerson{
        "setup of this repository wants the network (nightjar.toml: network = true). Allow it "
        "once with: nightjar retry " +
        job.task + " --allow-network"};
  }
  const fs::path scratch = snapshot.string() + ".making";
  if (!remove_tree(scratch)) throw Error(ErrorKind::Internal, "cannot empty " + scratch.string());
  const auto make = [&](const char* name, const std::vector<std::string>& commands) {
    auto failed = run_part(job, mirror, environment, commands, scratch / name, hooks);
    if (failed) remove_tree(scratch);
    return failed;
  };
  if (!environment.setup.installing.empty()) {
    if (auto failed = make(kPackages, environment.setup.installing)) return failed;
    add_layers(environment.seen, scratch / kPackages);
  }
  if (!environment.setup.building.empty()) {
    if (auto failed = make(kBuilt, environment.setup.building)) return failed;
  }
  fs::rename(scratch, snapshot);
  sync_folder(snapshot.parent_path());
  return std::nullopt;
}

// What a build with the network fetched stays also where what it built does not: without network,
// another run of the same commands finds it there.
void see_snapshot(Environment& environment, const fs::path& snapshot) {
  if (!environment.setup.installing.empty()) add_layers(environment.seen, snapshot / kPackages);
  environment.packages = environment.seen;
  if (environment.setup.building.empty()) return;
  add_layers(environment.seen, snapshot / kBuilt);
  if (environment.config.network)
    add_cache_uppers(environment.packages.overlays, snapshot / kBuilt / "caches");
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
  for (auto& cache : cache_layers(job, out.config)) out.seen.overlays.push_back(std::move(cache));
  out.setup = in_parts(out.config.setup, tree);
  out.key = environment_key(job, tree, out);
  files.keep();
  out.packages = out.seen;
  if (out.config.setup.empty()) return out;

  const fs::path snapshot = job.state / "snapshots" / out.key;
  fs::create_directories(snapshot.parent_path());
  // One run makes the snapshot; the others wait for it here.
  for (;;) {
    if (fs::exists(snapshot)) break;
    const auto lock = FileLock::try_acquire(snapshot.string() + ".lock");
    if (lock) {
      if (fs::exists(snapshot)) break;
      if (auto failed = make_snapshot(job, mirror, out, snapshot, hooks))
        return std::unexpected(std::move(*failed));
      break;
    }
    FileLock::wait_until_free(snapshot.string() + ".lock", hooks.stop);
  }
  fs::last_write_time(snapshot, fs::file_time_type::clock::now());
  see_snapshot(out, snapshot);
  return out;
}

sandbox::Policy stage_policy(const Job& job, const Environment& environment,
                             const git::Mirror& mirror, std::string_view commit,
                             const fs::path& folder, bool keep_caches) {
  sandbox::Policy policy;
  policy.tree.lowers = environment.seen.tree;
  policy.tree.lowers.push_back(mirror.checkout(checkouts_of(job), commit));
  policy.tree.upper = folder / "tree";
  policy.tree.target = job.spec.repo;
  policy.overlays = environment.seen.overlays;
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

Environment without_what_setup_built(const Environment& environment) {
  Environment out = environment;
  out.seen = environment.packages;
  return out;
}

std::string set_up_again(sandbox::Session& session, const Environment& environment,
                         const SetupHooks& hooks) {
  const auto failed =
      run_setup(session, environment.setup.building, hooks, "setup over the change: ");
  return failed ? failed->words : "";
}

}  // namespace nightjar::run
