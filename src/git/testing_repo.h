// A real git repository in a temporary folder, as a person would have it. For tests alone.
#pragma once

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "proc/process.h"

namespace nightjar::git {

/// Writes a file as an editor does, with the folders above it; nothing waits for the disk.
inline void put(const fs::path& file, std::string_view content, unsigned mode = 0644) {
  fs::create_directories(file.parent_path());
  const Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (!fd) throw_errno("cannot write " + file.string());
  write_all(fd.get(), content);
}

/// Runs `body` as somebody whom file permissions bind: root does so in a child that is nobody, to
/// whom the folders are given. False where an expectation failed.
template <typename Body>
bool as_ordinary_user(const std::vector<fs::path>& folders, Body body) {
  if (::geteuid() != 0) {
    body();
    return !::testing::Test::HasFailure();
  }
  constexpr unsigned kNobody = 65534;
  for (const auto& folder : folders) {
    ::chown(folder.c_str(), kNobody, kNobody);
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      ::lchown(entry.path().c_str(), kNobody, kNobody);
    }
  }
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("HOME", "/nonexistent", 1);
    ::unsetenv("XDG_CONFIG_HOME");
    if (::setgroups(0, nullptr) != 0 || ::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)
      ::_exit(9);
    body();
    ::_exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// `git ARGS` as a person runs it, with a name and no settings of this machine; trimmed output.
inline std::string plain_git(const fs::path& folder, const std::vector<std::string>& args,
                             const std::map<std::string, std::string>& env = {}) {
  proc::Options options;
  options.argv = {"git", "-C", folder.string(), "-c", "protocol.file.allow=always"};
  options.argv.insert(options.argv.end(), args.begin(), args.end());
  options.env = proc::minimal_environment();
  options.env["GIT_CONFIG_NOSYSTEM"] = "1";
  options.env["GIT_CONFIG_GLOBAL"] = "/dev/null";
  for (const char* role : {"AUTHOR", "COMMITTER"}) {
    options.env["GIT_" + std::string(role) + "_NAME"] = "Ada";
    options.env["GIT_" + std::string(role) + "_EMAIL"] = "ada@example.org";
  }
  for (const auto& [name, value] : env) options.env[name] = value;
  return trimmed(proc::output_of(options));
}

class Repo {
 public:
  explicit Repo(const std::vector<std::string>& init = {"-b", "main"})
      : path_(dir_.path() / "thing") {
    fs::create_directory(path_);
    std::vector<std::string> args{"init", "-q"};
    args.insert(args.end(), init.begin(), init.end());
    git(args);
  }

  const fs::path& path() const { return path_; }
  /// Beside the repository.
  fs::path beside(const std::string& name) const { return dir_.path() / name; }

  std::string git(const std::vector<std::string>& args) const { return plain_git(path_, args); }

  void write(const std::string& file, std::string_view content, unsigned mode = 0644) const {
    put(path_ / file, content, mode);
  }
  std::string read(const std::string& file) const {
    return try_read_file(path_ / file).value_or("(no file)");
  }
  /// Everything as one commit; its id.
  std::string commit(const std::string& message = "more") const {
    git({"add", "-A"});
    git({"commit", "-q", "--allow-empty", "-m", message});
    return head();
  }
  std::string head(const std::string& ref = "HEAD") const { return git({"rev-parse", ref}); }
  std::string status() const { return git({"status", "--porcelain"}); }

  /// Every hook there is leaves its name in `canary()`.
  void plant_hooks(const fs::path& folder) const {
    fs::create_directories(folder);
    for (const char* name :
         {"pre-commit", "post-commit", "pre-push", "pre-receive", "update", "post-receive",
          "post-update", "reference-transaction", "post-checkout", "post-merge", "pre-merge-commit",
          "post-index-change", "push-to-checkout", "proc-receive", "pre-auto-gc", "fsmonitor"}) {
      write_durably(
          folder / name,
          "#!/bin/sh\necho " + std::string(name) + " >> " + shell_quoted(canary().string()) + "\n",
          0755);
      ::chmod((folder / name).c_str(), 0755);
    }
  }
  fs::path canary() const { return beside("canary"); }
  std::string canaries() const { return try_read_file(canary()).value_or(""); }

 private:
  TempDir dir_;
  fs::path path_;
};

}  // namespace nightjar::git
