#include "tools/shell_loop.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "base/text.h"
#include "tools/jobs.h"

namespace nightjar::tools {
namespace {

// What the loop says of the command, which it is given twice.
std::string statuses(const std::string& shell, std::string_view command) {
  const TempDir dir("nightjar-loop");
  write_whole(dir.path() / "command", command);
  write_whole(dir.path() / "numbers", "1 pipe\n2 pipe\n");
  const std::string run = "cd " + shell_quoted(dir.path().string()) + " && timeout 10 " + shell +
                          " -c " + shell_quoted(kShellLoop) + " shell . 8<numbers 9>statuses";
  const int ended = std::system(run.c_str());
  return read_file(dir.path() / "statuses", 1 << 20) + "ended " + std::to_string(ended);
}

TEST(ShellLoop, HearsAndTellsWhateverFunctionsACommandLeaves) {
  for (const std::string shell : {"sh", "bash"}) {
    if (shell == "bash" && !has_bash()) continue;
    for (const char* name : {"printf", "read"}) {
      const std::string function = name + std::string("() { return 7; }\n");
      EXPECT_EQ(statuses(shell, function + "false\n"), "0 0\n1 1\n2 1\nended 0")
          << shell << " " << name;
      EXPECT_EQ(statuses(shell, "alias " + std::string(name) + "=false\n"),
                "0 0\n1 0\n2 0\nended 0")
          << shell << " " << name;
    }
  }
  // The others take this for an error of syntax.
  if (has_bash()) {
    EXPECT_EQ(statuses("bash", "exit() { :; }\n"), "0 0\n1 0\n2 0\nended 0");
  }
}

}  // namespace
}  // namespace nightjar::tools
