#include "daemon/daemon.h"

#include <fmt/core.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"
#include "base/warn.h"
#include "daemon/janitor.h"
#include "daemon/models.h"
#include "daemon/programs.h"
#include "daemon/service.h"
#include "daemon/supervisor.h"
#include "proc/process.h"
#include "server/server.h"
#include "store/store.h"

namespace nightjar::daemon {

namespace {

std::string read_or_make_token(const fs::path& file) {
  if (const auto token = try_read_file(file)) return trimmed(*token);
  const std::string token = random_id(40);
  write_durably(file, token + "\n", 0600);
  return token;
}

// SIGTERM and SIGINT end the loop; runs go on.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    for (const int sig : {SIGTERM, SIGINT, SIGUSR2}) sigaddset(&set_, sig);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    signal(SIGPIPE, SIG_IGN);
  }
  void watch(Supervisor& supervisor) {
    thread_ = std::jthread([this, &supervisor] {
      int sig = 0;
      sigwait(&set_, &sig);
      if (sig != SIGUSR2) supervisor.stop(false);
    });
  }
  ~Signals() {
    if (thread_.joinable()) pthread_kill(thread_.native_handle(), SIGUSR2);
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  sigset_t set_{};
  std::jthread thread_;
};

void serve_locked(const ServeOptions& options, const Config& config) {
  Places places;
  places.state = options.state;
  const Programs programs = keep_programs(
      options.state,
      {proc::own_executable(), options.helper.empty() ? find_helper() : options.helper});
  places.program = programs.program;
  places.helper = programs.helper;
  places.home = home_folder();
  const char* path = std::getenv("PATH");
  places.tool_path = path ? path : "/usr/local/bin:/usr/bin:/bin";
  Signals signals;
  const auto store = store::open_sqlite(options.state / "nightjar.db");
  sweep_scratch(*store, config, places);

  // The server announces what the supervisor stores and asks the service, which wakes the
  // supervisor.
  std::atomic<server::Server*> announced = nullptr;
  const auto announce = [&announced](long id) {
    if (auto* server = announced.load()) server->announce(id);
  };
  Supervisor supervisor(*store, config, places, announce);
  Service service(*store, supervisor, config, places, announce);
  service.recover();
  const auto server = server::serve({.socket = api_socket(options.state),
                                     .listen = config.listen,
                                     .token = read_or_make_token(token_file(options.state))},
                                    service, *store);
  announced = server.get();
  signals.watch(supervisor);
  supervisor.loop();
  server->stop();
}

}  // namespace

fs::path find_helper() {
  const fs::path folder = proc::own_executable().parent_path();
  for (const fs::path& candidate :
       {folder / "nightjar-sandbox", folder / "../libexec/nightjar/nightjar-sandbox",
        folder / "../nightjar-sandbox/nightjar-sandbox"}) {
    if (::access(candidate.c_str(), X_OK) == 0) return fs::weakly_canonical(candidate);
  }
  return {};
}

std::string config_problem(const fs::path& file) {
  const auto config = load_config(file);
  return config ? "" : config.error();
}

std::vector<std::string> model_problems(const fs::path& file) {
  const auto config = load_config(file);
  if (!config) return {};  // which is a problem of its own
  std::vector<std::string> out;
  for (auto& trouble : model_troubles(*config)) out.push_back(std::move(trouble.problem));
  return out;
}

int serve(const ServeOptions& options) {
  ::mallopt(M_ARENA_MAX, 2);
  try {
    const auto config = load_config(options.config);
    if (!config) {
      warn(config.error());
      return 2;
    }
    fs::create_directories(options.state);
    fs::permissions(options.state, fs::perms::owner_all);
    const auto lock = FileLock::try_acquire(daemon_lock(options.state));
    if (!lock) {
      warn(fmt::format("a service for {} is running already", options.state.string()));
      return 0;
    }
    for (const auto& trouble : model_troubles(*config)) warn(trouble.problem);
    serve_locked(options, *config);
    return 0;
  } catch (const std::exception& error) {
    warn(error.what());
    return 1;
  }
}

}  // namespace nightjar::daemon
