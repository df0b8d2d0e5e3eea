// What a runner is handed: one JSON file in the run's folder, written before the runner starts and
// again only when an attempt was selected. The runner reads nothing else of the service.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/task.h"
#include "git/repository.h"
#include "model/endpoint.h"

namespace nightjar::run {

struct Job {
  core::TaskSpec spec;
  std::string task;
  std::string run;  ///< "<task>.<n>"
  std::string agent;
  std::string brief;                 ///< of this run
  std::vector<std::string> earlier;  ///< briefs of the task's earlier runs, oldest first
  std::string base_commit;           ///< what the change is compared with, and merges into
  std::string start_commit;          ///< what the work starts from: the base, or the branch's head
  std::string branch;                ///< where it is published
  std::string expected_head;         ///< the branch's head before; empty: it does not exist yet
  bool in_review = false;            ///< an earlier run's pull request is open on `branch`
  bool publish = true;               ///< false: one of several attempts, ends after verify
  bool superseded = false;           ///< another attempt was selected: end as closed
  bool network_allowed = false;
  core::Limits limits;
  std::optional<model::Endpoint> model;     ///< for an agent that needs one; its key is not here
  std::string model_trouble;                ///< why there is none for an agent that needs one
  std::optional<model::Endpoint> failover;  ///< who goes on where that one cannot
  std::string recipe;                       ///< how the agent shall go about this kind of ticket
  bool gateway = false;                     ///< programs in the agent's sandbox may use its model
  std::vector<model::Endpoint> gateway_models;  ///< and these, on wires that it does not speak
  std::optional<int> rewind_turn;  ///< with the newest resume: back to behind this turn
  int resumes = 0;  ///< how often a person let it go on after it had ended to wait for them
  std::uint64_t memory_bytes = 0,
                disk_bytes = 0;  ///< most a sandbox may use and write; 0: no limit
  std::filesystem::path
      state;  ///< the service's state folder: mirrors, checkouts, snapshots, baselines
  std::filesystem::path helper;  ///< nightjar-sandbox
  std::string tool_path;         ///< PATH to look for the person's tools in
  std::filesystem::path home;    ///< of the person: package caches
  git::Author author;
  bool operator==(const Job&) const = default;
};

json::object to_json(const Job& job);
Job job_from(const json::object& object);

/// Names inside a run's folder.
inline constexpr std::string_view kJobFile = "job.json";
inline constexpr std::string_view kJournalFile = "journal.jsonl";
inline constexpr std::string_view kLockFile = "run.lock";
inline constexpr std::string_view kControlSocket = "control.sock";
/// What sandboxes wrote; of no use after the run.
inline constexpr std::string_view kStagesFolder = "stages";

}  // namespace nightjar::run
