// How a repository is made ready: its configuration, the tools and caches of the host, what the
// person shares, and the snapshot that setup left. Everything that decides it comes from the base
// commit.
#pragma once

#include <expected>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "git/repository.h"
#include "project/project.h"
#include "run/job.h"
#include "run/setup_commands.h"
#include "sandbox/session.h"

namespace nightjar::run {

/// What a sandbox sees besides the commit.
struct Surroundings {
  std::vector<std::filesystem::path> tree;  ///< lowers over the checkout: what setup wrote there
  std::vector<sandbox::Layers> overlays;    ///< HOME, package caches, shared folders; no uppers
};

struct Environment {
  project::Config config;
  SetupParts setup;
  Surroundings seen;      ///< with everything that setup left
  Surroundings packages;  ///< with what its installing part left, and the caches that it filled
  sandbox::HostTools tools;
  std::map<std::string, std::string> env;
  std::string key;  ///< names everything a check's result depends on besides the commit
  std::vector<std::string> notes;  ///< for the person
};

/// Why a run cannot go on without the person, with what to do.
struct NeedsPerson {
  std::string reason;
};

struct SetupHooks {
  std::function<void(std::string)> say;
  std::function<void(std::string_view)> log;  ///< every byte that setup prints
  Deadline deadline = kNoDeadline;
  std::stop_token stop;
};

/// Runs setup where its snapshot is missing. Throws Cancelled, sandbox::SandboxLost and Error.
std::expected<Environment, NeedsPerson> prepare_environment(const Job& job,
                                                            const git::Mirror& mirror,
                                                            const SetupHooks& hooks);

/// The policy of one stage's sandbox: `commit`'s checkout below what setup left below a fresh upper
/// layer in `folder`. `keep_caches`: cache uppers go to <folder>/caches, to be kept by
/// `keep_cache_tops`.
sandbox::Policy stage_policy(const Job& job, const Environment& environment,
                             const git::Mirror& mirror, std::string_view commit,
                             const std::filesystem::path& folder, bool keep_caches);

/// What setup made of the base's files must not stand in for what it makes of the change's: the
/// environment with packages alone.
Environment without_what_setup_built(const Environment& environment);
/// Runs the building part of setup in a sandbox of such an environment that holds the change; it
/// has no network. Why the change cannot be made ready; empty where it is, or nothing is to be
/// done.
std::string set_up_again(sandbox::Session& session, const Environment& environment,
                         const SetupHooks& hooks);

/// After a baseline (base code alone ran): its cache writes become this repository's next cache
/// layer.
void keep_cache_tops(const Job& job, const std::filesystem::path& folder);

/// The mirror and the folder of checkouts of a job's service.
git::Mirror mirror_of(const Job& job);
std::filesystem::path checkouts_of(const Job& job);

}  // namespace nightjar::run
