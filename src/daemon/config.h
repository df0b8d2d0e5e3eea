// The person's settings: config.toml in the XDG config folder. A missing file means the defaults.
#pragma once

#include <expected>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/task.h"
#include "git/repository.h"
#include "model/endpoint.h"

namespace nightjar::daemon {

struct Config {
  int most_runs = 0;               ///< runs at once; 0: one for every two cores, at least two
  std::string listen;              ///< "127.0.0.1:8737" serves the API on loopback too
  core::Limits limits;             ///< of a run that asked for none
  git::Author author;              ///< of commits; the person is co-author
  std::uint64_t memory_bytes = 0;  ///< most that a run's sandbox may use; 0: three quarters of all
  std::uint64_t disk_bytes = std::uint64_t{20} << 30;  ///< most that it may write; 0: no limit
  bool gateway = false;  ///< programs in a native agent's sandbox may use its model, too
  std::vector<std::string> gateway_models;  ///< and these, on the wires that it does not speak
  std::string model;                        ///< the model of tasks that name none
  std::map<std::string, model::Endpoint> models;  ///< of [models.NAME]
  std::filesystem::path file;                     ///< that this was read from
  std::filesystem::file_time_type written{};      ///< when that was written then
  int keep_days = 30;  ///< ended tasks' folders are freed by `clean` after so many days
  std::uint64_t min_free_bytes = std::uint64_t{256}
                                 << 20;  ///< no run starts with less room than this
};

/// Unknown keys and wrong types are errors with their line.
std::expected<Config, std::string> load_config(const std::filesystem::path& file);

/// When it was last written; the epoch where it is missing.
std::filesystem::file_time_type written_at(const std::filesystem::path& file);

/// It was written, made or removed since these settings were read from it.
bool has_changed(const Config& config);

int default_most_runs();
/// Three quarters of the machine's memory.
std::uint64_t default_memory();

}  // namespace nightjar::daemon
