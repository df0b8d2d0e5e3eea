// From what a sandbox wrote to the commit that is proposed.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/agent.h"
#include "git/repository.h"
#include "run/job.h"
#include "verify/verify.h"

namespace nightjar::run {

/// What goes into the commit, and what a tool produced by the way and stays out.
struct Selection {
  std::vector<core::Change> changes;
  std::vector<std::string> left_out;
};
Selection select_changes(sandbox::Session& session, const agent::WorkResult& result,
                         const git::Mirror& mirror, std::string_view start_commit,
                         const std::filesystem::path& checkouts);

git::CommitRequest commit_request(const Job& job, const agent::WorkResult& result,
                                  std::vector<core::Change> changes);

verify::AgentClaim claim_from(const json::object& claim);

/// Of all that changed, a renamed file's both.
std::vector<std::string> paths_of(const std::vector<git::ChangedPath>& changed);

/// Path to (content before, content after) of the changed text files.
std::map<std::string, std::pair<std::string, std::string>> contents_for_review(
    const git::Mirror& mirror, std::string_view before, std::string_view after,
    const std::vector<std::string>& paths);

/// Paths of what is there after a change and is no text that `contents_for_review` gives whole.
std::set<std::string, std::less<>> unread_files(const std::vector<core::Change>& changes);

/// The task as this run's events make it, for the description of the pull request.
core::Task folded_task(const Job& job, const std::vector<core::Event>& events);

}  // namespace nightjar::run
