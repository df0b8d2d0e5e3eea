#include "support/service.h"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "base/error.h"
#include "base/text.h"

namespace nightjar::test {

fs::path Service::built_program() {
  if (const char* path = std::getenv("NIGHTJAR_PROGRAM")) return path;
  return fs::path(NIGHTJAR_BINARY_DIR) / "bin" / "nightjar";
}

Service::Service() : dir_("nightjar-service") {
  // A daemon in front of a test's own log; tests tell sandbox slots apart by their service.
  configure("runs = 4\n");
}

Service::~Service() {
  run({"stop", "--runs"});
  kill_everything();
}

void Service::configure(const std::string& toml) {
  fs::create_directories(config().parent_path());
  write_durably(config(), toml);
}

proc::Result Service::run(const std::vector<std::string>& args, const fs::path& cwd,
                          const std::string& input) {
  std::vector<std::string> argv{program.string()};
  argv.insert(argv.end(), args.begin(), args.end());
  return run_with_folders(argv, cwd, input);
}

proc::Result Service::run_with_folders(const std::vector<std::string>& argv, const fs::path& cwd,
                                       const std::string& input) {
  proc::Options options;
  options.argv = argv;
  options.cwd = cwd.empty() ? dir_.path() : cwd;
  options.env = proc::minimal_environment();
  options.env["HOME"] = dir_.path().string();
  options.env["XDG_STATE_HOME"] = (dir_.path() / "state").string();
  options.env["XDG_CONFIG_HOME"] = (dir_.path() / "config").string();
  options.env["XDG_CACHE_HOME"] = (dir_.path() / "cache").string();
  for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"}) {
    if (const char* value = std::getenv(name)) options.env[name] = value;
  }
  for (const auto& [name, value] : extra) options.env[name] = value;
  options.input = input;
  options.deadline = in(std::chrono::minutes(4));
  return proc::run(options);
}

json::value Service::json_of(const std::vector<std::string>& args, const fs::path& cwd,
                             int* status) {
  std::vector<std::string> all = args;
  all.push_back("--json");
  const proc::Result result = run(all, cwd);
  if (status) *status = result.exit_status;
  auto value = parse_json(result.out);
  if (!value)
    throw Error(ErrorKind::Internal, "not JSON (status " + std::to_string(result.exit_status) +
                                         "): " + result.out + result.err);
  return std::move(*value);
}

json::object Service::task(const std::string& id) { return json_of({"show", id}).as_object(); }

json::object Service::finish(const std::vector<std::string>& assign_args, const fs::path& repo) {
  std::vector<std::string> args{"assign"};
  args.insert(args.end(), assign_args.begin(), assign_args.end());
  args.push_back("--wait");
  return json_of(args, repo).as_object();
}

pid_t Service::daemon_pid() {
  const auto lines = command_lines();
  for (const pid_t pid : processes()) {
    const auto line = lines.find(pid);
    if (line != lines.end() && line->second.find(std::string("\0serve", 6)) != std::string::npos)
      return pid;
  }
  return 0;
}

std::map<pid_t, std::string> command_lines() {
  std::map<pid_t, std::string> out;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    try {
      out[static_cast<pid_t>(std::stol(name))] =
          try_read_file(entry.path() / "cmdline").value_or("");
    } catch (const Error&) {  // gone meanwhile, or somebody else's
    }
  }
  return out;
}

std::string name_of(pid_t pid) {
  try {
    return try_read_file("/proc/" + std::to_string(pid) + "/comm").value_or("");
  } catch (const Error&) {
    return "";
  }
}

std::vector<pid_t> Service::processes() const {
  std::vector<pid_t> found;
  const auto ours = [this](const std::string& text) {
    return text.find(dir_.path().string()) != std::string::npos;
  };
  for (const auto& [pid, line] : command_lines()) {
    if (pid == ::getpid()) continue;
    try {
      const std::string environ = "/proc/" + std::to_string(pid) + "/environ";
      if (ours(line) || ours(try_read_file(environ).value_or(""))) found.push_back(pid);
    } catch (const Error&) {  // gone meanwhile, or somebody else's
    }
  }
  return found;
}

void Service::kill_everything() const {
  for (const pid_t pid : processes()) ::kill(pid, SIGKILL);
}

std::vector<std::string> leftovers(const fs::path& state) {
  std::vector<std::string> found;
  const std::string mounts = try_read_file("/proc/self/mounts").value_or("");
  for (const auto line : lines(mounts)) {
    if (line.find(state.string()) != std::string_view::npos) found.emplace_back(line);
  }
  for (const auto& [pid, line] : command_lines()) {
    if (line.find(state.string()) != std::string::npos)
      found.push_back(std::to_string(pid) + " " + inert(line));
  }
  return found;
}

}  // namespace nightjar::test
