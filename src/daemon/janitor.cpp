#include "daemon/janitor.h"

#include <algorithm>
#include <set>

#include "base/file.h"
#include "daemon/programs.h"
#include "run/job.h"

namespace nightjar::daemon {

namespace {

bool held(const fs::path& run_folder) { return FileLock::is_held(run_folder / run::kLockFile); }

std::vector<fs::path> children(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) out.push_back(entry.path());
  std::ranges::sort(out);
  return out;
}

std::string name_of(const fs::path& path) { return path.filename().string(); }

std::string task_of(const fs::path& run_folder) {
  const std::string name = name_of(run_folder);
  return name.substr(0, name.rfind('.'));
}

// What has another name was put there by somebody else, and stays.
bool is_hex(std::string_view name, std::initializer_list<size_t> sizes) {
  return std::ranges::find(sizes, name.size()) != sizes.end() &&
         name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_run(std::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == name.size()) return false;
  return name.substr(0, dot).find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz") ==
             std::string_view::npos &&
         name.substr(dot + 1).find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_checkout(std::string_view name) { return is_hex(name, {40, 64}); }
bool is_snapshot(std::string_view name) { return is_hex(name, {32}); }

struct Sweep {
  json::array items;
  unsigned long long bytes = 0;
  bool dry_run;

  void free(std::string_view what, const fs::path& path) {
    const auto size = disk_use(path);
    // Renamed first: nobody who looks for the name later finds half of it.
    if (!dry_run) {
      const fs::path gone = path.string() + std::string(kFreeing);
      std::error_code failed;
      fs::rename(path, gone, failed);
      if (!remove_tree(failed ? path : gone)) return;
    }
    items.push_back(json::object{{"what", what}, {"path", path.string()}, {"bytes", size}});
    bytes += size;
  }

  static constexpr std::string_view kFreeing = ".freeing";
};

void free_old_runs(Sweep& sweep, const store::Store& store, const Config& config,
                   const Places& places) {
  const Time old = now() - std::chrono::days(config.keep_days);
  for (const auto& folder : children(places.state / "runs")) {
    if (!is_run(name_of(folder)) || held(folder)) continue;
    const auto task = store.task(task_of(folder));
    const bool known = task && task->run(name_of(folder));
    if (!known || (core::is_ended(task->state) && task->updated <= old))
      sweep.free("logs of an ended task", folder);
  }
}

void free_checkout(Sweep& sweep, const fs::path& folder) {
  const std::string path = folder.string();
  if (FileLock::is_held(path + ".lock")) return;
  if (!sweep.dry_run) fs::remove(path + ".complete");
  for (const char* beside : {".paths", ".manifests", ".texts", ".blobs"}) {
    std::error_code none;
    const auto size = fs::file_size(path + beside, none);
    if (none) continue;
    sweep.bytes += size;
    if (!sweep.dry_run) fs::remove(path + beside);
  }
  sweep.free("checkout that no task uses", folder);
  if (!sweep.dry_run) fs::remove(path + ".lock");
}

/// What a process that was killed left half made or half removed, in a folder of ours.
void sweep_halves(const fs::path& folder, bool (*ours)(std::string_view)) {
  for (const auto& path : children(folder)) {
    const std::string name = name_of(path);
    for (const std::string_view ending : {std::string_view(".making"), Sweep::kFreeing}) {
      if (!name.ends_with(ending)) continue;
      const std::string whole = name.substr(0, name.size() - ending.size());
      if (ours(whole) && !FileLock::is_held(folder / (whole + ".lock"))) remove_tree(path);
    }
  }
}

/// Files that `write_durably` had not finished, such as ".<commit>.texts.a1B2c3".
void sweep_unfinished(const fs::path& folder, bool (*ours)(std::string_view)) {
  constexpr size_t kRandom = 7;  // the dot as well
  for (const auto& path : children(folder)) {
    const std::string name = name_of(path);
    if (name.size() <= kRandom || name[0] != '.' || name[name.size() - kRandom] != '.') continue;
    if (ours(name.substr(1, name.find('.', 1) - 1))) fs::remove(path);
  }
}

}  // namespace

json::object free_space(store::Store& store, const Config& config, const Places& places,
                        bool dry_run) {
  Sweep sweep{{}, 0, dry_run};
  std::set<std::string> kept_commits;
  bool any_active = false;
  for (const auto& task : store.tasks()) {
    any_active = any_active || !core::needs_no_runner(task.state, task.waiting_for);
    if (core::is_ended(task.state)) continue;
    kept_commits.insert(task.spec.base_commit);
    for (const auto& run : task.runs) kept_commits.insert(run.base_commit);
    if (task.pull_request.number) kept_commits.insert(task.pull_request.head_commit);
  }
  free_old_runs(sweep, store, config, places);
  if (!any_active) {
    for (const auto& folder : children(places.state / "checkouts")) {
      if (is_checkout(name_of(folder)) && !kept_commits.contains(name_of(folder)))
        free_checkout(sweep, folder);
    }
    for (const auto& folder : children(places.state / "snapshots")) {
      if (is_snapshot(name_of(folder)) && !FileLock::is_held(folder.string() + ".lock"))
        sweep.free("result of setup", folder);
    }
    for (const auto& folder : children(places.state / "caches")) {
      if (is_hex(name_of(folder), {16})) sweep.free("package cache layer", folder);
    }
    for (const auto& file : children(places.state / "baselines")) {
      if (is_hex(file.stem().string(), {32}) && file.extension() == ".json")
        sweep.free("baseline", file);
    }
  }
  return {{"items", std::move(sweep.items)}, {"bytes", sweep.bytes}, {"dry_run", dry_run}};
}

void sweep_scratch(const store::Store& store, const Config& config, const Places& places) {
  bool under_way = false;
  for (const auto& folder : children(places.state / "runs")) {
    if (!is_run(name_of(folder))) continue;
    under_way = under_way || held(folder);
    const auto task = store.task(task_of(folder));
    const core::Run* run = task ? task->run(name_of(folder)) : nullptr;
    // What waits for a person goes on in its place.
    const bool waits = run && run->state == core::State::Waiting && run->agent == "native";
    const bool over = !run || (run->ended != Time{} && !waits) || core::is_ended(task->state);
    if (over && !held(folder)) remove_tree(folder / run::kStagesFolder);
  }
  if (!under_way) {
    free_programs(places.state, {places.program, places.helper});
    sweep_unfinished(places.state / "checkouts", is_checkout);
    sweep_unfinished(places.state / "baselines", is_snapshot);
  }
  Sweep old{{}, 0, false};
  free_old_runs(old, store, config, places);
  sweep_halves(places.state / "runs", is_run);
  sweep_halves(places.state / "checkouts", is_checkout);
  sweep_halves(places.state / "snapshots", is_snapshot);
  const auto is_mirror = [](std::string_view name) {
    return name.ends_with(".git") && is_hex(name.substr(0, name.size() - 4), {24});
  };
  sweep_halves(places.state / "mirrors", is_mirror);
}

}  // namespace nightjar::daemon
