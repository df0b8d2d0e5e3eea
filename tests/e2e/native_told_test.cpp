// What the native agent is told, and by whom.
#include "e2e/native_fixture.h"

namespace nightjar::test {
namespace {

TEST_F(NativeTest, TheRepositorysInstructionsArriveAsData) {
  repo_.write("CLAUDE.md", "Root rule: tabs.\n@docs/style.md\n@../outside.md\n");
  repo_.write("docs/style.md", "Imported rule: short lines.\n");
  repo_.commit("instructions");
  play(R"({"replies": [{"calls": [)" + kFix + "]}, {\"calls\": [" + kFinish + "]}]}");
  EXPECT_EQ(verdict(finish()), "proved");
  const std::string body = body_of_last_request();
  EXPECT_NE(body.find("Root rule: tabs."), std::string::npos);
  EXPECT_NE(body.find("Imported rule: short lines."), std::string::npos);
  EXPECT_NE(body.find("not by the person who gave you the task"), std::string::npos);
}

TEST_F(NativeTest, AFoldersInstructionsArriveOnceWhenItIsTouched) {
  repo_.write("AGENTS.md", "Root rule.\n");
  repo_.write("part/AGENTS.md", "Rule of the part.\n");
  repo_.write("part/deep/note.md", "note\n");
  repo_.commit("instructions");
  const std::string read =
      R"({"calls": [{"tool": "read", "arguments": {"path": "part/deep/note.md"}}]},)";
  play(R"({"replies": [)" + read + read + "{\"calls\": [" + kFix + "]}, {\"calls\": [" + kFinish +
       "]}]}");
  EXPECT_EQ(verdict(finish()), "proved");
  const std::string body = body_of_last_request();
  const size_t rule = body.find("Rule of the part.");
  ASSERT_NE(rule, std::string::npos);
  EXPECT_LT(body.find("Root rule."), rule);
  EXPECT_EQ(body.find("Rule of the part.", rule + 1), std::string::npos) << "said twice";
}

TEST_F(NativeTest, AFoldersInstructionsArriveForAPathUnderTheNameThatOtherToolsGiveIt) {
  repo_.write("part/AGENTS.md", "Rule of the part.\n");
  repo_.write("part/note.md", "note\n");
  repo_.commit("instructions");
  play(R"({"replies": [{"calls": [{"tool": "read", "arguments": {"file_path": "part/note.md"}}]},
    {"calls": [)" +
       kFix + "]}, {\"calls\": [" + kFinish + "]}]}");
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_NE(body_of_last_request().find("Rule of the part."), std::string::npos);
  EXPECT_NE(log(task).find("> read part/note.md"), std::string::npos) << log(task);
}

TEST_F(NativeTest, AFoldersInstructionsArriveForAPatchThatNamesItsFiles) {
  repo_.write("part/AGENTS.md", "Rule of the part.\n");
  repo_.write("part/note.md", "note\n");
  repo_.commit("instructions");
  play(R"({"replies": [{"calls": [{"tool": "patch", "arguments": {"patch":
    "*** Begin Patch\n*** Update File: part/note.md\n@@\n-note\n+noted\n*** Update File: calc.py\n@@\n-    return a - b\n+    return a + b\n*** End Patch"}}]},
    {"calls": [)" +
       kFinish + "]}]}");
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_NE(body_of_last_request().find("Rule of the part."), std::string::npos);
  EXPECT_NE(log(task).find("> patch part/note.md, calc.py"), std::string::npos) << log(task);
}

TEST_F(NativeTest, WhatOtherProgramsAreToldArrivesBesideAgentsMd) {
  repo_.write("AGENTS.md", "Root rule: tabs.\nSee @docs/style.md for more.\n");
  repo_.write("docs/style.md", "Imported rule.\n@deep.md\n");
  repo_.write("docs/deep.md", "Rule of the import.\n@deeper.md\n");
  repo_.write("docs/deeper.md", "Too deep.\n");
  repo_.write("CLAUDE.md", "Not read beside AGENTS.md.\n");
  repo_.write("GEMINI.md", "Root rule: tabs.\nSee @docs/style.md for more.\n");
  repo_.write(".github/copilot-instructions.md", "Copilot's rule.\n");
  repo_.write(".cursor/rules/b.mdc", std::string(20'000, 'b') + "\n");
  repo_.write(".cursor/rules/a.mdc", "Cursor's rule.\n");
  repo_.commit("instructions");
  play(R"({"replies": [{"calls": [)" + kFix + "]}, {\"calls\": [" + kFinish + "]}]}");
  EXPECT_EQ(verdict(finish()), "proved");
  const std::string body = body_of_last_request();
  for (const char* told : {"Imported rule.", "Rule of the import.", "Copilot's rule.",
                           "Cursor's rule.", ".cursor/rules/b.mdc is left out here"})
    EXPECT_NE(body.find(told), std::string::npos) << told;
  for (const char* not_told : {"Too deep.", "Not read beside", "GEMINI.md", "bbbb"})
    EXPECT_EQ(body.find(not_told), std::string::npos) << not_told;
}

TEST_F(NativeTest, ARecipeOfThePersonReplacesTheBuiltInOne) {
  play(R"({"replies": [{"calls": [)" + kFix + "]}, {\"calls\": [" + kFinish + "]}]}");
  const auto built_in = nightjar_.run({"recipes", "bugfix"});
  EXPECT_EQ(built_in.exit_status, 0) << built_in.err;
  const std::string first_line = built_in.out.substr(0, built_in.out.find('\n'));
  EXPECT_EQ(verdict(finish()), "proved");
  EXPECT_NE(body_of_last_request().find(first_line.substr(0, 60)), std::string::npos);

  fs::create_directories(nightjar_.config().parent_path() / "recipes");
  write_durably(nightjar_.config().parent_path() / "recipes" / "bugfix.md", "Hum a song first.\n");
  play(R"({"replies": [{"calls": [)" + kFix + "]}, {\"calls\": [" + kFinish + "]}]}");
  nightjar_.run({"stop"});
  EXPECT_EQ(verdict(finish()), "proved");
  EXPECT_NE(body_of_last_request().find("Hum a song first."), std::string::npos);
  EXPECT_EQ(body_of_last_request().find(first_line.substr(0, 60)), std::string::npos);
  EXPECT_NE(nightjar_.run({"recipes"}).out.find("yours"), std::string::npos);
  EXPECT_EQ(nightjar_.run({"recipes", "cooking"}).exit_status, 2);
}

// What earlier runs learned of the files is kept outside, by blob.
TEST_F(NativeTest, TheFirstRequestHoldsAMapOfTheRepository) {
  repo_.write("src/store.py", "class Ledger:\n    def balance_of(self):\n        return 0\n");
  repo_.write("src/report.py",
              "from store import Ledger\n\ndef monthly():\n    return Ledger().balance_of()\n");
  repo_.commit("more files");
  for (int round = 0; round < 2; ++round) {
    play(R"({"replies": [{"calls": [)" + kFix + "]}, {\"calls\": [" + kFinish + "]}]}");
    nightjar_.run({"stop"});
    EXPECT_EQ(verdict(finish()), "proved");
    const std::string body = body_of_last_request();
    const size_t map = body.find("matter most for this task");
    ASSERT_NE(map, std::string::npos) << round;
    const size_t calc = body.find("calc.py:\\n  1: def add(a, b)", map);
    ASSERT_NE(calc, std::string::npos) << body.substr(map, 600);
    EXPECT_LT(calc, body.find("1: class Ledger", map)) << "the task names add";
    const auto kept = fs::directory_iterator(nightjar_.state() / "maps");
    EXPECT_EQ(std::distance(begin(kept), end(kept)), 1);
  }
}

// The service keeps the environment that it was started with.
TEST_F(NativeTest, AKeyThatOnlyTheCallerHasIsSaid) {
  nightjar_.run({"tasks"});
  nightjar_.extra["ANTHROPIC_API_KEY"] = "only-here";
  const auto assigned = nightjar_.run({"assign", "Make it faster somehow"}, repo_.path());
  EXPECT_NE(
      (assigned.out + assigned.err).find("ANTHROPIC_API_KEY is set in this shell, but the service"),
      std::string::npos)
      << assigned.out << assigned.err;
  EXPECT_EQ((assigned.out + assigned.err).find("only-here"), std::string::npos);
  const auto named =
      nightjar_.run({"assign", "Make it faster", "--model", "anthropic/x"}, repo_.path());
  EXPECT_EQ(named.exit_status, 2);
  EXPECT_NE(named.err.find("nightjar stop, then assign again"), std::string::npos) << named.err;
}

TEST_F(NativeTest, AFoldersInstructionsArriveAgainWhereTheyWereLeftOut) {
  repo_.write("sub/AGENTS.md", "RULE-OF-SUB\n");
  repo_.write("sub/mod.py", "x = 1\n");
  repo_.commit("a folder with rules");
  const std::string read = R"({"calls": [{"tool": "read", "arguments": {"path": "sub/mod.py"}}]},)";
  std::string long_results;
  for (int i = 1; i <= 9; ++i)
    long_results +=
        R"({"calls": [{"tool": "shell", "arguments": {"command": "python3 -c \"print(' '.join('r)" +
        std::to_string(i) + R"(_%d' % n for n in range(2500)))\""}}]},)";
  play(R"({"compacts": true, "replies": [)" + read + long_results + read + R"({"calls": [)" + kFix +
           R"(]}, {"calls": [)" + kFinish + "]}]}",
       "chat", "context = 24000\n");
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "proved") << get_string(task, "reason") << log(task);
  EXPECT_NE(log(task).find("old results were left out"), std::string::npos) << log(task);
  EXPECT_NE(body_of_last_request().find("RULE-OF-SUB"), std::string::npos);
}

}  // namespace
}  // namespace nightjar::test
