// What a person says to the native agent at the wrong moment is heard all the same, once.
#include "e2e/native_fixture.h"

namespace nightjar::test {
namespace {

const std::string kPlan =
    R"({"tool": "plan", "arguments": {"items": [{"text": "turn the minus round", "done": false}]}})";

size_t times(const std::string& text, const std::string& what) {
  size_t out = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++out;
  return out;
}

using NativePerson = NativeTest;

TEST_F(NativePerson, APlanThatCameWithAFinishIsNoClaimOfWork) {
  play(R"({"replies": [{"calls": [)" + kPlan + ", " + kFinish + R"(]},
    {"calls": [)" +
       kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const json::object planned = finish({"--plan-first"});
  const std::string id = get_string(planned, "id");
  EXPECT_NE(get_string(planned, "reason").find("its plan: 1."), std::string::npos) << log(planned);
  EXPECT_EQ(nightjar_.run({"answer", id, "yes"}).exit_status, 0);
  const json::object task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_EQ(server_->requests().size(), 3U);
  EXPECT_EQ(body_of_last_request().find("You say that the task is done"), std::string::npos);
  EXPECT_EQ(server_->violations(), "");
}

TEST_F(NativePerson, WhatWasSaidBeforeThePlanWasShownIsNoAnswerToItAndArrives) {
  play(R"({"replies": [{)" + held() + R"(, "calls": [)" + kPlan + R"(]}, {"calls": [)" + kPlan +
       R"(]}, {"calls": [)" + kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const std::string id = assign({"--plan-first"});
  wait_for_requests(1);
  EXPECT_EQ(nightjar_.run({"tell", id, "Mind the style."}).exit_status, 0);
  release();
  const json::object planned = settled(id);
  EXPECT_NE(get_string(planned, "reason").find("its plan: 1."), std::string::npos) << log(planned);
  // Begins like a yes, and is none.
  EXPECT_EQ(nightjar_.run({"answer", id, "ok,", "skip", "step", "2"}).exit_status, 0);
  const json::object again = settled(id);
  EXPECT_NE(get_string(again, "reason").find("its plan: 1."), std::string::npos) << log(again);
  EXPECT_EQ(nightjar_.run({"answer", id, "yes"}).exit_status, 0);
  const json::object task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  const std::string body = body_of_last_request();
  EXPECT_EQ(times(body, "The person says: Mind the style."), 1U) << body;
  EXPECT_EQ(times(body, "The person says: ok, skip step 2"), 1U) << body;
  EXPECT_EQ(times(body, "The person agrees with the plan."), 1U) << body;
  EXPECT_EQ(server_->violations(), "");
}

TEST_F(NativePerson, AYesAfterAWordDeliversBoth) {
  play(R"({"replies": [{)" + held() + R"(, "calls": [)" + kPlan + R"(]}, {"calls": [)" + kFix +
       R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const std::string id = assign({"--plan-first"});
  wait_for_requests(1);
  EXPECT_EQ(nightjar_.run({"tell", id, "Mind the style."}).exit_status, 0);
  release();
  settled(id);
  EXPECT_EQ(nightjar_.run({"answer", id, "Yes, go ahead."}).exit_status, 0);
  const json::object task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  const std::string body = body_of_last_request();
  const size_t agreed = body.find("The person agrees with the plan. Begin.");
  const size_t told = body.find("The person says: Mind the style.");
  const size_t yes = body.find("The person says: Yes, go ahead.");
  ASSERT_NE(yes, std::string::npos) << body;
  EXPECT_LT(agreed, told);
  EXPECT_LT(told, yes);
}

TEST_F(NativePerson, ACommandThatEditsBeforeTheYesIsToldSo) {
  play(R"({"replies": [
    {"calls": [{"tool": "shell", "arguments": {"command": "python3 -c 'import calc'; ls"}}]},
    {"calls": [{"tool": "shell", "arguments": {"command": "cp calc.py /tmp/; echo '# x' >> calc.py"}}]},
    {"calls": [{"tool": "shell", "arguments": {"command": "cp /tmp/calc.py calc.py; cat calc.py"}}]},
    {"calls": [)" +
       kPlan + R"(]}]})");
  const json::object planned = finish({"--plan-first"});
  EXPECT_NE(get_string(planned, "reason").find("its plan: 1."), std::string::npos) << log(planned);
  const auto bodies = server_->bodies();
  ASSERT_EQ(bodies.size(), 4U);
  const std::string warning = "the person has not agreed to a plan yet";
  EXPECT_EQ(times(bodies[1], warning), 0U) << "what a tool leaves behind is no edit";
  EXPECT_EQ(times(bodies[2], warning), 1U) << bodies[2];
  EXPECT_NE(bodies[2].find("differs from how it began: calc.py. Undo that"), std::string::npos);
  EXPECT_EQ(times(bodies[3], warning), 1U) << "it was undone";
}

TEST_F(NativePerson, AWordDuringTheLastReplyIsReadBeforeTheWorkIsDone) {
  play(R"({"replies": [
    {"calls": [)" +
       kFix + R"(]},
    {)" +
       held() + R"(, "calls": [)" + kFinish + R"(]},
    {"calls": [{"tool": "shell", "arguments": {"command": "echo noted"}}]}, {"calls": [)" +
       kFinish + R"(]}]})");
  const std::string id = assign();
  wait_for_requests(2);
  EXPECT_EQ(nightjar_.run({"tell", id, "Mind the style."}).exit_status, 0);
  release();
  const json::object task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_EQ(server_->requests().size(), 4U);
  EXPECT_EQ(times(body_of_last_request(), "The person says: Mind the style."), 1U);
  EXPECT_EQ(server_->violations(), "");
}

TEST_F(NativePerson, WhatWasSaidBeforeAQuestionIsNoAnswerToIt) {
  play(R"({"replies": [
    {"calls": [)" +
       kFix + R"(]},
    {)" +
       held() + R"(, "calls": [{"tool": "ask", "arguments": {"question": "Drop Python 3.8?"}}]},
    {"calls": [{"tool": "ask", "arguments": {"question": "Drop Python 3.8?"}}]},
    {"calls": [)" +
       kFinish + R"(]}]})");
  const std::string id = assign();
  wait_for_requests(2);
  EXPECT_EQ(nightjar_.run({"tell", id, "Mind the style."}).exit_status, 0);
  release();
  const json::object asked = settled(id);
  EXPECT_EQ(get_string(asked, "state"), "waiting") << log(asked);
  EXPECT_EQ(times(body_of_last_request(), "The person answers"), 0U);
  EXPECT_EQ(times(body_of_last_request(), "The person says: Mind the style."), 1U);
  EXPECT_EQ(nightjar_.run({"answer", id, "yes"}).exit_status, 0);
  const json::object task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_EQ(times(body_of_last_request(), "The person answers: yes"), 1U);
  EXPECT_EQ(server_->violations(), "");
}

TEST_F(NativePerson, AWordAndAPauseAfterItAreHeardOnceEach) {
  play(R"({"replies": [
    {)" +
       held() + R"(, "calls": [{"tool": "read", "arguments": {"path": "calc.py"}}]},
    {"calls": [)" +
       kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const std::string id = assign();
  wait_for_requests(1);
  EXPECT_EQ(nightjar_.run({"tell", id, "Mind the style."}).exit_status, 0);
  EXPECT_EQ(nightjar_.run({"pause", id}).exit_status, 0);
  release();
  const json::object paused = settled(id);
  EXPECT_EQ(get_string(paused, "state"), "waiting") << log(paused);
  EXPECT_EQ(server_->requests().size(), 1U);
  EXPECT_EQ(nightjar_.run({"resume", id}).exit_status, 0);
  const json::object task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_EQ(times(body_of_last_request(), "The person says: Mind the style."), 1U);
  EXPECT_EQ(server_->violations(), "");
}

TEST_F(NativePerson, ThatTheShellIsANewOneIsSaidOnce) {
  const std::string shell =
      R"({"calls": [{"tool": "shell", "arguments": {"command": "echo \"[$THERE]\""}}]},)";
  play(R"({"replies": [
    {"calls": [{"tool": "shell", "arguments": {"command": "THERE=yes"}}]},)" +
       shell + R"({"calls": [{"tool": "ask", "arguments": {"question": "Go on?"}}]},)" + shell +
       shell + R"({"calls": [)" + kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const json::object asked = finish();
  const std::string id = get_string(asked, "id");
  EXPECT_EQ(body_of_last_request().find("The shell is a new one"), std::string::npos);
  EXPECT_EQ(nightjar_.run({"answer", id, "yes"}).exit_status, 0);
  const json::object task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  const std::string body = body_of_last_request();
  EXPECT_EQ(times(body,
                  "[The shell is a new one: it stands in the work tree, without earlier "
                  "variables and jobs.]"),
            1U)
      << body;
  EXPECT_LT(body.find("The person answers: yes"), body.find("[The shell is a new one"));
  EXPECT_EQ(server_->requests().size(), 7U) << "no request for it alone";
  EXPECT_EQ(server_->violations(), "");
}

TEST_F(NativePerson, ToLetARunGoOnIsNoYesToItsPlan) {
  play(R"({"replies": [{"calls": [)" + kPlan + R"(]}, {"calls": [)" + kFix + R"(]}, {"calls": [)" +
       kFinish + R"(]}]})");
  const std::string id = get_string(finish({"--plan-first"}), "id");
  EXPECT_EQ(nightjar_.run({"resume", id}).exit_status, 0);
  const json::object still = settled(id);
  EXPECT_EQ(get_string(still, "state"), "waiting") << log(still);
  EXPECT_NE(get_string(still, "reason").find("it waits for your yes to its plan"),
            std::string::npos);
  EXPECT_EQ(server_->requests().size(), 1U);
  EXPECT_EQ(nightjar_.run({"answer", id, "yes"}).exit_status, 0);
  EXPECT_EQ(verdict(settled(id)), "proved") << log(still);
}

TEST_F(NativePerson, APlanWithoutAStepIsNoneToAgreeTo) {
  play(R"({"replies": [{"calls": [{"tool": "plan", "arguments": {"items": []}}]}, {"calls": [)" +
       kPlan + R"(]}]})");
  const json::object planned = finish({"--plan-first"});
  EXPECT_NE(get_string(planned, "reason").find("its plan: 1."), std::string::npos) << log(planned);
  EXPECT_EQ(times(body_of_last_request(), "There is no plan in this"), 1U);
}

TEST_F(NativePerson, AnEmptyReplyGetsRoundNoPlan) {
  play(
      R"({"replies": [{"calls": [{"tool": "shell", "arguments": {"command": "sed -i 's/a - b/a + b/' calc.py"}}]},
    {"once": {"say": ""}, "calls": [)" +
      kPlan + R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const json::object planned = finish({"--plan-first"});
  EXPECT_EQ(get_string(planned, "state"), "waiting") << log(planned);
  EXPECT_NE(get_string(planned, "reason").find("its plan: 1."), std::string::npos) << log(planned);
  EXPECT_EQ(server_->requests().size(), 3U);
}

TEST_F(NativePerson, AReplyThatWasCutIsNoPlan) {
  play(R"({"replies": [{"say": "Let me think about the plan, fir", "stop": "length"},
    {"calls": [)" +
       kPlan + R"(]}, {"calls": [)" + kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const json::object planned = finish({"--plan-first"});
  EXPECT_NE(get_string(planned, "reason").find("its plan: 1."), std::string::npos) << log(planned);
}

TEST_F(NativePerson, AnAnswerIsHeardThoughTheReplyThatAskedAlsoFinished) {
  play(R"({"replies": [{"calls": [)" + kFix +
       R"(, {"tool": "ask", "arguments": {"question": "Which Python?"}}, )" + kFinish +
       R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const json::object asked = finish();
  const std::string id = get_string(asked, "id");
  EXPECT_NE(get_string(asked, "reason").find("Which Python?"), std::string::npos) << log(asked);
  EXPECT_EQ(nightjar_.run({"answer", id, "Python 2.7"}).exit_status, 0);
  const json::object task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_EQ(server_->requests().size(), 2U);
  EXPECT_NE(body_of_last_request().find("The person answers: Python 2.7"), std::string::npos);
  EXPECT_EQ(server_->violations(), "");
}

TEST_F(NativePerson, ARunThatWaitsWithItsQuestionIsNotLeftBehindByAFurtherRun) {
  play(R"({"replies": [{"calls": [{"tool": "ask", "arguments": {"question": "Which one?"}}]},
    {"calls": [)" +
       kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const std::string id = get_string(finish(), "id");
  for (const std::vector<std::string>& further :
       {std::vector<std::string>{"retry", id}, {"request-changes", id, "do it well"}}) {
    const auto refused = nightjar_.run(further);
    EXPECT_EQ(refused.exit_status, 1);
    EXPECT_NE(refused.err.find("run " + id + ".1 waits for you"), std::string::npos) << refused.err;
  }
  EXPECT_EQ(get_array(nightjar_.task(id), "runs").size(), 1U);
  EXPECT_EQ(nightjar_.run({"answer", id, "the first"}).exit_status, 0);
  EXPECT_EQ(verdict(settled(id)), "proved");
}

}  // namespace
}  // namespace nightjar::test
