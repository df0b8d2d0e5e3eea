// `nightjar doctor`: named checks of this machine, each with its way out.
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <optional>

#include "base/file.h"
#include "base/paths.h"
#include "base/text.h"
#include "cli/context.h"
#include "cli/work_tree.h"
#include "proc/process.h"
#include "sandbox/session.h"

namespace nightjar::cli {

using Grade = Finding::Grade;

namespace {

constexpr unsigned long long kLittleRoom = 2'000'000'000;

Finding check_sandbox(const Hooks& hooks) {
  const fs::path helper = hooks.helper.empty()
                              ? proc::own_executable().parent_path() / "nightjar-sandbox"
                              : hooks.helper;
  if (::access(helper.c_str(), X_OK) != 0) {
    return {"sandbox", Grade::Failed, fmt::format("the helper {} is missing", helper.string()),
            "install Nightjar again: both programs belong together"};
  }
  const sandbox::Report report = sandbox::probe(helper);
  if (!report.works)
    return {"sandbox", Grade::Failed, "no sandbox can be made: " + report.reason, report.reason};
  return {"sandbox", Grade::Ok, join({report.isolation, report.limits, report.tree}, "; "), ""};
}

Finding check_git() {
  if (proc::find_in_path("git").empty())
    return {"git", Grade::Failed, "git is not in PATH", "apt-get install git"};
  proc::Options options;
  options.argv = {"git", "--version"};
  options.deadline = in(std::chrono::seconds(10));
  const std::string version = trimmed(proc::output_of(options));
  int major = 0;
  int minor = 0;
  if (std::sscanf(version.c_str(), "git version %d.%d", &major, &minor) == 2 &&
      (major < 2 || (major == 2 && minor < 38))) {
    return {"git", Grade::Failed, version, "Nightjar needs git 2.38 or newer"};
  }
  return {"git", Grade::Ok, version, ""};
}

// The nearest folder above that exists.
fs::path existing(fs::path folder) {
  std::error_code error;
  while (!folder.empty() && folder != folder.root_path() && !fs::exists(folder, error))
    folder = folder.parent_path();
  return folder;
}

Finding check_state(const fs::path& state) {
  const fs::path folder = existing(state);
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    return {"state folder", Grade::Failed, fmt::format("{} cannot be written", folder.string()),
            "make it yours, or set XDG_STATE_HOME to another place"};
  }
  struct stat info{};
  if (::stat(state.c_str(), &info) == 0 && (info.st_mode & 077) != 0) {
    return {"state folder", Grade::Warning, fmt::format("others can look into {}", state.string()),
            fmt::format("chmod 700 {}", shell_quoted(state.string()))};
  }
  return {"state folder", Grade::Ok, state.string(), ""};
}

Finding check_disk(const fs::path& state) {
  struct statvfs info{};
  const fs::path folder = existing(state);
  if (::statvfs(folder.c_str(), &info) != 0)
    return {"disk", Grade::Warning, "cannot ask for the free room", ""};
  const auto room = static_cast<unsigned long long>(info.f_bavail) * info.f_frsize;
  const std::string text = fmt::format("{} free at {}", human_size(room), folder.string());
  if (room < kLittleRoom)
    return {"disk", Grade::Warning, text, "nightjar clean --dry-run says what can be freed"};
  return {"disk", Grade::Ok, text, ""};
}

Finding check_service(const Context& context) {
  const Client& client = context.client;
  const std::string unreadable = context.hooks.config_problem ? context.hooks.config_problem() : "";
  const auto health = client.health();
  if (!health && FileLock::is_held(daemon_lock(client.state()))) {
    return {"service", Grade::Failed, "it is there but does not answer",
            fmt::format("look into {}", daemon_log(client.state()).string())};
  }
  if (!health && !unreadable.empty())
    return {"service", Grade::Failed, "not running, and none can start: " + unreadable,
            "correct the file"};
  if (!health)
    return {"service", Grade::Ok, "not running; the first command that needs it starts it", ""};
  const auto idle = get_int(*health, "waiting_for_model");
  const std::string text = fmt::format(
      "version {}, pid {}, {} running{}, {} queued, at most {} at once",
      get_string(*health, "version"), get_int(*health, "pid"), get_int(*health, "running"),
      idle > 0 ? fmt::format(" ({} of them waiting for a model)", idle) : "",
      get_int(*health, "queued"), get_int(*health, "limit"));
  try {
    const std::string remark = check_version(*health);
    if (!remark.empty()) return {"service", Grade::Warning, text, remark};
  } catch (const Error& error) {
    return {"service", Grade::Failed, text, error.what()};
  }
  if (!unreadable.empty())
    return {"service", Grade::Failed, text + "; the next one cannot start: " + unreadable,
            "correct the file"};
  if (const std::string remark = changed_config(client); !remark.empty())
    return {"service", Grade::Warning, text, remark};
  return {"service", Grade::Ok, text, ""};
}

// As the service read its settings when it started; without one, as the next would read them here.
std::vector<std::string> model_problems(const Context& context) {
  if (context.client.health()) {
    const json::value models = context.client.get("/models");
    return models.is_array() ? problems_of_models(models.get_array()) : std::vector<std::string>{};
  }
  return context.hooks.model_problems ? context.hooks.model_problems() : std::vector<std::string>{};
}

// Where the person stands in a repository: does its nightjar.toml read, or what is found in its
// place?
std::optional<Finding> check_repository() {
  std::error_code error;
  fs::path root;
  try {
    root = work_tree_around(fs::current_path(error));
  } catch (const Error&) {
    return std::nullopt;
  }
  if (const auto text = try_read_file(root / "nightjar.toml", size_t{1} << 20)) {
    const auto config = project::parse(*text);
    if (!config)
      return Finding{"repository", Grade::Failed, config.error(),
                     "correct the file, and commit it"};
    return Finding{"repository", Grade::Ok,
                   fmt::format("nightjar.toml with {}", count_of(config->checks.size(), "check")),
                   ""};
  }
  const project::Config config = project::detect(tree_of(root));
  if (config.checks.empty()) {
    return Finding{"repository", Grade::Warning,
                   fmt::format("no build or test tool was recognised in {}", root.string()),
                   "nightjar init writes a nightjar.toml to fill in, or assign with --check CMD"};
  }
  return Finding{"repository", Grade::Ok,
                 fmt::format("no nightjar.toml; detected: {}", join(config.found, ", ")), ""};
}

std::string_view word(Grade grade) {
  return grade == Grade::Ok ? "ok" : grade == Grade::Warning ? "warning" : "failed";
}

// A check that throws is a failed check, not a failed doctor.
template <class Check>
Finding guarded(std::string_view name, Check&& check) {
  try {
    return check();
  } catch (const std::exception& error) {
    return {std::string(name), Grade::Failed, error.what(), ""};
  }
}

std::string render(const Terminal& terminal, const Finding& finding) {
  const bool ok = finding.grade == Grade::Ok;
  const Tone tone = ok ? Tone::Good : finding.grade == Grade::Warning ? Tone::Attention : Tone::Bad;
  const Symbol mark = ok                                ? Symbol::Good
                      : finding.grade == Grade::Warning ? Symbol::Attention
                                                        : Symbol::Bad;
  std::string out =
      paint(terminal, tone, fmt::format("{} {:<8}", symbol(terminal, mark), word(finding.grade)));
  out += fmt::format(" {:<13} ", inert(finding.name)) +
         wrapped(terminal, inert(finding.detail), 25) + "\n";
  if (!ok && !finding.advice.empty() && finding.detail.find(finding.advice) == std::string::npos) {
    out += std::string(25, ' ') + wrapped(terminal, inert(finding.advice), 25) + "\n";
  }
  return out;
}

}  // namespace

int run_doctor(const Context& context) {
  const fs::path& state = context.client.state();
  std::vector<Finding> findings;
  findings.push_back(guarded("sandbox", [&] { return check_sandbox(context.hooks); }));
  findings.push_back(guarded("git", check_git));
  findings.push_back(guarded("state folder", [&] { return check_state(state); }));
  findings.push_back(guarded("disk", [&] { return check_disk(state); }));
  findings.push_back(guarded("service", [&] { return check_service(context); }));
  try {
    if (auto finding = check_repository()) findings.push_back(std::move(*finding));
  } catch (const std::exception& error) {
    findings.push_back({"repository", Grade::Failed, error.what(), ""});
  }
  try {
    for (auto& problem : model_problems(context))
      findings.push_back({"models", Grade::Warning, std::move(problem),
                          "correct it, then nightjar stop: the next service reads it"});
  } catch (const Error& error) {
    findings.push_back({"models", Grade::Warning, error.what(), ""});
  }
  if (context.hooks.doctor) {
    for (auto& finding : context.hooks.doctor()) findings.push_back(std::move(finding));
  }
  bool ok = true;
  json::array checks;
  for (const auto& finding : findings) {
    ok = ok && finding.grade != Grade::Failed;
    checks.push_back(
        json::object{{"name", valid_utf8(finding.name)},
                     {"state", word(finding.grade)},
                     {"detail", valid_utf8(finding.detail)},
                     {"advice", finding.advice.empty() ? json::value(nullptr)
                                                       : json::value(valid_utf8(finding.advice))}});
    if (!context.json) context.print(render(context.out, finding));
  }
  if (context.json) context.print_json(json::object{{"ok", ok}, {"checks", std::move(checks)}});
  return ok ? kDone : kFailed;
}

}  // namespace nightjar::cli
