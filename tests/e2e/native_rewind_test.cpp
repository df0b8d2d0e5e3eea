// Going back to an earlier turn: files and conversation as they were then, and nothing of what came
// after.
#include "e2e/native_fixture.h"

namespace nightjar::test {
namespace {

std::string write_file(const std::string& name) {
  return R"({"tool": "write", "arguments": {"path": ")" + name + R"(", "content": "x\n"}})";
}
std::string shell(const std::string& command) {
  return R"({"tool": "shell", "arguments": {"command": ")" + command + R"("}})";
}
const std::string kAsk = R"({"tool": "ask", "arguments": {"question": "Go on?"}})";
const std::string kLook = "echo LOOK *.md; grep return calc.py; rm -f *.md";

class NativeRewind : public NativeTest {
 protected:
  void lose_work_tree(const std::string& id) const {
    ASSERT_TRUE(remove_tree(nightjar_.state() / "runs" / (id + ".1") / "stages"));
  }
};

TEST_F(NativeRewind, BehindARefutedCandidateItGivesTheFilesOfItsTurn) {
  play(
      R"({"rewinds": true, "replies": [
    {"calls": [)" +
      write_file("first.md") + R"(]},
    {"once": {"calls": [)" +
      write_file("second.md") +
      R"(, {"tool": "edit", "arguments": {"path": "calc.py", "old": "return 1", "new": "return 2"}}]},
     "calls": [)" +
      shell(kLook) + ", " + kFix + R"(]},
    {"calls": [)" +
      kFinish + R"(]}, {"calls": [)" + kAsk + R"(]}]})");
  const json::object asked = finish();
  const std::string id = get_string(asked, "id");
  ASSERT_NE(get_string(asked, "reason").find("Go on?"), std::string::npos) << log(asked);
  EXPECT_EQ(nightjar_.run({"rewind", id, "--turn", "1"}).exit_status, 0);
  const json::object task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  const std::string body = body_of_last_request();
  EXPECT_NE(body.find("LOOK first.md\\n    return a - b\\n    return 1\\n"), std::string::npos)
      << body;
  EXPECT_EQ(server_->violations(), "");
}

TEST_F(NativeRewind, WhatCameAfterItsTurnIsForgotten) {
  play(R"({"rewinds": true, "replies": [
    {"calls": [)" +
       write_file("first.md") + R"(]},
    {"once": {"calls": [)" +
       write_file("second.md") + R"(]}, "calls": [)" + kAsk + R"(]},
    {"once": {"calls": [)" +
       kAsk + R"(]}, "calls": [)" + shell(kLook) + ", " + kFix + R"(]},
    {"calls": [)" +
       kFinish + R"(]}]})");
  const std::string id = get_string(finish(), "id");
  EXPECT_EQ(nightjar_.run({"rewind", id, "--turn", "1"}).exit_status, 0);
  const json::object asked = settled(id);
  ASSERT_NE(get_string(asked, "reason").find("Go on?"), std::string::npos) << log(asked);
  lose_work_tree(id);
  EXPECT_EQ(nightjar_.run({"answer", id, "yes"}).exit_status, 0);
  const json::object task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_NE(body_of_last_request().find("LOOK first.md\\n"), std::string::npos)
      << body_of_last_request();
}

TEST_F(NativeRewind, DiffAndPlanAreThoseOfItsTurnBeforeTheModelAnswersAgain) {
  const auto plan = [](const std::string& text) {
    return R"({"tool": "plan", "arguments": {"items": [{"text": ")" + text + R"("}]}})";
  };
  play(R"({"rewinds": true, "replies": [
    {"calls": [)" +
       plan("look round") + R"(]},
    {"once": {"calls": [)" +
       write_file("second.md") + ", " + plan("write it down") + R"(]}, )" + held() +
       R"(, "calls": [)" + kAsk + R"(]},
    {"calls": [)" +
       kAsk + R"(]}]})");
  const std::string id = get_string(finish(), "id");
  ASSERT_NE(nightjar_.run({"diff", id}).out.find("second.md"), std::string::npos);
  EXPECT_EQ(nightjar_.run({"rewind", id, "--turn", "1"}).exit_status, 0);
  await("the rewind", [&] {
    return nightjar_.run({"log", id}).out.find("as they were after turn 1") != std::string::npos;
  });
  EXPECT_EQ(nightjar_.run({"diff", id}).out, "");
  const json::object run = get_array(nightjar_.task(id), "runs").at(0).as_object();
  EXPECT_EQ(get_string(get_array(run, "plan").at(0).as_object(), "text"), "look round");
  release();
  settled(id);
}

TEST_F(NativeRewind, ATreeThatIsAsItBeganIsKeptAsWell) {
  play(R"({"replies": [
    {"calls": [)" +
       write_file("first.md") + R"(]}, {"calls": [)" + shell("rm first.md") + R"(]},
    {"calls": [)" +
       kAsk + R"(]}, {"calls": [)" + shell(kLook) + ", " + kFix + R"(]},
    {"calls": [)" +
       kFinish + R"(]}]})");
  const std::string id = get_string(finish(), "id");
  lose_work_tree(id);
  EXPECT_EQ(nightjar_.run({"answer", id, "yes"}).exit_status, 0);
  const json::object task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_NE(body_of_last_request().find("LOOK *.md\\n"), std::string::npos)
      << body_of_last_request();
}

TEST_F(NativeRewind, BehindTheYesToItsPlanItAsksAgain) {
  play(R"({"rewinds": true, "replies": [
    {"calls": [{"tool": "plan", "arguments": {"items": [{"text": "turn the minus round"}]}}]},
    {"calls": [)" +
       kAsk + R"(]}]})");
  const json::object planned = finish({"--plan-first"});
  const std::string id = get_string(planned, "id");
  EXPECT_EQ(nightjar_.run({"answer", id, "yes"}).exit_status, 0);
  EXPECT_NE(get_string(settled(id), "reason").find("Go on?"), std::string::npos);
  EXPECT_EQ(nightjar_.run({"rewind", id, "--turn", "0"}).exit_status, 0);
  const json::object again = settled(id);
  EXPECT_NE(get_string(again, "reason").find("its plan: 1."), std::string::npos) << log(again);
}

}  // namespace
}  // namespace nightjar::test
