// clean, serve, stop, help, version.
#include <fmt/core.h>

#include <thread>

#include "base/file.h"
#include "base/paths.h"
#include "base/text.h"
#include "cli/context.h"

namespace nightjar::cli {

namespace {

json::object described(const CommandSpec& command) {
  json::array options;
  for (const auto& option : command.options) {
    options.push_back(json::object{
        {"name", option.name},
        {"value", option.value.empty() ? json::value(nullptr) : json::value(option.value)},
        {"help", option.help},
        {"repeatable", option.repeatable}});
  }
  return {{"name", command.name},
          {"arguments", command.arguments},
          {"summary", command.summary},
          {"example", command.example},
          {"options", std::move(options)}};
}

}  // namespace

int run_clean(const Context& context) {
  const bool dry = context.call.has("--dry-run");
  const Client& client = context.service();
  const json::value answer =
      dry ? client.get("/clean") : client.post("/clean", {}, Millis{600'000});
  if (context.json) {
    context.print_json(answer);
    return kDone;
  }
  const auto& items = answer.is_object() ? get_array(answer.get_object(), "items") : json::array{};
  std::vector<std::vector<Cell>> rows;
  for (const auto& item : items) {
    if (!item.is_object()) continue;
    const auto& o = item.get_object();
    const auto bytes =
        static_cast<unsigned long long>(std::max<std::int64_t>(0, get_int(o, "bytes")));
    rows.push_back(
        {{human_size(bytes)}, {inert(get_string(o, "what"))}, {inert(get_string(o, "path"))}});
  }
  if (!rows.empty())
    context.print(table(context.out, {{"SIZE", 0, 0, true}, {"WHAT", 20}, {"WHERE", 16, 1}}, rows) +
                  "\n");
  const auto total = answer.is_object() ? get_int(answer.get_object(), "bytes") : 0;
  const std::string size =
      human_size(static_cast<unsigned long long>(std::max<std::int64_t>(0, total)));
  if (rows.empty()) {
    context.print("nothing to free: no ended task has left anything\n");
  } else if (dry) {
    context.print(fmt::format("{} can be freed with: nightjar clean\n", size));
  } else {
    context.print(fmt::format("freed {}\n", size));
  }
  return kDone;
}

int run_serve(const Context& context) {
  if (!context.hooks.serve) throw Error(ErrorKind::Internal, "this program has no service in it");
  if (context.json) {
    const auto& state = context.client.state();
    context.print_json(json::object{{"version", NIGHTJAR_VERSION},
                                    {"state", valid_utf8(state.string())},
                                    {"socket", valid_utf8(api_socket(state).string())}});
  }
  fs::current_path("/");  // a service that lives for weeks keeps no folder of the person's busy
  return context.hooks.serve();
}

int run_stop(const Context& context) {
  using namespace std::chrono_literals;
  const bool runs = context.call.has("--runs");
  const auto lock = daemon_lock(context.client.state());
  const auto health = context.client.health();
  const auto report = [&](bool was_running, std::string_view sentence) {
    if (context.json) {
      context.print_json(json::object{{"stopped", was_running}, {"runs", runs}});
    } else {
      context.print(fmt::format("{}\n", sentence));
    }
    return kDone;
  };
  if (!health && !FileLock::is_held(lock)) return report(false, "no service is running");
  if (!health) {
    throw Error(
        ErrorKind::Unavailable,
        fmt::format("a service holds {} but does not answer; its log is {}", inert(lock.string()),
                    inert(daemon_log(context.client.state()).string())));
  }
  context.client.post("/stop", {{"runs", runs}}, Millis{120'000});
  const Deadline patience = in(60s);
  while (FileLock::is_held(lock)) {
    if (std::chrono::steady_clock::now() > patience) {
      throw Error(ErrorKind::Timeout,
                  "the service was asked to stop and has not ended after a minute");
    }
    std::this_thread::sleep_for(20ms);
  }
  const auto running = get_int(*health, "running");
  if (running > 0 && !runs) {
    return report(
        true,
        fmt::format(
            "stopped; {} under way and going on without it (the next command starts it again)",
            running == 1 ? "1 run is" : fmt::format("{} runs are", running)));
  }
  return report(true, "stopped");
}

int run_help(const Context& context) {
  if (context.call.arguments.empty()) {
    if (!context.json) {
      context.print(overview());
      return kDone;
    }
    json::array all;
    for (const auto& command : commands()) all.push_back(described(command));
    context.print_json(all);
    return kDone;
  }
  const std::string& name = context.call.arguments.front();
  const CommandSpec* command = find_command(name);
  if (!command) {
    std::vector<std::string> known;
    for (const auto& each : commands()) known.emplace_back(each.name);
    const std::string near = nearest(name, known);
    throw wrong_use(fmt::format(
        "'{}' is not a command{}", inert(name),
        near.empty() ? "; nightjar help lists them" : fmt::format("; did you mean {}?", near)));
  }
  if (context.json) {
    context.print_json(described(*command));
  } else {
    context.print(help_of(*command));
  }
  return kDone;
}

int run_version(const Context& context) {
  const auto health = context.client.health();  // never starts one
  if (context.json) {
    context.print_json(json::object{
        {"version", NIGHTJAR_VERSION},
        {"service", health ? json::value(get_string(*health, "version")) : json::value(nullptr)}});
    return kDone;
  }
  context.print(fmt::format("nightjar {}\n", NIGHTJAR_VERSION));
  if (health && get_string(*health, "version") != NIGHTJAR_VERSION) {
    context.print(
        fmt::format("the running service is {}\n", inert(get_string(*health, "version"))));
  }
  return kDone;
}

}  // namespace nightjar::cli
