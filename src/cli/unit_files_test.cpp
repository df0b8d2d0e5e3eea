// What packaging/ holds, as the tools that will read it read it.
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/context.h"
#include "proc/process.h"

namespace nightjar::cli {
namespace {

fs::path packaging() { return fs::path(NIGHTJAR_SOURCE_DIR) / "packaging"; }

proc::Result run(std::vector<std::string> argv, std::map<std::string, std::string> env = {}) {
  proc::Options options;
  options.argv = std::move(argv);
  options.env = proc::minimal_environment();
  for (auto& [name, value] : env) options.env[name] = value;
  options.deadline = in(std::chrono::seconds(60));
  return proc::run(options);
}

TEST(SystemdUnit, IsAcceptedBySystemdAnalyze) {
  if (proc::find_in_path("systemd-analyze").empty())
    GTEST_SKIP() << "systemd-analyze is missing: apt-get install systemd";
  const TempDir folder;
  fs::create_directories(folder.path() / "bin");
  write_durably(folder.path() / "bin/nightjar", "#!/bin/sh\n", 0755);
  std::string unit = read_file(packaging() / "nightjar.service");
  const std::string_view place = "@BINDIR@";
  const auto at = unit.find(place);
  ASSERT_NE(at, std::string::npos);
  unit.replace(at, place.size(), (folder.path() / "bin").string());
  EXPECT_EQ(unit.find('@'), std::string::npos);
  write_durably(folder.path() / "nightjar.service", unit);
  const auto result =
      run({"systemd-analyze", "--man=no", "verify", (folder.path() / "nightjar.service").string()});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(result.err, "");
}

TEST(SystemdUnit, LeavesRunsAloneWhenTheServiceEnds) {
  const std::string unit = read_file(packaging() / "nightjar.service");
  EXPECT_NE(unit.find("\nKillMode=process\n"), std::string::npos);
  EXPECT_NE(unit.find("/nightjar serve\n"), std::string::npos);
}

TEST(Manual, IsFormattedWithoutAWarning) {
  if (proc::find_in_path("man").empty()) GTEST_SKIP() << "man is missing: apt-get install man-db";
  const auto result = run({"man", "--warnings", "-l", (packaging() / "nightjar.1").string()},
                          {{"MANWIDTH", "80"}, {"MANPAGER", "cat"}, {"LANG", "C.UTF-8"}});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_NE(result.out.find("nightjar request-changes ID"), std::string::npos)
      << result.out.substr(0, 2000);
}

TEST(Completion, TheBashScriptOffersWhatTheProgramSays) {
  if (proc::find_in_path("bash").empty()) GTEST_SKIP() << "bash is missing: apt-get install bash";
  const TempDir folder;
  // Stands for the program: names its arguments, then offers two words.
  write_durably(folder.path() / "nightjar",
                "#!/bin/sh\necho \"$*\" > \"$(dirname \"$0\")/asked\"\nprintf 'merge\\tmerge "
                "it\\nmend\\t\\nshow\\t\\n'\n",
                0755);
  const std::string script = "source " + shell_quoted((packaging() / "completion.bash").string()) +
                             "; COMP_WORDS=(" +
                             shell_quoted((folder.path() / "nightjar").string()) +
                             " me); COMP_CWORD=1; _nightjar; printf '%s\\n' \"${COMPREPLY[@]}\"";
  const auto result = run({"bash", "--norc", "-c", script});
  EXPECT_EQ(result.out, "merge\nmend\n") << result.err;
  EXPECT_EQ(read_file(folder.path() / "asked"), "__complete me\n");
}

TEST(Completion, EveryShellsScriptIsInTheProgram) {
  for (const auto* shell : {"bash", "zsh", "fish"}) {
    EXPECT_EQ(completion_script(shell),
              read_file(packaging() / ("completion." + std::string(shell))))
        << shell;
  }
  EXPECT_EQ(completion_script("tcsh"), "");
}

TEST(Completion, OffersCommandsOptionsAndValues) {
  const Client nobody("/nonexistent");
  const auto offers = [&](const std::vector<std::string>& words, std::string_view word) {
    const std::string all = "\n" + complete(nobody, words);
    return all.find("\n" + std::string(word) + "\t") != std::string::npos;
  };
  EXPECT_TRUE(offers({""}, "assign"));
  EXPECT_TRUE(offers({"merge", "--"}, "--method"));
  EXPECT_TRUE(offers({"merge", "--method", ""}, "squash"));
  EXPECT_TRUE(offers({"assign", "--kind", "r"}, "refactor"));
  EXPECT_TRUE(offers({"help", ""}, "doctor"));
  EXPECT_TRUE(offers({"completion", ""}, "zsh"));
  EXPECT_FALSE(offers({"completion", "zsh", ""}, "zsh"));
  EXPECT_EQ(complete(nobody, {"assign", "--brief", ""}), ":file\n");
  EXPECT_EQ(complete(nobody, {"show", ""}), "");
}

}  // namespace
}  // namespace nightjar::cli
