// The service's process: one writer of the store, the API, and the supervisor's loop.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace nightjar::daemon {

struct ServeOptions {
  std::filesystem::path state;
  std::filesystem::path config;
  std::filesystem::path helper;  ///< nightjar-sandbox; empty: beside this program
};

/// Serves in front until stopped (SIGTERM, SIGINT or the API). Exit status: 0 also where another
/// daemon already serves this state folder; 2 for a bad configuration; 1 for a fault.
int serve(const ServeOptions& options);

/// Why no service can start with this file, with its line; empty: one can.
std::string config_problem(const std::filesystem::path& config);
/// What is wrong in the settings of models, as a service would read them that started here and now.
std::vector<std::string> model_problems(const std::filesystem::path& config);

/// The helper that belongs to this program: beside it, else in ../libexec/nightjar. Empty: none
/// found.
std::filesystem::path find_helper();

}  // namespace nightjar::daemon
