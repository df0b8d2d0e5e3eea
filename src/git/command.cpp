#include "git/command.h"

#include "base/error.h"
#include "base/text.h"

namespace nightjar::git {

namespace {

// Hooks, monitors, helpers and background work: off. Filters run only where a configuration names a driver,
// and none but the repository's own is read.
const std::vector<std::string>& settings() {
  static const std::vector<std::string> kSettings{"core.hooksPath=/dev/null",
                                                  "core.fsmonitor=false",
                                                  "core.untrackedCache=false",
                                                  "core.attributesFile=/dev/null",
                                                  "core.excludesFile=/dev/null",
                                                  "core.autocrlf=false",
                                                  "core.quotePath=false",
                                                  "gc.auto=0",
                                                  "maintenance.auto=false",
                                                  "commit.gpgSign=false",
                                                  "tag.gpgSign=false",
                                                  "push.gpgSign=false",
                                                  "protocol.ext.allow=never",
                                                  "protocol.file.allow=always",
                                                  "submodule.recurse=false",
                                                  "fetch.recurseSubmodules=no",
                                                  "push.recurseSubmodules=no",
                                                  "diff.ignoreSubmodules=all",
                                                  "credential.helper=",
                                                  "uploadpack.allowAnySHA1InWant=true",
                                                  "receive.autogc=false",
                                                  "receive.shallowUpdate=true",
                                                  "receive.denyCurrentBranch=ignore",
                                                  "receive.advertisePushOptions=false",
                                                  "advice.detachedHead=false",
                                                  "log.showSignature=false"};
  return kSettings;
}

}  // namespace

std::string hardened_command(std::string_view program) {
  std::string line = "git";
  for (const auto& setting : settings()) line += " -c " + shell_quoted(setting);
  return line + " " + std::string(program);
}

proc::Result run(const Git& git, const std::vector<std::string>& args, std::string input) {
  proc::Options options;
  options.argv = {"git"};
  for (const auto& setting : settings()) {
    options.argv.insert(options.argv.end(), {"-c", setting});
  }
  if (!git.git_dir.empty()) options.argv.push_back("--git-dir=" + git.git_dir.string());
  if (!git.work_tree.empty()) options.argv.push_back("--work-tree=" + git.work_tree.string());
  options.argv.insert(options.argv.end(), args.begin(), args.end());
  options.env = proc::minimal_environment();
  options.env["LC_ALL"] = "C.UTF-8";
  options.env["GIT_CONFIG_NOSYSTEM"] = "1";
  options.env["GIT_CONFIG_GLOBAL"] = "/dev/null";
  options.env["GIT_TERMINAL_PROMPT"] = "0";
  options.env["GIT_OPTIONAL_LOCKS"] = "0";
  options.env["GIT_LFS_SKIP_SMUDGE"] = "1";
  for (const auto& [name, value] : git.env) options.env[name] = value;
  options.input = std::move(input);
  return proc::run(options);
}

std::string output(const Git& git, const std::vector<std::string>& args, std::string input) {
  proc::Result result = run(git, args, std::move(input));
  if (result.exit_status == 0) return std::move(result.out);
  std::string words = trimmed(result.err);
  if (words.size() > 2000) words = "…" + words.substr(words.size() - 2000);
  const bool full = words.find("No space left on device") != std::string::npos;
  throw Error(full ? ErrorKind::Limit : ErrorKind::Internal, "git " + args.front() + " failed: " + inert(words, true));
}

}  // namespace nightjar::git
