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

// A user's machine may lack these; the one that checks the project (CI is set) may not.
#define NIGHTJAR_NEEDS(program, package)                                               \
  if (proc::find_in_path(program).empty()) {                                           \
    if (getenv("CI")) FAIL() << program << " is missing: apt-get install " << package; \
    GTEST_SKIP() << program << " is missing: apt-get install " << package;             \
  }

// What `make install` and `make uninstall` call, on a checkout that has been built, below a folder
// with an awkward name.
class Install : public ::testing::Test {
 protected:
  Install() {
    const fs::path source = NIGHTJAR_SOURCE_DIR;
    for (const auto* part : {"tools/install", "LICENSE"}) {
      fs::create_directories((checkout_ / part).parent_path());
      fs::copy(source / part, checkout_ / part);
    }
    fs::copy(source / "packaging", checkout_ / "packaging");
    for (const auto* program : {"nightjar", "nightjar-sandbox", "nightjar-toolbox"}) {
      fs::create_directories(checkout_ / "build/release/bin");
      write_durably(checkout_ / "build/release/bin" / program, "#!/bin/sh\n", 0755);
    }
  }

  proc::Result install(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), (checkout_ / "tools/install").string());
    return run(more, {{"PREFIX", prefix_.string()}});
  }

  TempDir folder_;
  fs::path checkout_ = folder_.path() / "checkout";
  fs::path prefix_ = folder_.path() / "one & only/50%d";
};

TEST_F(Install, UninstallLeavesNothing) {
  const auto installed = install();
  ASSERT_EQ(installed.exit_status, 0) << installed.err;
  EXPECT_TRUE(fs::exists(prefix_ / "bin/nightjar"));
  EXPECT_TRUE(fs::exists(prefix_ / "libexec/nightjar/nightjar-sandbox"));
  EXPECT_NE(installed.out.find("'" + (prefix_ / "bin/nightjar").string() + "' assign"),
            std::string::npos)
      << installed.out;
  const auto removed = install({"--undo"});
  EXPECT_EQ(removed.exit_status, 0) << removed.err;
  EXPECT_TRUE(fs::is_empty(prefix_));
}

TEST_F(Install, TheUnitIsAcceptedBySystemdAnalyze) {
  NIGHTJAR_NEEDS("systemd-analyze", "systemd")
  ASSERT_EQ(install().exit_status, 0);
  const auto result = run({"systemd-analyze", "--man=no", "verify",
                           (prefix_ / "lib/systemd/user/nightjar.service").string()});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(result.err, "");
}

TEST(SystemdUnit, LeavesRunsAloneWhenTheServiceEnds) {
  const std::string unit = read_file(packaging() / "nightjar.service");
  EXPECT_NE(unit.find("\nKillMode=process\n"), std::string::npos);
  EXPECT_NE(unit.find("/nightjar\" serve\n"), std::string::npos);
}

TEST(Manual, IsFormattedWithoutAWarning) {
  NIGHTJAR_NEEDS("man", "man-db")
  const auto result = run({"man", "--warnings", "-l", (packaging() / "nightjar.1").string()},
                          {{"MANWIDTH", "80"}, {"MANPAGER", "cat"}, {"LANG", "C.UTF-8"}});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_NE(result.out.find("nightjar request-changes ID"), std::string::npos)
      << result.out.substr(0, 2000);
}

// A program that stands for nightjar: it notes its arguments, then offers two words.
class Completion : public ::testing::Test {
 protected:
  Completion() {
    write_durably(folder_.path() / "nightjar",
                  "#!/bin/sh\necho \"$*\" > \"$(dirname \"$0\")/asked\"\nprintf 'merge\\tmerge: "
                  "it\\nmend\\t\\n'\n",
                  0755);
  }

  std::string script(std::string_view shell) const {
    return shell_quoted((packaging() / ("completion." + std::string(shell))).string());
  }
  std::string program() const { return (folder_.path() / "nightjar").string(); }
  std::string asked() const { return read_file(folder_.path() / "asked"); }

 private:
  TempDir folder_;
};

TEST_F(Completion, TheBashScriptOffersWhatTheProgramSays) {
  NIGHTJAR_NEEDS("bash", "bash")
  const auto result =
      run({"bash", "--norc", "-c",
           "source " + script("bash") + "; COMP_WORDS=(" + shell_quoted(program()) +
               " show me); COMP_CWORD=2; _nightjar; printf '%s\\n' \"${COMPREPLY[@]}\""});
  EXPECT_EQ(result.out, "merge\nmend\n") << result.err;
  EXPECT_EQ(asked(), "__complete show me\n");
}

TEST_F(Completion, TheZshScriptOffersWhatTheProgramSays) {
  NIGHTJAR_NEEDS("zsh", "zsh")
  // _describe belongs to a line editor; here it prints what it was given, in its own notation.
  const auto result =
      run({"zsh", "-f", "-c",
           "compdef() { :; }; _describe() { print -rl -- \"${(@P)4}\"; }; source " + script("zsh") +
               "; words=(" + shell_quoted(program()) + " show ''); CURRENT=3; _nightjar"});
  EXPECT_EQ(result.out, "merge:merge: it\nmend\n") << result.err;
  EXPECT_EQ(asked(), "__complete show \n");
}

TEST_F(Completion, TheFishScriptOffersWhatTheProgramSays) {
  NIGHTJAR_NEEDS("fish", "fish")
  const auto result = run({"fish", "--no-config", "-c",
                           "source " + script("fish") + "; set -p PATH " +
                               shell_quoted(fs::path(program()).parent_path().string()) +
                               "; complete -C 'nightjar show me'"},
                          {{"HOME", fs::path(program()).parent_path().string()}});
  EXPECT_EQ(result.out, "mend\nmerge\tmerge: it\n") << result.err;
  EXPECT_EQ(asked(), "__complete show me\n");
}

TEST(CompletionWords, EveryShellsScriptIsInTheProgram) {
  for (const auto* shell : {"bash", "zsh", "fish"}) {
    EXPECT_EQ(completion_script(shell),
              read_file(packaging() / ("completion." + std::string(shell))))
        << shell;
  }
  EXPECT_EQ(completion_script("tcsh"), "");
}

TEST(CompletionWords, OffersCommandsOptionsAndValues) {
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
