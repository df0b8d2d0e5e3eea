// The command line: everything a person types, over the HTTP API. `main()` wires what other modules
// do.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace nightjar::cli {

/// One line of `nightjar doctor`.
struct Finding {
  enum class Grade { Ok, Warning, Failed };
  std::string name;  ///< "sandbox", "git"
  Grade grade = Grade::Ok;
  std::string detail;  ///< what was found
  std::string advice;  ///< the way out, where not Ok
};

/// What lies above or beside this module.
struct Hooks {
  /// Runs the service in front until it is stopped; the exit status. Another one that runs already
  /// is 0.
  std::function<int()> serve;
  /// Further checks of `doctor`, after the command line's own (git, state folder, disk, sandbox,
  /// service).
  std::function<std::vector<Finding>()> doctor;
  /// Why a service that starts here could not read its settings, with file and line; empty: it can.
  std::function<std::string()> config_problem;
  /// What is wrong in the settings of models, as a service that starts here would read them.
  std::function<std::vector<std::string>()> model_problems;
  /// The nightjar-sandbox executable, for `doctor`; empty: beside this executable.
  std::filesystem::path helper;
};

/// The whole program but `runner` and other inner entry points. Catches everything; returns the
/// exit status: 0 done, 1 failed, 2 wrong use, 3 no service, 130 interrupted while waiting.
int run_cli(int argc, char** argv, const Hooks& hooks);

}  // namespace nightjar::cli
