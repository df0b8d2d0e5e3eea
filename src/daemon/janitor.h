// Frees what is ours and finished: never anything of a task that is under way.
#pragma once

#include "base/json.h"
#include "daemon/config.h"
#include "daemon/supervisor.h"
#include "store/store.h"

namespace nightjar::daemon {

/// What can be freed, and unless `dry_run` frees it: {items: [{what, path, bytes}], bytes}.
/// Folders of ended tasks older than the retention, checkouts and snapshots that no active task
/// uses, baselines of commits without a checkout, scratch that a killed runner left.
json::object free_space(store::Store& store, const Config& config, const Places& places,
                        bool dry_run);

/// At the start of the daemon: scratch folders of runs that are over. Everything a living run holds
/// stays.
void sweep_scratch(const store::Store& store, const Places& places);

}  // namespace nightjar::daemon
