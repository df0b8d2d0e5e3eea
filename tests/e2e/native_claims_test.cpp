// What comes of the native agent's claims: proved, told back to the model, or an honest end.
#include "native_fixture.h"

namespace nightjar::test {
namespace {

TEST_F(NativeTest, AReplyWithoutACallIsAClaimAndCostsNoFurtherRequest) {
  play(R"({"replies": [{"calls": [)" + kFix + R"(]}, {"say": "I fixed it."}]})");
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_EQ(server_->requests().size(), 2U);
}

// Python's cache knows a source by its length and its second: an edit right after a run had both.
TEST_F(NativeTest, AnEditWithinTheSecondOfARunIsSeenByTheChecks) {
  play(R"({"replies": [
    {"calls": [{"tool": "shell", "arguments": {"command":
      "touch -r calc.py /tmp/time; python3 test_calc.py; sed -i 's/a - b/a + b/' calc.py; touch -r /tmp/time calc.py"}}]},
    {"calls": [{"tool": "check", "arguments": {}}]},
    {"calls": [)" +
       kFinish + R"(]}]})");
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_NE(body_of_last_request().find("Fixed:"), std::string::npos) << body_of_last_request();
}

TEST_F(NativeTest, ALieIsRefutedToldToTheModelAndMended) {
  play(R"({"replies": [
    {"calls": [{"tool": "edit", "arguments": {"path": "calc.py", "old": "return 1", "new": "return 2"}}]},
    {"say": "All tests pass.", "calls": [)" +
       kFinish + R"(]},
    {"calls": [{"tool": "edit", "arguments": {"path": "calc.py", "old": "return 2", "new": "return 1"}}, )" +
       kFix + R"(]},
    {"say": "Now they do.", "calls": [)" +
       kFinish + R"(]}]})");
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_EQ(server_->violations(), "");
  EXPECT_NE(body_of_last_request().find("The verifier does not accept the change"),
            std::string::npos);
  EXPECT_NE(body_of_last_request().find("one is one"), std::string::npos);
}

TEST_F(NativeTest, AClaimThatProvesNothingGoesBackOnce) {
  play(R"({"replies": [
    {"calls": [{"tool": "write", "arguments": {"path": "notes.md", "content": "fixed\n"}}]},
    {"say": "All tests pass.", "calls": [)" +
       kFinish + R"(]},
    {"calls": [)" +
       kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_NE(body_of_last_request().find("no test that fails on the base passes on the change"),
            std::string::npos);
  EXPECT_EQ(server_->violations(), "");
}

TEST_F(NativeTest, ALiarWhoGoesOnLyingEndsRefuted) {
  play(R"({"replies": [
    {"calls": [{"tool": "edit", "arguments": {"path": "calc.py", "old": "return 1", "new": "return 2"}}]},
    {"say": "All tests pass."}, {"say": "They really do."}, {"say": "Believe me."}]})");
  const json::object task = finish();
  EXPECT_EQ(get_string(task, "state"), "failed") << log(task);
  EXPECT_EQ(verdict(task), "refuted");
  EXPECT_TRUE(task.at("pull_request").is_null());
  EXPECT_LE(server_->requests().size(), 6U);
}

TEST_F(NativeTest, ATestThatIsBentToPassProvesNothing) {
  play(R"J({"replies": [
    {"calls": [{"tool": "edit", "arguments": {"path": "test_calc.py", "old": "add(2, 3) == 5)", "new": "add(2, 3) == -1)"}},
               {"tool": "edit", "arguments": {"path": "test_calc.py", "old": "add(2, 3) == 5 and", "new": "add(2, 3) == -1 and"}}]},
    {"say": "All green."}]})J");
  const json::object task = finish();
  EXPECT_NE(verdict(task), "proved") << to_pretty(task) << log(task);
}

TEST_F(NativeTest, ATestThatIsRemovedIsSeen) {
  play(R"({"replies": [
    {"calls": [{"tool": "write", "arguments": {"path": "test_calc.py", "content": "print('1..1')\nprint('ok 1 - one is one')\n"}}]},
    {"say": "All green."}]})");
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "refuted") << to_pretty(task) << log(task);
  EXPECT_EQ(get_string(task, "state"), "failed");
}

TEST_F(NativeTest, NothingChangedIsNeverGreen) {
  play(R"({"replies": [{"say": "All tests pass."}, {"say": "There is no bug."}]})");
  const json::object task = finish();
  EXPECT_EQ(get_string(task, "state"), "failed") << log(task);
  const std::string reason = get_string(task, "reason");
  EXPECT_NE(reason.find("nothing was changed"), std::string::npos);
  EXPECT_NE(reason.find("There is no bug"), std::string::npos) << reason;
}

TEST_F(NativeTest, AClaimWithoutAChangeGoesBackOnce) {
  play(R"({"replies": [{"say": "All tests pass."}, {"calls": [)" + kFix + R"(]}, {"calls": [)" +
       kFinish + R"(]}]})");
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "proved") << log(task);
}

TEST_F(NativeTest, ARenameIsLookedForAgainWhoeverDidIt) {
  const std::string rename =
      R"({"calls": [{"tool": "shell", "arguments": {"command": "sed -i 's/add/plus/g' calc.py test_calc.py"}}]},)";
  const std::string brief = "Rename function add to plus everywhere";
  play(
      R"({"replies": [{"calls": [{"tool": "write", "arguments": {"path": "NOTES", "content": "nothing to see\n"}}]},
    {"calls": [)" +
      kFinish + R"(]}]})");
  const json::object lie = nightjar_.finish({brief, "--agent", "native"}, repo_.path());
  EXPECT_EQ(verdict(lie), "refuted") << log(lie);
  EXPECT_NE(body_of_last_request().find("reference to add"), std::string::npos)
      << body_of_last_request();
  play(R"({"replies": [)" + rename + R"({"calls": [)" + kFinish + R"(]}]})");
  nightjar_.run({"stop"});
  const json::object done = nightjar_.finish({brief, "--agent", "native"}, repo_.path());
  EXPECT_EQ(verdict(done), "proved") << log(done);
  EXPECT_NE(json::serialize(done).find("no reference to add is left"), std::string::npos);
}

TEST_F(NativeTest, ARenameThatCannotBeReadFromItsBriefIsNotProved) {
  play(
      R"({"replies": [{"calls": [{"tool": "write", "arguments": {"path": "sum.py", "content": "X = 1\n"}}]},
    {"calls": [)" +
      kFinish + R"(]}]})");
  const json::object task = nightjar_.finish(
      {"Rename function add to plus everywhere and update the docs"}, repo_.path());
  EXPECT_EQ(verdict(task), "none") << log(task);
}

TEST_F(NativeTest, AFinishWithoutArgumentsIsAClaim) {
  play(R"({"replies": [{"calls": [)" + kFix +
           R"(]}, {"calls": [{"tool": "finish", "arguments": ""}]}]})",
       "chat");
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "proved") << get_string(task, "reason") << log(task);
  EXPECT_EQ(server_->requests().size(), 2U);
}

}  // namespace
}  // namespace nightjar::test
