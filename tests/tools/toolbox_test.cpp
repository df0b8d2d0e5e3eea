// The tools in a real sandbox.
#include <gtest/gtest.h>

#include <thread>

#include "toolbox_fixture.h"

namespace nightjar::tools {
namespace {

TEST_F(ToolboxTest, TheShellKeepsItsFolderAndVariables) {
  EXPECT_EQ(shell("cd sub && x=5 && export y=6"), "");
  EXPECT_EQ(shell("pwd; echo $x; sh -c 'echo $y'"), "/home/someone/src/thing/sub\n5\n6\n");
  const Answer failed = call("shell", {{"command", "echo no; false"}});
  EXPECT_EQ(failed.output, "no\n[exit status 1]");
  EXPECT_TRUE(failed.error);
  EXPECT_EQ(shell("f() { echo from f; }\nf"), "from f\n");
  EXPECT_EQ(shell("f; cat"), "from f\n");  // standard input is empty
  EXPECT_EQ(streamed_, "") << "no news of commands that end at once";
}

TEST_F(ToolboxTest, AShellThatEndsOrBreaksIsFollowedByANewOne) {
  shell("cd sub; z=1");
  const std::string ended = shell("echo bye; exit 3");
  EXPECT_NE(ended.find("bye\n[exit status 3]\n[the shell has ended"), std::string::npos) << ended;
  EXPECT_EQ(shell("pwd; echo \"<$z>\""), "/home/someone/src/thing/sub\n<>\n");
  EXPECT_NE(shell("if then").find("syntax error"), std::string::npos);
  EXPECT_EQ(shell("echo fit"), "fit\n");
  EXPECT_NE(shell("kill -KILL $$").find("[exit status 137]"), std::string::npos);
  EXPECT_EQ(shell("echo fit"), "fit\n");
}

TEST_F(ToolboxTest, ACommandThatTakesTooLongIsKilledWithWhatItStarted) {
  const Answer late =
      call("shell", {{"command", "echo begun; (sleep 4801 & sleep 4802)"}, {"timeout_s", 1}});
  EXPECT_NE(late.output.find("[timed out after 1 s"), std::string::npos) << late.output;
  EXPECT_TRUE(comes_to(std::string("sleep\0004802", 10), 0));
  const Answer busy = call("shell", {{"command", "while :; do :; done"}, {"timeout_s", 1}});
  EXPECT_NE(busy.output.find("gets a new shell"), std::string::npos) << busy.output;
  EXPECT_EQ(shell("echo fit"), "fit\n");
}

TEST_F(ToolboxTest, AStopAndADeadlineEndACommand) {
  std::stop_source stop;
  std::jthread later([&] {
    comes_to(std::string("sleep\0004803", 10), 1);
    stop.request_stop();
  });
  EXPECT_THROW(
      call("shell", {{"command", "sleep 4803"}}, in(std::chrono::seconds(30)), stop.get_token()),
      Cancelled);
  const Answer late =
      call("shell", {{"command", "sleep 4804"}}, in(std::chrono::milliseconds(200)));
  EXPECT_NE(late.output.find("the time limit was reached"), std::string::npos) << late.output;
  EXPECT_EQ(shell("echo fit"), "fit\n");
}

TEST_F(ToolboxTest, LongOutputKeepsHeadAndTailAndTheWholeInAFile) {
  const std::string out = shell("seq 1 200000");
  EXPECT_LE(out.size(), kMostShown + 200);
  EXPECT_TRUE(out.starts_with("1\n2\n")) << out.substr(0, 100);
  EXPECT_TRUE(out.ends_with("199999\n200000\n"));
  const size_t at = out.find("the whole is in ");
  ASSERT_NE(at, std::string::npos);
  const std::string file = out.substr(at + 16, out.find(" ...]", at) - at - 16);
  EXPECT_EQ(shell("wc -l < " + file), "200000\n");
  const Answer part = call("read", {{"path", file}, {"offset", 100000}, {"limit", 2}});
  EXPECT_TRUE(part.output.starts_with("100000\t100000\n100001\t100001\n")) << part.output;
}

TEST_F(ToolboxTest, JobsRunBesideCommands) {
  const Answer started = call(
      "shell", {{"command", "echo up; read x < fifo; echo got $x; exit 4"}, {"background", true}});
  EXPECT_NE(started.output.find("started as job1"), std::string::npos);
  shell("mkfifo fifo");
  const Answer server = call(
      "shell", {{"command", "mkfifo pipe; echo up; cat pipe; sleep 4805"}, {"background", true}});
  EXPECT_NE(server.output.find("job2"), std::string::npos);
  EXPECT_EQ(shell("while [ ! -p pipe ]; do :; done; echo through > pipe"), "");
  std::string seen;
  for (int i = 0; i < 100 && seen.find("through") == std::string::npos; ++i)
    seen += call("shell", {{"job", "job2"}, {"timeout_s", 1}}).output;
  EXPECT_NE(seen.find("up\n"), std::string::npos);
  EXPECT_NE(seen.find("[job2 is running]"), std::string::npos);
  EXPECT_NE(call("shell", {{"job", "job2"}, {"stop", true}}).output.find("job2 has ended"),
            std::string::npos);
  EXPECT_TRUE(comes_to(std::string("sleep\0004805", 10), 0));
  EXPECT_NE(call("shell", {{"job", "nothing"}}).output.find("there is no job"), std::string::npos);
}

TEST_F(ToolboxTest, ALongCommandGivesNewsOfItselfAndNoFlood) {
  const std::string all =
      shell("begun=$SECONDS; while [ $((SECONDS - begun)) -lt 4 ]; do echo line $((n=n+1)); done");
  EXPECT_NE(streamed_.find("line "), std::string::npos);
  EXPECT_LT(streamed_.size(), 5U * 8192U);
}

TEST_F(ToolboxTest, WhatACommandLeftRunningDoesNotHoldTheNextOneUp) {
  EXPECT_TRUE(shell("(sleep 1; echo late) & echo now").starts_with("now\n["));
  EXPECT_EQ(shell("echo next"), "next\n");
  EXPECT_EQ(shell("wait; echo end"), "end\n");
}

TEST_F(ToolboxTest, FilesAreReadWrittenEditedAndChecked) {
  EXPECT_EQ(call("read", {{"path", "a.txt"}}).output, "1\tone\n");
  EXPECT_EQ(call("read", {{"path", "."}}).output, "a.txt\nsub/\n");
  EXPECT_TRUE(call("read", {{"path", "nope"}}).error);
  EXPECT_TRUE(call("read", {{"path", "/dev/zero"}}).error);
  const Answer wrote = call("write", {{"path", "pkg/m.py"}, {"content", "def f(:\n  pass\n"}});
  EXPECT_TRUE(wrote.changed);
  EXPECT_NE(wrote.output.find("[syntax error at line 1"), std::string::npos) << wrote.output;
  const Answer fixed =
      call("edit", {{"path", "pkg/m.py"}, {"old", "def f(:"}, {"new", "def f():"}});
  EXPECT_EQ(fixed.output, "edited pkg/m.py at line 1");
  EXPECT_NE(fixed.diff.find("+def f():"), std::string::npos);
  EXPECT_EQ(call("outline", {{"path", "pkg"}}).output, "pkg/m.py\n  1-2 def f()\n");
  EXPECT_TRUE(call("edit", {{"path", "pkg/m.py"}, {"old", "zzz"}, {"new", "y"}}).error);
  const Answer patched =
      call("patch", {{"patch",
                      "*** Begin Patch\n*** Update File: a.txt\n-one\n+1\n*** Add File: "
                      "n/b.txt\n+new\n*** End Patch"}});
  EXPECT_FALSE(patched.error) << patched.output;
  EXPECT_EQ(shell("cat a.txt n/b.txt"), "1\nnew\n");
  EXPECT_EQ(call("search", {{"pattern", "new"}}).output, "n/b.txt\n1:new\n");
  shell("printf '\\211PNG\\r\\n\\032\\n123' > p.png; printf 'a\\0b' > bin; ln -s /etc/passwd l");
  const Answer picture = call("read", {{"path", "p.png"}});
  EXPECT_EQ(picture.image_type, "image/png");
  EXPECT_EQ(picture.image, "iVBORw0KGgoxMjM=");
  EXPECT_TRUE(call("read", {{"path", "bin"}}).error);
  EXPECT_TRUE(call("frobnicate", {}).error);
}

TEST_F(ToolboxTest, ItSurvivesChecksThatRunBesideIt) {
  shell("x=still; sleep 4806 & until grep -q sleep /proc/$!/comm; do :; done");
  EXPECT_EQ(output_of("echo a check"), "a check\n");
  EXPECT_EQ(shell("echo $x"), "still\n");
  EXPECT_EQ(processes_with(std::string("sleep\0004806", 10)), 1);
}

json::value nested(int levels) {
  json::value out = json::array{};
  for (int i = 1; i < levels; ++i) {
    json::array around;
    around.push_back(std::move(out));
    out = std::move(around);
  }
  return out;
}

TEST_F(ToolboxTest, ArgumentsTooDeepForTheToolsAreRefusedAndTheToolsStay) {
  shell("x=still");
  const Answer refused = call("read", {{"path", "a.txt"}, {"x", nested(31)}});
  EXPECT_TRUE(refused.error);
  EXPECT_TRUE(refused.output.starts_with("the arguments are nested more than 31"))
      << refused.output;
  EXPECT_EQ(call("read", {{"path", "a.txt"}, {"x", nested(30)}}).output, "1\tone\n");
  EXPECT_EQ(shell("echo $x"), "still\n");
}

TEST_F(ToolboxTest, ACallThatCannotBeReadIsAnsweredAndTheNextOneIsHeard) {
  const Fd socket = session().spawn({.argv = {"/.nightjar/bin/nightjar-toolbox"},
                                     .cwd = {},
                                     .env = {},
                                     .input = {},
                                     .on_output = {},
                                     .stop = {}});
  Inbox inbox;
  const auto next = [&] {
    for (;;) {
      if (auto document = inbox.next()) return *document;
      if (!inbox.read_from(socket.get())) return json::object{{"end", true}};
    }
  };
  for (const std::string text : {"{\"call\": 1, ", "[]"}) {
    const auto size = static_cast<std::uint32_t>(text.size());
    std::string bytes(reinterpret_cast<const char*>(&size), sizeof size);
    write_all(socket.get(), bytes + text);
    EXPECT_TRUE(next().contains("unread"));
  }
  send_document(socket.get(), {{"call", 2}, {"tool", "read"}, {"arguments", {{"path", "a.txt"}}}});
  EXPECT_EQ(next(), (json::object{{"output", "1\tone\n"}, {"call", 2}}));
}

TEST_F(ToolboxTest, AStopThatComesTogetherWithItsCallIsHeard) {
  std::stop_source stop;
  stop.request_stop();
  for (int i = 0; i < 5; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_THROW(
        call("shell", {{"command", "sleep 4841"}}, in(std::chrono::seconds(90)), stop.get_token()),
        Cancelled);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
  }
  EXPECT_NE(shell("echo fit").find("fit"), std::string::npos);
}

TEST_F(ToolboxTest, AToolboxThatIsKilledIsASandboxLost) {
  EXPECT_THROW(call("shell", {{"command", "kill -KILL $PPID; sleep 5"}}), sandbox::SandboxLost);
}

}  // namespace
}  // namespace nightjar::tools
