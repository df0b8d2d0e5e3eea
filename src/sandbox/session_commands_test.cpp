// Commands: their output, their limits, their end.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <thread>

#include "session_fixture.h"

namespace nightjar::sandbox {
namespace {

using SessionCommands = SessionTest;

TEST_F(SessionCommands, SayHowTheyEnded) {
  EXPECT_EQ(run("exit 7").exit_status, 7);
  EXPECT_EQ(run("nosuchprogram").exit_status, 127);
  EXPECT_EQ(session().run({.argv = {"nosuchprogram"}}).exit_status, 127);
  EXPECT_EQ(session().run({.argv = {"/etc/passwd"}}).exit_status, 126);
  const CommandResult aborted = run("kill -ABRT $$");
  EXPECT_EQ(aborted.exit_status, 128 + SIGABRT);
  EXPECT_FALSE(aborted.killed_from_outside);
  EXPECT_TRUE(run("kill -KILL $$").killed_from_outside);
  EXPECT_TRUE(run("sh -c 'kill -TERM $$'; exit $?").killed_from_outside);
}

TEST_F(SessionCommands, GetTheirInputFolderAndEnvironment) {
  Command command = shell("pwd; cat; echo $WORD $HOME");
  command.cwd = policy_.tree.target / "sub";
  command.env = {{"WORD", "w"}, {"HOME", "/tmp"}};
  command.input = std::string(200000, 'i');
  const CommandResult result = session().run(command);
  EXPECT_EQ(result.output, "/home/someone/src/thing/sub\n" + command.input + "w /tmp\n");
  command.cwd = "/nowhere";
  EXPECT_EQ(session().run(command).exit_status, 126);
}

TEST_F(SessionCommands, BothStreamsComeAsTheyWereWritten) {
  EXPECT_EQ(run("echo 1; echo 2 >&2; echo 3; printf 'a\\0b\\377'").output,
            std::string("1\n2\n3\na\0b\377", 10));
}

TEST_F(SessionCommands, OutputIsStreamedWhileTheyRun) {
  Command command = shell("echo first; read line; echo second");
  std::string seen;
  command.on_output = [&](std::string_view bytes) { seen += bytes; };
  EXPECT_EQ(session().run(command).output, seen);
  EXPECT_EQ(seen, "first\nsecond\n");
}

long peak_kilobytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST_F(SessionCommands, AFloodIsReadToItsEndInFlatMemory) {
  session();
  Command command = shell("head -c 1000000000 /dev/zero | tr '\\0' x; echo END");
  command.keep_head = command.keep_tail = 1000;
  const long before = peak_kilobytes();
  const CommandResult result = session().run(command);
  EXPECT_LT(peak_kilobytes() - before, 8000);
  EXPECT_EQ(result.output_bytes, 1000000004u);
  EXPECT_EQ(result.output, std::string(1000, 'x') + "\n… 999998004 bytes left out …\n" +
                               std::string(996, 'x') + "END\n");
}

TEST_F(SessionCommands, TheDeadlineKillsTheWholeTree) {
  const std::string mark = "1234." + std::to_string(::getpid());
  Command command =
      shell("trap '' TERM INT HUP; (trap '' TERM; sleep " + mark + ") & sleep " + mark);
  command.deadline = in(std::chrono::milliseconds(200));
  const CommandResult result = session().run(command);
  EXPECT_EQ(result.ended, Ended::TimedOut);
  EXPECT_FALSE(result.killed_from_outside);
  EXPECT_EQ(processes_with(mark), 0);
  EXPECT_EQ(output_of("echo next"), "next\n");
}

TEST_F(SessionCommands, StoppingOneselfDoesNotEscapeTheDeadline) {
  Command command = shell("kill -STOP $$");
  command.deadline = in(std::chrono::milliseconds(200));
  EXPECT_EQ(session().run(command).ended, Ended::TimedOut);
}

TEST_F(SessionCommands, SilenceEndsThemAndOutputDoesNot) {
  Command command = shell("for i in 1 2 3 4 5 6; do echo $i; sleep 0.1; done; sleep 1000");
  command.idle = Millis(300);
  const CommandResult result = session().run(command);
  EXPECT_EQ(result.ended, Ended::Silent);
  EXPECT_EQ(result.output, "1\n2\n3\n4\n5\n6\n");
}

TEST_F(SessionCommands, AStopEndsThemAndTheSandboxGoesOn) {
  std::stop_source source;
  const std::string mark = "4321." + std::to_string(::getpid());
  Command command = shell("echo started; sleep " + mark);
  command.stop = source.get_token();
  command.on_output = [&](std::string_view) { source.request_stop(); };
  EXPECT_THROW(session().run(command), Cancelled);
  EXPECT_EQ(processes_with(mark), 0);
  EXPECT_EQ(output_of("echo next"), "next\n");
}

TEST_F(SessionCommands, AThrowingListenerEndsThemAndTheSandboxGoesOn) {
  Command command = shell("yes");
  command.on_output = [](std::string_view) { throw Error(ErrorKind::Limit, "disk full"); };
  EXPECT_THROW(session().run(command), Error);
  EXPECT_EQ(output_of("echo next; set -- /proc/[0-9]*; echo $#"), "next\n2\n");
}

TEST_F(SessionCommands, DaemonsDieWithTheirCommand) {
  const std::string mark = "7777." + std::to_string(::getpid());
  output_of(
      "python3 -c 'import os, signal\n"
      "for s in (1, 2, 15): signal.signal(s, signal.SIG_IGN)\n"
      "if os.fork() == 0:\n"
      "  os.setsid()\n"
      "  if os.fork() == 0: os.execvp(\"sleep\", [\"sleep\", \"" +
      mark +
      "\"])\n"
      "  os._exit(0)\n'; nohup setsid sleep " +
      mark + " > /dev/null 2>&1 &");
  EXPECT_EQ(processes_with(mark), 0);
  EXPECT_EQ(output_of("set -- /proc/[0-9]*; echo $#"), "2\n");
}

TEST_F(SessionCommands, OrphansAreReaped) {
  EXPECT_EQ(output_of("for i in 1 2 3 4 5; do (true &) ; done; sleep 0.2; grep -l 'State:.Z' "
                      "/proc/[0-9]*/status 2>/dev/null | wc -l"),
            "0\n");
}

TEST_F(SessionCommands, AForkBombIsLimited) {
  policy_.most_processes = 64;
  Command command = shell("bomb() { bomb | bomb & }; bomb; sleep 0.5; ls /proc | grep -c '^[0-9]'");
  command.deadline = in(std::chrono::seconds(20));
  session().run(command);
  EXPECT_EQ(output_of("set -- /proc/[0-9]*; echo $#"), "2\n");
  Command count{.argv = {"python3", "-c",
                         "import os, time\nn = 0\ntry:\n  while True:\n    if os.fork() == 0: "
                         "time.sleep(100); os._exit(0)\n    n += 1\n"
                         "except OSError: print(n < 64, n > 40)"}};
  EXPECT_EQ(session().run(count).output, "True True\n");
}

TEST_F(SessionCommands, OpenFilesAndCoreDumpsAreLimited) {
  policy_.most_files = 300;
  EXPECT_EQ(output_of("ulimit -n; ulimit -c"), "300\n0\n");
}

TEST_F(SessionCommands, EndWithTheProcessThatHoldsTheSandbox) {
  const std::string mark = "8888." + std::to_string(::getpid());
  const pid_t holder = ::fork();
  ASSERT_GE(holder, 0);
  if (holder == 0) {
    const auto own = Session::start(policy_);
    own->run(shell("(setsid sleep " + mark + " &); sleep " + mark));
    ::_exit(0);
  }
  ASSERT_TRUE(comes_to(mark, 3));  // the shell's line holds it too
  ::kill(holder, SIGKILL);
  ::waitpid(holder, nullptr, 0);
  EXPECT_TRUE(comes_to(mark, 0));
}

TEST_F(SessionCommands, StoppingLeavesNothing) {
  const auto mounts = [] { return read_file("/proc/self/mountinfo"); };
  const std::string before = mounts();
  session().run(shell("true"));
  EXPECT_EQ(mounts(), before);
  session().stop();
  EXPECT_THROW(session().run(shell("true")), SandboxLost);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(SessionCommands, ALostHelperIsToldApart) {
  session();
  Command command = shell("echo up; sleep 1000");
  command.on_output = [](std::string_view) {
    // Whoever is our child is the helper.
    const std::string children =
        read_file("/proc/self/task/" + std::to_string(::gettid()) + "/children");
    ::kill(std::stoi(children), SIGKILL);
  };
  EXPECT_THROW(session().run(command), SandboxLost);
  session_.reset();
  EXPECT_EQ(output_of("echo again"), "again\n");
}

TEST_F(SessionCommands, ManySandboxesLiveSideBySide) {
  std::vector<std::unique_ptr<Session>> all;
  for (int i = 0; i < 20; ++i) {
    policy_.tree.upper = dir_.path() / ("upper" + std::to_string(i));
    all.push_back(Session::start(policy_));
  }
  for (auto& one : all) EXPECT_EQ(one->run(shell("cat a.txt")).output, "one\n");
}

}  // namespace
}  // namespace nightjar::sandbox
