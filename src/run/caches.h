// Package caches of the host as read-only layers, with a top that is kept per repository. Only
// baselines (base code alone) add to the kept tops, and setup has its own; what an agent or a
// candidate wrote is thrown away.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "project/project.h"
#include "run/job.h"
#include "sandbox/session.h"

namespace nightjar::run {

/// The host's caches that exist (pip, npm, cargo, Go, Maven, Gradle, ccache) and those of
/// nightjar.toml, as overlays below the run's HOME, without uppers.
std::vector<sandbox::Layers> cache_layers(const Job& job, const project::Config& config);
/// Gives each overlay below HOME's cache places an upper below `folder`.
void place_cache_uppers(std::vector<sandbox::Layers>& overlays,
                        const std::filesystem::path& folder);
/// On top of each cache what setup wrote there, which belongs to setup's snapshot in `folder`.
void add_cache_uppers(std::vector<sandbox::Layers>& overlays, const std::filesystem::path& folder);
/// Where package tools keep their things.
std::map<std::string, std::string> tool_settings();
/// What tells them that there is no network, so that they fail at once and say so.
std::map<std::string, std::string> offline_settings();

}  // namespace nightjar::run
