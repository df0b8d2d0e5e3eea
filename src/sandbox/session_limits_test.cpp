// What a sandbox may use, and what happens where none can be made.
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "session_fixture.h"

namespace nightjar::sandbox {
namespace {

using SessionLimits = SessionTest;

TEST_F(SessionLimits, MemoryBeyondTheLimitIsNamed) {
  policy_.memory_bytes = std::uint64_t{200} << 20;
  Command command = shell("python3 -c 'import time\nx = b\"x\" * (400 << 20)\ntime.sleep(60)'");
  command.deadline = in(std::chrono::seconds(30));
  const CommandResult result = session().run(command);
  EXPECT_EQ(result.ended, Ended::OutOfMemory);
  EXPECT_FALSE(result.killed_from_outside);
  EXPECT_EQ(output_of("echo next"), "next\n");
}

TEST_F(SessionLimits, MemoryInManyProcessesCountsTogether) {
  policy_.memory_bytes = std::uint64_t{200} << 20;
  Command command = shell(
      "for i in $(seq 20); do python3 -c 'import time\nx = bytearray(20 << 20)\ntime.sleep(60)' & "
      "done; wait");
  command.deadline = in(std::chrono::seconds(60));
  EXPECT_EQ(session().run(command).ended, Ended::OutOfMemory);
}

TEST_F(SessionLimits, FilesInMemoryMayTakeHalfOfIt) {
  policy_.memory_bytes = std::uint64_t{64} << 20;
  const CommandResult result = run("head -c 200000000 /dev/zero > /tmp/f; stat -c %s /tmp/f");
  EXPECT_NE(result.output.find("No space left on device\n33554432\n"), std::string::npos)
      << result.output;
  EXPECT_EQ(output_of("cat /proc/self/oom_score_adj"), "500\n");
}

TEST_F(SessionLimits, ALittleMemoryIsNoOffence) {
  policy_.memory_bytes = std::uint64_t{512} << 20;
  Command command = shell("python3 -c 'x = b\"x\" * (50 << 20)'; sleep 1.2");
  const CommandResult result = session().run(command);
  EXPECT_EQ(result.ended, Ended::ByItself);
  EXPECT_EQ(result.exit_status, 0);
}

TEST_F(SessionLimits, DiskBeyondTheLimitIsNamed) {
  policy_.disk_bytes = 10 << 20;
  Command command = shell("head -c 50000000 /dev/zero > f; sleep 60");
  command.deadline = in(std::chrono::seconds(30));
  EXPECT_EQ(session().run(command).ended, Ended::OutOfDisk);
}

TEST_F(SessionLimits, EmptyFilesInMemoryAreLimitedToo) {
  EXPECT_EQ(output_of("df -i /tmp | awk 'NR == 2 {print ($2 > 0 && $2 <= 1000000)}'"), "1\n");
}

TEST_F(SessionLimits, AMissingHelperIsSaid) {
  policy_.helper = dir_.path() / "none";
  try {
    session();
    FAIL() << "a sandbox without a helper";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Unavailable);
    EXPECT_NE(std::string(error.what()).find("none"), std::string::npos);
  }
}

TEST_F(SessionLimits, AMissingLayerIsSaid) {
  policy_.tree.lowers = {dir_.path() / "none"};
  EXPECT_THROW(session(), Error);
}

// Runs `body` in a user namespace of its own, in which no further one may be made; its exit status.
int where_namespaces_are_forbidden(const std::function<int()>& body) {
  const uid_t uid = ::geteuid();
  const pid_t child = ::fork();
  if (child == 0) {
    const auto write = [](const char* path, const std::string& text) {
      std::ofstream(path) << text;
    };
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) ::_exit(90);
    write("/proc/self/setgroups", "deny");
    write("/proc/self/uid_map",
          std::to_string(uid == 0 ? 1 : uid) + " " + std::to_string(uid) + " 1\n");
    write("/proc/self/gid_map",
          std::to_string(uid == 0 ? 1 : uid) + " " + std::to_string(::getegid()) + " 1\n");
    write("/proc/sys/user/max_user_namespaces", "0\n");
    ::_exit(body());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

TEST_F(SessionLimits, WithoutUserNamespacesNothingRunsAndTheWayOutIsSaid) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "the sanitizer has a thread of its own, and so unshare() is refused";
#endif
  const int status = where_namespaces_are_forbidden([&] {
    try {
      Session::start(policy_);
      return 1;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::Unavailable) return 2;
      return std::string(error.what()).find("max_user_namespaces") == std::string::npos ? 3 : 0;
    }
  });
  EXPECT_EQ(status, 0);
}

TEST_F(SessionLimits, TheProbeSaysThatItWorks) {
  const Report report = probe(policy_.helper);
  EXPECT_TRUE(report.works) << report.reason;
  EXPECT_EQ(report.tree, "overlay");
  EXPECT_FALSE(report.limits.empty());
  EXPECT_FALSE(probe(dir_.path() / "none").works);
}

TEST_F(SessionLimits, ToolsOfThisHostWorkInside) {
  const HostTools tools = host_tools(std::getenv("PATH"));
  policy_.tools = tools.mounts;
  policy_.path = tools.path;
  policy_.env = tools.env;
  for (const char* secret :
       {".ssh", ".config", ".bashrc", ".cargo/credentials.toml", ".gitconfig"}) {
    EXPECT_NE(run("test -e /root/" + std::string(secret) + " || test -e ~/" + secret).exit_status,
              0)
        << secret;
  }
  for (const char* tool : {"python3", "node", "cargo", "rustc", "go", "java", "cmake"}) {
    const std::string ask =
        std::string(tool) == "go" ? "go version" : std::string(tool) + " --version";
    if (std::system((ask + " > /dev/null 2>&1").c_str()) != 0) continue;  // not on this host
    EXPECT_EQ(run(ask).exit_status, 0) << tool << "\n" << run(ask).output;
  }
}

}  // namespace
}  // namespace nightjar::sandbox
