#include "daemon/janitor.h"

#include <set>

#include "base/file.h"
#include "run/job.h"

namespace nightjar::daemon {

namespace {

bool held(const fs::path& run_folder) { return FileLock::is_held(run_folder / run::kLockFile); }

std::vector<fs::path> children(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) out.push_back(entry.path());
  return out;
}

std::string task_of(const fs::path& run_folder) {
  const std::string name = run_folder.filename().string();
  return name.substr(0, name.rfind('.'));
}

struct Sweep {
  json::array items;
  unsigned long long bytes = 0;
  bool dry_run;

  void free(std::string_view what, const fs::path& path) {
    const auto size = disk_use(path);
    // Renamed first: nobody who looks for the name later finds half of it.
    if (!dry_run) {
      const fs::path gone = path.string() + ".freeing";
      std::error_code failed;
      fs::rename(path, gone, failed);
      if (!remove_tree(failed ? path : gone)) return;
    }
    items.push_back(json::object{{"what", what}, {"path", path.string()}, {"bytes", size}});
    bytes += size;
  }
};

}  // namespace

json::object free_space(store::Store& store, const Config& config, const Places& places,
                        bool dry_run) {
  Sweep sweep{{}, 0, dry_run};
  const Time old = now() - std::chrono::days(config.keep_days);
  std::set<std::string> kept_runs;
  std::set<std::string> kept_commits;
  bool any_active = false;
  for (const auto& task : store.tasks()) {
    const bool ended = core::is_ended(task.state);
    any_active = any_active || !core::needs_no_runner(task.state, task.waiting_for);
    if (!ended) {
      kept_commits.insert(task.spec.base_commit);
      for (const auto& run : task.runs) kept_commits.insert(run.base_commit);
      if (task.pull_request.number) kept_commits.insert(task.pull_request.head_commit);
    }
    for (const auto& run : task.runs) {
      if (!ended || task.updated > old) kept_runs.insert(run.id);
    }
  }
  for (const auto& folder : children(places.state / "runs")) {
    if (!kept_runs.contains(folder.filename().string()) && !held(folder))
      sweep.free("logs of an ended task", folder);
  }
  for (const auto& folder : children(places.state / "checkouts")) {
    if (!fs::is_directory(folder) || any_active) continue;
    if (!kept_commits.contains(folder.filename().string().substr(0, 40)))
      sweep.free("checkout that no task uses", folder);
  }
  if (!any_active) {
    for (const auto& folder : children(places.state / "snapshots")) {
      if (fs::is_directory(folder)) sweep.free("result of setup", folder);
    }
    for (const auto& folder : children(places.state / "caches"))
      sweep.free("package cache layer", folder);
    for (const auto& file : children(places.state / "baselines")) sweep.free("baseline", file);
  }
  return {{"items", std::move(sweep.items)}, {"bytes", sweep.bytes}, {"dry_run", dry_run}};
}

void sweep_scratch(const store::Store& store, const Places& places) {
  for (const auto& folder : children(places.state / "runs")) {
    const auto task = store.task(task_of(folder));
    const core::Run* run = task ? task->run(folder.filename().string()) : nullptr;
    const bool over = !run || run->ended != Time{} || core::is_ended(task->state);
    if (!over || held(folder)) continue;
    remove_tree(folder / run::kStagesFolder);
  }
  for (const auto& path : children(places.state / "snapshots")) {
    if (path.extension() == ".making" &&
        !FileLock::is_held(path.parent_path() / (path.stem().string() + ".lock")))
      remove_tree(path);
  }
}

}  // namespace nightjar::daemon
