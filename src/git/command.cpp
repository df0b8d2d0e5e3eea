#include "git/command.h"

#include <poll.h>
#include <signal.h>

#include <cstdlib>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"

namespace nightjar::git {

namespace {

// What would start a program, or work in the background: off.
const std::vector<Setting>& nothing_executes() {
  static const std::vector<Setting> kSettings{{"core.hooksPath", "/dev/null"},
                                              {"core.fsmonitor", "false"},
                                              {"core.alternateRefsCommand", "true"},
                                              {"core.askPass", ""},
                                              {"credential.helper", ""},
                                              {"gc.auto", "0"},
                                              {"maintenance.auto", "false"},
                                              {"commit.gpgSign", "false"},
                                              {"tag.gpgSign", "false"},
                                              {"push.gpgSign", "false"},
                                              {"submodule.recurse", "false"},
                                              {"log.showSignature", "false"}};
  return kSettings;
}

// What a transport of ours needs on both ends, and what keeps our own git directories independent
// of the person's taste.
const std::vector<Setting>& our_own() {
  static const std::vector<Setting> kSettings{
      {"core.attributesFile", "/dev/null"},
      {"core.excludesFile", "/dev/null"},
      {"core.autocrlf", "false"},
      {"core.quotePath", "false"},
      {"core.symlinks", "true"},
      {"core.fileMode", "true"},
      {"core.ignoreCase", "false"},
      {"checkout.workers", "0"},
      {"protocol.allow", "never"},
      {"protocol.file.allow", "always"},
      {"core.fsync", "committed"},  // loose objects as well
      {"core.fsyncMethod", "batch"},
      {"fetch.recurseSubmodules", "no"},
      {"fetch.unpackLimit", "1"},  // whole packs: all or nothing
      {"push.recurseSubmodules", "no"},
      {"uploadpack.allowAnySHA1InWant", "true"},
      {"receive.autogc", "false"},
      {"receive.shallowUpdate", "true"},
      {"receive.denyCurrentBranch", "ignore"},
      {"receive.denyNonFastForwards", "false"}};
  return kSettings;
}

const std::vector<Setting>& as_person() {
  static const std::vector<Setting> kSettings{{"protocol.allow", "never"}};
  return kSettings;
}

void pass_on(std::map<std::string, std::string>& env, const char* name) {
  if (const char* value = std::getenv(name)) env[name] = value;
}

std::map<std::string, std::string> environment_of(const Git& git) {
  auto env = proc::minimal_environment();
  env["LC_ALL"] = "C";
  env["GIT_TERMINAL_PROMPT"] = "0";
  env["GIT_OPTIONAL_LOCKS"] = "0";
  env["GIT_NO_LAZY_FETCH"] = "1";  // a partial clone asks no remote on our behalf
  if (git.as_person) {
    env["HOME"] = home_folder().string();
    pass_on(env, "XDG_CONFIG_HOME");
    pass_on(env, "GIT_CONFIG_GLOBAL");
    pass_on(env,
            "GIT_TEST_ASSUME_DIFFERENT_OWNER");  // how git's own tests make a foreign repository
  } else {
    env["GIT_CONFIG_NOSYSTEM"] = "1";
    env["GIT_CONFIG_GLOBAL"] = "/dev/null";
    env["GIT_ATTR_NOSYSTEM"] = "1";
    env["GIT_NO_REPLACE_OBJECTS"] = "1";
  }
  // Settings travel in the environment: a key may hold an equals sign, which `-c` would split.
  size_t count = 0;
  const auto set = [&](const std::vector<Setting>& settings) {
    for (const auto& [key, value] : settings) {
      env["GIT_CONFIG_KEY_" + std::to_string(count)] = key;
      env["GIT_CONFIG_VALUE_" + std::to_string(count++)] = value;
    }
  };
  set(nothing_executes());
  set(git.as_person ? as_person() : our_own());
  set(git.settings);
  env["GIT_CONFIG_COUNT"] = std::to_string(count);
  for (const auto& [name, value] : git.env) env[name] = value;
  return env;
}

}  // namespace

std::string hardened_command(std::string_view program, const std::vector<Setting>& further) {
  std::string line = "git";
  for (const auto* settings : {&nothing_executes(), &our_own(), &further}) {
    for (const auto& [key, value] : *settings) line += " -c " + shell_quoted(key + "=" + value);
  }
  return line + " " + std::string(program);
}

proc::Result run(const Git& git, const std::vector<std::string>& args, std::string input) {
  proc::Options options;
  options.argv = {"git"};
  if (!git.folder.empty()) options.argv.insert(options.argv.end(), {"-C", git.folder.string()});
  if (!git.git_dir.empty()) options.argv.push_back("--git-dir=" + git.git_dir.string());
  if (!git.work_tree.empty()) options.argv.push_back("--work-tree=" + git.work_tree.string());
  options.argv.insert(options.argv.end(), args.begin(), args.end());
  options.env = environment_of(git);
  options.input = std::move(input);
  options.most_output = git.most_output;
  return proc::run(options);
}

void throw_failed(std::string_view command, const proc::Result& result) {
  std::string words = trimmed(result.err);
  if (words.size() > 2000) words = "…" + words.substr(words.size() - 2000);
  const bool full = words.find("No space left on device") != std::string::npos ||
                    words.find("Disk quota exceeded") != std::string::npos;
  if (result.exit_status == 128 + SIGKILL || result.exit_status == 128 + SIGTERM) {  // from outside
    throw Error(ErrorKind::Unavailable, "git " + std::string(command) + " was killed (signal " +
                                            std::to_string(result.exit_status - 128) + ")");
  }
  if (words.empty()) words = "status " + std::to_string(result.exit_status);
  throw Error(full ? ErrorKind::Limit : ErrorKind::Internal,
              "git " + std::string(command) + " failed: " + inert(words, true));
}

namespace {

// A git that was killed leaves its lock behind. In a mirror of ours that is harmless to undo: a
// run's refs are written by its one runner, whose gits die with it, and no ref command of ours
// takes seconds.
bool removed_stale_lock(const Git& git, const std::string& words) {
  static constexpr std::string_view kBegin = "Unable to create '";
  const auto begin = words.find(kBegin);
  const auto end = words.find(".lock': File exists");
  if (git.git_dir.empty() || begin == std::string::npos || end == std::string::npos || end < begin)
    return false;
  const std::string lock = words.substr(begin + kBegin.size(), end + 5 - begin - kBegin.size());
  if (!lock.starts_with(git.git_dir.string() + "/")) return false;
  std::error_code ignored;
  if (lock.find("/refs/nightjar/runs/") == std::string::npos) {
    const auto age = fs::file_time_type::clock::now() - fs::last_write_time(lock, ignored);
    if (ignored || age < std::chrono::seconds(3)) {
      ::poll(nullptr, 0, 100);
      return true;
    }
  }
  fs::remove(lock, ignored);
  return true;
}

}  // namespace

std::string output(const Git& git, const std::vector<std::string>& args, const std::string& input) {
  proc::Result result = run(git, args, input);
  for (int tries = 0; result.exit_status != 0 && tries < 50 && removed_stale_lock(git, result.err);
       ++tries) {
    result = run(git, args, input);
  }
  if (result.exit_status != 0) throw_failed(args.front(), result);
  return std::move(result.out);
}

std::vector<std::string> fields(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = text.find('\0');
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace nightjar::git
