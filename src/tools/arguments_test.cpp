#include "tools/arguments.h"

#include <gtest/gtest.h>

#include "tools/patch_command.h"

namespace nightjar::tools {
namespace {

std::string understood_as(std::string_view tool, std::string_view given) {
  return to_line(understood(tool, parse_json(given)->get_object()));
}

TEST(Arguments, OursGoBeforeThoseOfOthers) {
  EXPECT_EQ(get_string(understood("read", {{"path", "a"}, {"file_path", "b"}}), "path"), "a");
  EXPECT_EQ(get_string(understood("shell", {{"command", "a"}, {"file", "b"}}), "path"), "");
}

TEST(Arguments, BooleansAndNumbersMayBeStrings) {
  const auto out = understood(
      "search", {{"literal", "True"}, {"files_only", "false"}, {"context", " 3"}, {"limit", "x"}});
  EXPECT_TRUE(get_bool(out, "literal"));
  EXPECT_FALSE(get_bool(out, "files_only", true));
  EXPECT_EQ(get_int(out, "context"), 3);
  EXPECT_FALSE(out.contains("limit"));
}

TEST(Arguments, ATimeoutOfThousandsIsInMilliseconds) {
  EXPECT_EQ(get_int(understood("shell", {{"timeout", 120000}}), "timeout_s"), 120);
  EXPECT_EQ(get_int(understood("shell", {{"timeout", 300}}), "timeout_s"), 300);
  EXPECT_EQ(get_int(understood("shell", {{"timeout_ms", "1500"}}), "timeout_s"), 2);
  EXPECT_EQ(get_int(understood("shell", {{"timeout_s", 5}, {"timeout", 9}}), "timeout_s"), 5);
}

TEST(Arguments, ACommandInWordsIsQuoted) {
  EXPECT_EQ(understood_as("shell", R"({"command":["/bin/sh","-c","a | b"]})"),
            R"({"command":"a | b"})");
  EXPECT_EQ(understood_as("shell", R"({"command":["a b",1,"it's"]})"),
            R"({"command":"'a b' 1 'it'\\''s'"})");
  EXPECT_EQ(understood_as("shell", R"({"command":[]})"), R"({"command":""})");
}

TEST(PatchCommand, IsTheFirstWordWithAHereDocumentOrAQuotedArgument) {
  using P = PatchCommand;
  EXPECT_EQ(patch_command("apply_patch <<'EOF'\na\nb\nEOF\n"), (P{"a\nb\n", "", ""}));
  EXPECT_EQ(patch_command("apply_patch << \"X\"\na\nX"), (P{"a\n", "", ""}));
  EXPECT_EQ(patch_command("apply_patch <<-EOF\n\ta\n\tEOF\n"), (P{"a\n", "", ""}));
  EXPECT_EQ(patch_command(" cd 'a b' && apply_patch <<EOF && c\n$x\nEOF\nd\n"),
            (P{"$x\n", "a b", "c\nd"}));
  EXPECT_EQ(patch_command("apply_patch \"a \\\"b\\\"\nc\"; d"), (P{"a \"b\"\nc", "", "d"}));
  EXPECT_EQ(patch_command("apply_patch 'a\nb'"), (P{"a\nb", "", ""}));
}

TEST(PatchCommand, LeavesToTheShellWhatOnlyThatCanRead) {
  for (const char* command :
       {"", "ls", "apply_patch", "apply_patch < file", "apply_patch 'a", "apply_patch_all 'a\nb'",
        "cat x | apply_patch", "apply_patch <<EOF | tee x\na\nEOF",
        "cd $HOME && apply_patch 'a\nb'", "cd a || apply_patch 'a\nb'", "apply_patch <<EOF"})
    EXPECT_EQ(patch_command(command), std::nullopt) << command;
}

}  // namespace
}  // namespace nightjar::tools
