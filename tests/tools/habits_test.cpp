// Calls as models write them that learned other tools.
#include <gtest/gtest.h>

#include "toolbox_fixture.h"

namespace nightjar::tools {
namespace {

using HabitsTest = ToolboxTest;

TEST_F(HabitsTest, ACommandMayBeAListOfWords) {
  EXPECT_EQ(call("shell", {{"command", {"bash", "-lc", "echo $((1+1)); pwd"}}}).output,
            "2\n/home/someone/src/thing\n");
  EXPECT_EQ(call("shell", {{"command", {"printf", "<%s>", "a b", "$x"}}}).output, "<a b><$x>");
  EXPECT_EQ(call("shell", {{"cmd", "pwd"}, {"workdir", "sub"}, {"timeout_ms", 5000}}).output,
            "/home/someone/src/thing/sub\n");
}

TEST_F(HabitsTest, ApplyPatchIsACommand) {
  const std::string patch =
      "*** Begin Patch\n*** Update File: a.txt\n-one\n+it's $1 \"1\"\n*** End Patch\n";
  const Answer here = call("shell", {{"command", "apply_patch <<'EOF'\n" + patch + "EOF\n"}});
  EXPECT_TRUE(here.changed);
  EXPECT_EQ(here.output, "changed a.txt\n");
  EXPECT_NE(here.diff.find("-one\n+it's $1"), std::string::npos);
  EXPECT_EQ(shell("cat a.txt"), "it's $1 \"1\"\n");
  const Answer below = call(
      "shell", {{"command",
                 {"bash", "-lc",
                  "cd sub && apply_patch <<EOF && echo done\n*** Begin Patch\n*** Update File: "
                  "b.txt\n-two\n+2\n*** End Patch\nEOF\ncat b.txt"}}});
  EXPECT_EQ(below.output, "changed sub/b.txt\ndone\n2\n");
  EXPECT_TRUE(below.changed);
  EXPECT_EQ(call("shell", {{"command",
                            {"apply_patch",
                             "*** Begin Patch\n*** Add File: c.txt\n+c\n*** End "
                             "Patch"}}})
                .output,
            "wrote sub/c.txt\n");
  const Answer bad = call("shell", {{"command", "apply_patch 'nothing\nlike a patch'\nrm b.txt"}});
  EXPECT_TRUE(bad.error);
  EXPECT_EQ(shell("ls"), "b.txt\nc.txt\n");
}

TEST_F(HabitsTest, MembersOfOtherToolsAreUnderstood) {
  EXPECT_EQ(call("read", {{"file_path", "a.txt"}, {"limit", "5"}}).output, "1\tone\n");
  EXPECT_FALSE(call("write", {{"filename", "n.txt"}, {"file_text", "x x\n"}}).error);
  EXPECT_EQ(call("edit", {{"file_path", "n.txt"},
                          {"old_string", "x"},
                          {"new_string", "y"},
                          {"replace_all", "true"}})
                .output,
            "edited n.txt at line 1 and 1 more");
  EXPECT_EQ(shell("cat n.txt"), "y y\n");
  EXPECT_FALSE(call("edit", {{"file", "n.txt"}, {"oldText", "y y"}, {"newText", "z"}}).error);
  EXPECT_FALSE(call("edit", {{"path", "n.txt"}, {"old_str", "z"}, {"new_str", ""}}).error);
  EXPECT_EQ(
      call("search", {{"pattern", "ONE"}, {"ignore_case", "true"}, {"files_only", "yes"}}).output,
      "a.txt\n");
}

}  // namespace
}  // namespace nightjar::tools
