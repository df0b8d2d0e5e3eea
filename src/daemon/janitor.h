// Frees what is ours and finished: never anything of a task that is under way.
#pragma once

#include "base/json.h"
#include "daemon/config.h"
#include "daemon/supervisor.h"
#include "store/store.h"

namespace nightjar::daemon {

/// What can be freed, and unless `dry_run` frees it: {items: [{what, path, bytes}], bytes}.
/// Folders of tasks that ended longer ago than the retention; where nothing is under way also
/// checkouts of no open task, results of setup, package cache layers and baselines. What does not
/// bear a name of ours is never touched.
json::object free_space(store::Store& store, const Config& config, const Places& places,
                        bool dry_run);

/// At the start of the daemon: what runs that are over left of their stages, earlier versions of
/// the program, logs older than the retention, and whatever a killed process left half made or half
/// removed. Everything a living run holds stays; so do the task's record, proof and branch.
void sweep_scratch(const store::Store& store, const Config& config, const Places& places);

}  // namespace nightjar::daemon
