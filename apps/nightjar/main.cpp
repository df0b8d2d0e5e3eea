// Constructs and wires; decides nothing else.
#include <string_view>

#include "agent/mechanic/worker.h"
#include "base/paths.h"
#include "cli/cli.h"
#include "daemon/daemon.h"
#include "run/fork_server.h"

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "fork-server" && argc == 4) return nightjar::run::fork_server_main(argc, argv);
  if (command == "mechanic-worker")
    return nightjar::agent::mechanic::worker_main(argc - 2, argv + 2);

  nightjar::cli::Hooks hooks;
  hooks.helper = nightjar::daemon::find_helper();
  hooks.serve = [&hooks] {
    return nightjar::daemon::serve(
        {nightjar::state_folder(), nightjar::config_file(), hooks.helper});
  };
  hooks.doctor = [] {
    using nightjar::cli::Finding;
    return std::vector<Finding>{
        {"agents", Finding::Grade::Ok,
         "mechanic (needs no model), native (on any model: nightjar models)", ""}};
  };
  hooks.config_problem = [] { return nightjar::daemon::config_problem(nightjar::config_file()); };
  hooks.model_problems = [] { return nightjar::daemon::model_problems(nightjar::config_file()); };
  return nightjar::cli::run_cli(argc, argv, hooks);
}
