// This test program is also the client and a small service, so that the tests of the command line
// talk between real processes: `cli_process_test cli ARGS...` is `nightjar ARGS...`, and
// `cli_process_test serve` (what the client starts by itself) serves the real API over a real
// store, with a backend that plays its part.
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <semaphore>
#include <thread>

#include "base/file.h"
#include "base/paths.h"
#include "base/text.h"
#include "cli/cli.h"
#include "server/server.h"
#include "store/store.h"

namespace nightjar::cli {
namespace {

using server::Answer;
using server::Problem;

// The brief says what becomes of a task: "succeed", "fail", "nobody", "stay".
class PlayedBackend final : public server::Backend {
 public:
  explicit PlayedBackend(store::Store& store) : store_(store) {}

  void announce_with(std::function<void(long)> announce) { announce_ = std::move(announce); }
  std::binary_semaphore stopping{0};

  json::object health() override {
    const char* version = std::getenv("PLAYED_VERSION");
    const char* api = std::getenv("PLAYED_API");
    return {{"version", version ? version : NIGHTJAR_VERSION},
            {"api", api ? std::atoi(api) : 1},
            {"pid", ::getpid()},
            {"running", 2},
            {"queued", 0},
            {"limit", 4}};
  }
  json::array tasks() override {
    json::array out;
    for (const auto& task : store_.tasks()) out.push_back(core::to_json(task));
    return out;
  }
  Answer<json::object> task(std::string_view id) override {
    const auto ids = store_.ids_with_prefix(id);
    if (ids.size() > 1)
      return std::unexpected(Problem{ErrorKind::Invalid, "it could be: " + join(ids, ", "), {}});
    if (ids.empty())
      return std::unexpected(
          Problem{ErrorKind::NotFound, "there is no task '" + std::string(id) + "'", {}});
    return core::to_json(*store_.task(ids[0]));
  }
  Answer<json::object> assign(const json::object& request) override {
    if (get_string(request, "base") == "nowhere")
      return std::unexpected(Problem{ErrorKind::Invalid, "there is no ref 'nowhere'", {}});
    core::TaskSpec spec;
    spec.brief = get_string(request, "brief");
    spec.title = get_string(request, "title", shortened(spec.brief, 70));
    spec.repo = get_string(request, "repo");
    spec.base = get_string(request, "base", "main");
    spec.agent = get_string(request, "agent", "mechanic");
    spec.kind_guessed = !request.contains("kind");
    spec.check_commands = get_strings(request, "checks");
    spec.attempts = static_cast<int>(get_int(request, "attempts", 1));
    spec.limits.time = Millis(get_int(request, "limit_time_ms"));
    const std::string id = spec.title == "fixed id" ? "fixed1" : random_id();
    append({id, "", 0, now(), "task_created", core::to_json(spec)});
    if (spec.brief == "nobody") {
      append({id,
              "",
              0,
              now(),
              "task_waiting",
              {{"waiting_for", "person"}, {"reason", "no agent here can do this"}}});
    } else {
      append({id,
              "",
              0,
              now(),
              "run_created",
              {{"run", id + ".1"}, {"agent", "mechanic"}, {"brief", spec.brief}}});
      if (spec.brief != "stay")
        work_ = std::jthread([this, id, brief = spec.brief] { play(id, brief); });
    }
    return core::to_json(*store_.task(id));
  }
  Answer<json::array> events(std::string_view id) override {
    json::array out;
    for (const auto& stored : store_.events_of(id)) out.push_back(core::to_json(stored.event));
    return out;
  }
  Answer<std::string> diff(std::string_view) override {
    return std::string("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\x1b[31m\r\n+b\r\n");
  }
  Answer<json::object> proof(std::string_view id) override {
    return json::object{{"task", id}, {"verdict", "none"}};
  }
  Answer<std::string> log(std::string_view id, std::string_view run,
                          std::string_view name) override {
    if (name == "none")
      return std::unexpected(Problem{ErrorKind::NotFound, "there is no log 'none'", {}});
    return fmt::format("{} {} {} \x1b[2J\n", id, run, name);
  }
  Answer<json::object> act(std::string_view id, std::string_view action,
                           const json::object& body) override {
    auto found = task(id);
    if (!found) return found;
    if (action == "merge")
      return std::unexpected(Problem{
          ErrorKind::Conflict, "it conflicts with main", {{"conflicts", json::array{"a\x1b.py"}}}});
    if (action == "comments") {
      append({get_string(*found, "id"), "", 0, now(), "commented", body});
    }
    return task(id);
  }
  json::array models() override { return {}; }
  json::array recipes() override { return {}; }
  Answer<json::object> test_model(std::string_view) override { return json::object{}; }
  Answer<json::object> clean(bool dry_run) override {
    return json::object{
        {"items", json::array{json::object{
                      {"what", "runs of ended tasks"}, {"path", "/s/runs"}, {"bytes", 2'500'000}}}},
        {"bytes", 2'500'000},
        {"dry_run", dry_run}};
  }
  Answer<json::object> stop(bool runs_too) override {
    stopping.release();
    return json::object{{"runs", runs_too}};
  }

 private:
  void append(core::Event event) {
    const auto stored = store_.append({std::move(event)});
    if (announce_ && !stored.empty()) announce_(stored.back().id);
  }
  void play(const std::string& id, const std::string& brief) {
    const std::string run = id + ".1";
    long seq = 0;
    const auto happens = [&](std::string_view kind, json::object body) {
      append({id, run, ++seq, now(), std::string(kind), std::move(body)});
    };
    happens("run_started", {{"pid", ::getpid()}, {"version", NIGHTJAR_VERSION}, {"attempt", 1}});
    for (const auto* stage : {"prepare", "baseline", "work", "verify"}) {
      happens("stage_started", {{"stage", stage}});
      happens("stage_finished", {{"stage", stage}});
    }
    if (brief == "fail") {
      happens("run_ended", {{"state", "failed"}, {"reason", "a test fails now"}});
      return;
    }
    happens("stage_started", {{"stage", "publish"}});
    happens("published", {{"branch", "nightjar/x"},
                          {"commit", std::string(40, 'a')},
                          {"base_commit", std::string(40, 'b')}});
    happens("run_ended", {{"state", "in_review"}});
  }

  store::Store& store_;
  std::function<void(long)> announce_;
  std::jthread work_;
};

int serve() {
  const fs::path state = state_folder();
  fs::create_directories(state);
  if (std::getenv("PLAYED_BROKEN")) {
    write_all(STDERR_FILENO, "nightjar: the store is \x1b[31mdamaged\n");
    return 1;
  }
  const auto lock = FileLock::try_acquire(daemon_lock(state));
  if (!lock) return 0;
  // Every start that served leaves a line: two daemons would leave two.
  write_durably(state / "served", try_read_file(state / "served").value_or("") + "once\n");
  write_durably(token_file(state), "secret\n", 0600);
  const auto store = store::open_sqlite(state / "store.db");
  PlayedBackend backend(*store);
  server::Options options;
  options.socket = api_socket(state);
  options.token = "secret";
  const auto server = server::serve(options, backend, *store);
  backend.announce_with([&](long id) { server->announce(id); });
  backend.stopping.acquire();
  backend.announce_with(nullptr);
  server->stop();
  return 0;
}

}  // namespace
}  // namespace nightjar::cli

int main(int argc, char** argv) {
  const std::string_view role = argc > 1 ? argv[1] : "";
  nightjar::cli::Hooks hooks;
  hooks.serve = nightjar::cli::serve;
  if (role == "serve") return nightjar::cli::serve();
  if (role == "cli") return nightjar::cli::run_cli(argc - 1, argv + 1, hooks);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
