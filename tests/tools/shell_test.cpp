// The toolbox's shell in a real sandbox: what commands may do to it, and how they end.
#include <gtest/gtest.h>

#include <thread>

#include "toolbox_fixture.h"

namespace nightjar::tools {
namespace {

using ShellTest = ToolboxTest;

TEST_F(ShellTest, ACommandMayTakeTheParametersAndLeaveLoops) {
  EXPECT_EQ(shell("set -- a b; echo $1"), "a\n");
  EXPECT_EQ(shell("echo $2"), "b\n");
  EXPECT_EQ(shell("continue"), "");
  EXPECT_EQ(shell("break"), "");
  EXPECT_EQ(shell("echo fit; return 3"), "fit\n[exit status 3]");
  EXPECT_EQ(shell("echo $2"), "b\n");
}

TEST_F(ShellTest, ACommandMayCallItsFunctionsAsTheShellsOwn) {
  EXPECT_EQ(shell("printf() { return 1; }; read() { return 1; }; printf x"), "[exit status 1]");
  EXPECT_EQ(shell("echo fit"), "fit\n");
}

TEST_F(ShellTest, AShellThatDiesBetweenCommandsIsReplacedAndItIsSaid) {
  shell(
      "cd sub; z=1; (while [ ! -e ../go ]; do :; done; kill -9 $$; "
      "while [ -e /proc/$$ ] && ! grep -q ') Z' /proc/$$/stat; do :; done; exec sleep 4810) "
      ">/dev/null 2>&1 &");
  call("write", {{"path", "go"}, {"content", ""}});
  ASSERT_TRUE(comes_to(std::string("sleep\0004810", 10), 1));
  const std::string out = shell("pwd; echo \"<$z>\"");
  EXPECT_TRUE(out.starts_with("/home/someone/src/thing/sub\n<>\n[the shell had ended")) << out;
  EXPECT_EQ(shell("echo fit"), "fit\n");
}

TEST_F(ShellTest, AShellWhoseFolderIsGoneStartsAboveIt) {
  EXPECT_NE(shell("mkdir -p x/y; cd x/y; rm -r ../../x; exit 1").find("[the shell has ended"),
            std::string::npos);
  EXPECT_TRUE(shell("pwd").starts_with("/"));
  EXPECT_EQ(shell("echo fit"), "fit\n");
}

TEST_F(ShellTest, ACommandMayRemoveWhatTheShellIsToldAndHeardThrough) {
  for (const char* command :
       {"rm -rf \"$nightjar_scratch\"", "cd \"$nightjar_scratch\" && rm -f * && touch pipe1 pipe2",
        "rm -f \"$nightjar_scratch\"/*; mkdir \"$nightjar_scratch\"/pipe1",
        "cd \"$nightjar_scratch\" && rm -f command && mkfifo command",
        "cd \"$nightjar_scratch\" && rm -f command && mkdir -p command/x",
        "cd \"$nightjar_scratch\" && rm -rf command && ln -s /dev/full command",
        "for each in \"$nightjar_scratch\"/pipe*; do rm -f $each; ln -s /dev/zero $each; done"}) {
    shell(command);
    EXPECT_EQ(shell("echo fit"), "fit\n") << command;
  }
}

TEST_F(ShellTest, WhatAnEarlierCommandLeftPrintsIntoNoLaterOne) {
  shell("(while [ ! -e go ]; do :; done; echo late) &");
  call("write", {{"path", "go"}, {"content", ""}});
  EXPECT_EQ(shell("wait; echo fit"), "fit\n");
}

TEST_F(ShellTest, NothingOfAScriptRunsAfterItsTimeout) {
  const Answer late = call(
      "shell", {{"command",
                 "cd sub\n(setsid sleep 4811 &)\nsleep 4812\necho A >> f\nsleep 4813 & sleep 4814"},
                {"timeout_s", "1"}});
  EXPECT_EQ(late.output,
            "[timed out after 1 s and was killed; the next command gets a new shell, in the same "
            "folder, without its variables]");
  for (const char* mark : {"4811", "4812", "4813", "4814"})
    EXPECT_TRUE(comes_to(std::string("sleep\0", 6) + mark, 0)) << mark;
  EXPECT_EQ(shell("pwd; ls"), "/home/someone/src/thing/sub\nb.txt\n");
}

TEST_F(ShellTest, ATimeoutSparesWhatEarlierCommandsStarted) {
  shell("sleep 4815 >/dev/null 2>&1 & sleep 4816 > /dev/null 2>&1 & sleep 0.1");
  call("shell", {{"command", "sleep 4817"}, {"background", true}});
  call("shell", {{"command", "sleep 4818"}, {"timeout_s", 1}});
  EXPECT_TRUE(comes_to(std::string("sleep\0004818", 10), 0));
  for (const char* mark : {"4815", "4816", "4817"})
    EXPECT_EQ(processes_with(std::string("sleep\0", 6) + mark), 1) << mark;
}

TEST_F(ShellTest, AStopIsHeardWhileAJobIsWaitedFor) {
  call("shell", {{"command", "sleep 4821"}, {"background", true}});
  std::stop_source stop;
  std::jthread later([&] {
    ::usleep(200'000);
    stop.request_stop();
  });
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_THROW(call("shell", {{"job", "job1"}, {"timeout_s", 60}}, in(std::chrono::seconds(90)),
                    stop.get_token()),
               Cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
  EXPECT_NE(shell("echo fit").find("fit"), std::string::npos);
}

TEST_F(ShellTest, WhatACommandLeavesRunningHasANameAndCanBeReadAndStopped) {
  EXPECT_EQ(shell("sleep 4831 >/dev/null 2>&1 &"), "");
  const std::string out =
      shell("mkfifo go; (echo up; read x < go; echo got $x; exec sleep 4832) & true");
  EXPECT_NE(out.find("{\"job\": \"left2\"}"), std::string::npos) << out;
  EXPECT_EQ(shell("echo it > go"), "");
  std::string seen = out;
  for (int i = 0; i < 100 && seen.find("got it") == std::string::npos; ++i)
    seen += call("shell", {{"job", "left2"}}).output;
  EXPECT_NE(seen.find("got it\n[left2 is running]"), std::string::npos) << seen;
  const Answer stopped = call("shell", {{"job", "left2"}, {"stop", "true"}});
  EXPECT_EQ(stopped.output, "[left2 has ended]");
  EXPECT_TRUE(comes_to(std::string("sleep\0004832", 10), 0));
  EXPECT_EQ(processes_with(std::string("sleep\0004831", 10)), 1);
}

TEST_F(ShellTest, TheLastWordsOfAJobAreRead) {
  call("shell",
       {{"command", "for i in $(seq 1 2000); do echo line $i; done"}, {"background", true}});
  const Answer done = call("shell", {{"job", "job1"}, {"timeout_s", 20}});
  EXPECT_NE(done.output.find("line 2000\n[job1 has ended with status 0]"), std::string::npos)
      << done.output.substr(done.output.size() - std::min<size_t>(200, done.output.size()));
}

std::string output_file(const std::string& answer) {
  constexpr std::string_view kBefore = "the whole is in ";
  const size_t at = answer.find(kBefore);
  if (at == std::string::npos) return "";
  const size_t begin = at + kBefore.size();
  return answer.substr(begin, answer.find(" ...]", begin) - begin);
}

TEST_F(ShellTest, TheNameOfAnOutputFileIsUsedByNoLaterToolbox) {
  const std::string first = output_file(shell("seq 1 200000"));
  toolbox_.reset();
  session_.reset();
  const std::string second = output_file(shell("seq 1 200001"));
  EXPECT_NE(first, "");
  EXPECT_NE(second, "");
  EXPECT_NE(first, second);
  const Answer gone = call("read", {{"path", first}});
  EXPECT_TRUE(gone.output.starts_with(first + " is not there: what is kept")) << gone.output;
}

TEST_F(ShellTest, PipesInThePlacesOfOutputFilesHoldNothingUp) {
  const std::string first = output_file(shell("seq 1 200000"));
  ASSERT_TRUE(first.ends_with("-1.txt")) << first;
  const std::string stem = first.substr(0, first.size() - 5);
  shell("for i in 2 3 4; do mkfifo " + stem + "$i.txt; done");
  EXPECT_EQ(output_file(shell("seq 1 200000")), stem + "3.txt");
}

TEST_F(ShellTest, OfVeryLongOutputTheFileHoldsTheFirstPartAndThatIsSaid) {
  const std::string out = shell("head -c 40000000 /dev/zero | tr '\\0' 'x'");
  EXPECT_NE(out.find("; the first 32.0 MB are in /tmp/.nightjar/output-"), std::string::npos)
      << out.substr(out.find("[..."), 200);
}

}  // namespace
}  // namespace nightjar::tools
