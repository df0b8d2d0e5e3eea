// The native agent from ticket to pull request, with a model that is played from a script.
#include "native_fixture.h"

namespace nightjar::test {
namespace {

class NativeWires : public NativeTest, public testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Each, NativeWires,
                         testing::Values("openai", "chat", "anthropic", "gemini"),
                         [](const auto& each) { return std::string(each.param); });

TEST_P(NativeWires, ATicketBecomesAProvedPullRequest) {
  play(R"({"replies": [
    {"think": "look", "say": "I look.", "calls": [
      {"tool": "read", "arguments": {"path": "calc.py"}},
      {"tool": "shell", "arguments": {"command": "python3 test_calc.py"}}]},
    {"calls": [{"tool": "plan", "arguments": {"items": [{"text": "mend add", "done": false}]}}, )" +
           kFix + R"(]},
    {"calls": [{"tool": "check", "arguments": {}}]},
    {"say": "Done.", "calls": [)" +
           kFinish + R"(], "usage": {"input": 5000, "cached": 4000, "output": 100}}]})",
       GetParam(), "price_input = 2.0\nprice_cached = 0.2\nprice_output = 10.0\n");
  const json::object task = finish();
  EXPECT_EQ(get_string(task, "state"), "in_review") << to_pretty(task) << log(task);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_EQ(get_string(task, "agent"), "native");
  EXPECT_EQ(get_string(task, "model"), "scripted");
  EXPECT_EQ(get_int(task, "turns"), 4);
  EXPECT_GE(get_int(get_object(task, "tokens"), "cached"), 4000);
  EXPECT_GT(get_double(task, "cost_usd"), 0.003);
  EXPECT_EQ(server_->violations(), "");
  EXPECT_EQ(server_->requests().size(), 4U);
  const std::string branch = get_string(task, "branch");
  EXPECT_NE(repo_.git({"show", branch + ":calc.py"}).find("return a + b"), std::string::npos);
  EXPECT_NE(repo_.git({"log", "-1", "--format=%B", branch}).find("add() adds"), std::string::npos);
  // What the first request told: the task, how the checks stand, and no key anywhere on disk.
  const std::string body = body_of_last_request();
  EXPECT_NE(body.find("Fix the bug in add(): it subtracts"), std::string::npos);
  EXPECT_NE(body.find("1 passed, 1 failed"), std::string::npos);
  const auto found = nightjar_.run_with_folders(
      {"grep", "-rl", ModelServer::kKey, (nightjar_.state() / "runs").string()});
  EXPECT_EQ(found.out, "");
}

TEST_F(NativeTest, SloppyCallsBecomeMessagesAndNeverACrash) {
  play(R"({"replies": [
    {"calls": [{"tool": "edit", "arguments": "{\"path\": \"calc.py\", \"old\": "},
               {"tool": "frobnicate", "arguments": {"x": 1}},
               {"tool": "read", "arguments": "[1, 2]"},
               {"tool": "shell", "arguments": {}},
               {"tool": "edit", "arguments": {"path": "nowhere.py", "old": "a", "new": "b"}}]},
    {"calls": [)" +
           kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})",
       "chat");
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "proved") << log(task);
  const std::string body = body_of_last_request();
  EXPECT_NE(body.find("no JSON object"), std::string::npos);
  EXPECT_NE(body.find("There is no tool 'frobnicate'"), std::string::npos);
  EXPECT_NE(body.find("say which command"), std::string::npos);
  EXPECT_NE(body.find("there is no file nowhere.py"), std::string::npos);
  EXPECT_EQ(server_->violations(), "");
}

TEST_F(NativeTest, AModelThatGoesInCirclesIsStopped) {
  play(R"({"replies": [{"calls": [{"tool": "shell", "arguments": {"command": "echo again"}}]}]})");
  const json::object task = finish();
  EXPECT_EQ(get_string(task, "state"), "waiting") << log(task);
  EXPECT_NE(get_string(task, "reason").find("circles"), std::string::npos);
  EXPECT_LE(server_->requests().size(), 10U);
  EXPECT_NE(body_of_last_request().find("with the same result; try something else"),
            std::string::npos);
}

TEST_F(NativeTest, AQuestionWaitsWithoutAProcessAndItsAnswerResumesTheConversation) {
  play(R"({"replies": [
    {"calls": [)" +
       kFix + R"(, {"tool": "ask", "arguments": {"question": "Keep Python 3.8?"}}]},
    {"calls": [)" +
       kFinish + R"(]}]})");
  const json::object asked = finish();
  const std::string id = get_string(asked, "id");
  EXPECT_EQ(get_string(asked, "state"), "waiting") << log(asked);
  EXPECT_EQ(get_string(asked, "waiting_for"), "person");
  EXPECT_NE(get_string(asked, "reason").find("Keep Python 3.8?"), std::string::npos);
  EXPECT_EQ(server_->requests().size(), 1U);
  wait_for_the_runners_end();
  EXPECT_EQ(nightjar_.run({"answer", id, "No,", "drop it."}).exit_status, 0);
  const json::object task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_NE(body_of_last_request().find("The person answers: No, drop it."), std::string::npos);
  EXPECT_EQ(server_->requests().size(), 2U);
  EXPECT_EQ(server_->violations(), "");
  EXPECT_EQ(get_array(task, "runs").size(), 1U);
  EXPECT_EQ(nightjar_.run({"answer", id, "again"}).exit_status, 1);
}

TEST_F(NativeTest, AWordArrivesBeforeTheNextRequest) {
  play(R"({"replies": [
    {)" +
       held() + R"(, "calls": [{"tool": "read", "arguments": {"path": "calc.py"}}]},
    {"calls": [)" +
       kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const std::string id = assign();
  wait_for_requests(1);
  EXPECT_EQ(nightjar_.run({"tell", id, "Mind the style."}).exit_status, 0);
  release();
  const json::object task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_NE(body_of_last_request().find("The person says: Mind the style."), std::string::npos);
  EXPECT_NE(log(task).find("you (tell): Mind the style."), std::string::npos);
}

TEST_F(NativeTest, APausedRunGoesOnWhereItStood) {
  play(R"({"replies": [
    {)" +
       held() +
       R"(, "calls": [{"tool": "shell", "arguments": {"command": "echo made > made.txt"}}]},
    {"calls": [{"tool": "shell", "arguments": {"command": "cat made.txt; rm made.txt"}}, )" +
       kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const std::string id = assign();
  wait_for_requests(1);
  EXPECT_EQ(nightjar_.run({"pause", id}).exit_status, 0);
  release();
  const json::object paused = settled(id);
  EXPECT_EQ(get_string(paused, "state"), "waiting") << log(paused);
  EXPECT_EQ(server_->requests().size(), 1U);
  EXPECT_EQ(nightjar_.run({"resume", id}).exit_status, 0);
  const json::object task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_NE(body_of_last_request().find("made"), std::string::npos);
  EXPECT_EQ(server_->violations(), "");
}

TEST_F(NativeTest, ALimitLandsTheRunAndMoreLetsItGoOn) {
  play(R"({"replies": [
    {"calls": [{"tool": "read", "arguments": {"path": "calc.py"}}]},
    {"calls": [)" +
       kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const json::object limited = finish({"--limit-turns", "2"});
  const std::string id = get_string(limited, "id");
  EXPECT_EQ(get_string(limited, "state"), "waiting") << log(limited);
  EXPECT_NE(get_string(limited, "reason").find("2 turns"), std::string::npos);
  EXPECT_EQ(get_int(limited, "turns"), 2);
  EXPECT_EQ(nightjar_.run({"resume", id, "--limit-turns", "9"}).exit_status, 0);
  const json::object task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_EQ(server_->requests().size(), 3U);
  EXPECT_EQ(server_->violations(), "");
}

TEST_F(NativeTest, NearALimitItLandsWithWordsAndAQuestionAndItsWorkIsKept) {
  play(R"~({"replies": [
    {"calls": [{"tool": "write", "arguments": {"path": "half.md", "content": "half\n"}}]},
    {"say": "Half is done; add() is not. Which Python?"},
    {"calls": [{"tool": "shell", "arguments": {"command": "cat half.md; rm half.md"}}, )~" +
       kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const json::object limited = finish({"--limit-turns", "2"});
  const std::string id = get_string(limited, "id");
  // The words at the limit are no claim of being done.
  EXPECT_EQ(get_string(limited, "state"), "waiting") << log(limited);
  EXPECT_EQ(verdict(limited), "none") << log(limited);
  EXPECT_NE(get_string(limited, "reason").find("Half is done; add() is not. Which Python?"),
            std::string::npos)
      << get_string(limited, "reason");
  EXPECT_NE(body_of_last_request().find("This is your last reply within the limit"),
            std::string::npos);
  EXPECT_NE(log(limited).find("the work so far is kept as"), std::string::npos) << log(limited);
  const auto diff = nightjar_.run({"diff", id});
  EXPECT_NE(diff.out.find("half.md"), std::string::npos) << diff.out << diff.err;
  EXPECT_EQ(nightjar_.run({"resume", id, "--limit-turns", "9"}).exit_status, 0);
  const json::object task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_NE(body_of_last_request().find("There is more room now: go on."), std::string::npos);
  EXPECT_EQ(server_->violations(), "");
}

TEST_F(NativeTest, APlanWaitsForAYesBeforeAnythingIsChanged) {
  play(R"({"replies": [
    {"calls": [)" +
       kFix + R"(]},
    {"calls": [{"tool": "plan", "arguments": {"items": [{"text": "turn the minus round", "done": false}]}}]},
    {"calls": [)" +
       kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const json::object planned = finish({"--plan-first"});
  const std::string id = get_string(planned, "id");
  EXPECT_EQ(get_string(planned, "state"), "waiting") << log(planned);
  EXPECT_NE(get_string(planned, "reason").find("its plan: 1. turn the minus round"),
            std::string::npos)
      << get_string(planned, "reason");
  EXPECT_NE(body_of_last_request().find("The person wants to see a plan first"), std::string::npos);
  EXPECT_EQ(log(planned).find("return a + b"), std::string::npos) << "changed before the yes";
  EXPECT_EQ(nightjar_.run({"answer", id, "Yes,", "go", "ahead."}).exit_status, 0);
  const json::object task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_NE(body_of_last_request().find("The person agrees with the plan"), std::string::npos);
  EXPECT_EQ(server_->violations(), "");
}

TEST_F(NativeTest, APlanThatThePersonChangesIsShownAgain) {
  play(R"({"replies": [
    {"say": "I shall rewrite everything."},
    {"calls": [{"tool": "plan", "arguments": {"items": [{"text": "only the minus", "done": false}]}}]},
    {"calls": [)" +
       kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const json::object planned = finish({"--plan-first"});
  const std::string id = get_string(planned, "id");
  EXPECT_NE(get_string(planned, "reason").find("its plan: I shall rewrite everything."),
            std::string::npos)
      << get_string(planned, "reason") << log(planned);
  EXPECT_EQ(nightjar_.run({"answer", id, "Good,", "but", "only", "the", "minus"}).exit_status, 0);
  const json::object again = settled(id);
  EXPECT_EQ(get_string(again, "state"), "waiting") << log(again);
  EXPECT_NE(get_string(again, "reason").find("its plan: 1. only the minus"), std::string::npos)
      << get_string(again, "reason");
  EXPECT_EQ(nightjar_.run({"answer", id, "yes"}).exit_status, 0);
  const json::object task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_EQ(server_->violations(), "");
}

TEST_F(NativeTest, ALimitInDollarsNeedsPrices) {
  play(R"({"replies": []})");
  const auto refused = nightjar_.run({"assign", "Fix it", "--limit-cost", "1.50"}, repo_.path());
  EXPECT_EQ(refused.exit_status, 2);
  EXPECT_NE(refused.err.find("prices"), std::string::npos) << refused.err;
}

TEST_F(NativeTest, ABadKeyAndAnEmptyPurseWaitForTheirPersonWithTheVendorsWords) {
  play(
      R"({"replies": [{"faults": [{"status": 402, "body": {"error": {"type": "billing_error", "message": "Your credit balance is too low"}}}],
        "calls": [)" +
          kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})",
      "anthropic");
  const json::object broke = finish();
  const std::string id = get_string(broke, "id");
  EXPECT_EQ(get_string(broke, "state"), "waiting") << log(broke);
  EXPECT_EQ(get_string(broke, "waiting_for"), "quota");
  EXPECT_NE(get_string(broke, "reason").find("Your credit balance is too low"), std::string::npos);
  EXPECT_EQ(nightjar_.run({"resume", id}).exit_status, 0);
  EXPECT_EQ(verdict(settled(id)), "proved");

  nightjar_.run({"stop"});
  nightjar_.configure("[models.m]\nwire = \"chat\"\nmodel = \"x\"\nbase_url = \"" +
                      server_->base_url("play", "d", "chat") + "\"\nkey = \"wrong\"\n");
  const json::object denied = finish();
  EXPECT_EQ(get_string(denied, "waiting_for"), "person") << log(denied);
  EXPECT_NE(get_string(denied, "reason").find("Incorrect API key"), std::string::npos);
  const auto test = nightjar_.run({"models", "test"});
  EXPECT_EQ(test.exit_status, 2);
  EXPECT_NE(test.err.find("Incorrect API key"), std::string::npos) << test.err;
}

TEST_F(NativeTest, ARateLimitIsWaitedOutInPlainSight) {
  play(
      R"({"replies": [{"faults": [{"status": 429, "headers": {"retry-after": "3"}, "body": {"error": {"message": "slow down"}}}],
        "calls": [)" +
      kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const std::string id = assign();
  json::object waiting;
  for (int i = 0; i < 1000 && get_string(waiting, "state") != "waiting"; ++i)
    waiting = nightjar_.task(id);
  EXPECT_EQ(get_string(waiting, "waiting_for"), "model");
  EXPECT_NE(get_string(waiting, "reason").find("slow down"), std::string::npos);
  EXPECT_EQ(verdict(settled(id)), "proved");
}

TEST_F(NativeTest, TheMechanicStaysWithWhatItCanDoAndTheModelTakesTheRest) {
  play(R"({"replies": [{"calls": [)" + kFix + R"(]}, {"say": "Done."}]})");
  const json::object renamed =
      nightjar_.json_of({"assign", "Rename function one to first"}, repo_.path()).as_object();
  EXPECT_EQ(get_string(renamed, "agent"), "mechanic");
  const json::object other =
      nightjar_
          .json_of({"assign", "Rename function one to first", "--model", "scripted"}, repo_.path())
          .as_object();
  EXPECT_EQ(get_string(other, "agent"), "native");
  EXPECT_EQ(nightjar_.run({"assign", "x", "--model", "openai/"}, repo_.path()).exit_status, 2);
  EXPECT_EQ(nightjar_.run({"assign", "x", "--model", "nope"}, repo_.path()).exit_status, 2);
  const json::value models = nightjar_.json_of({"models"});
  EXPECT_EQ(get_string(models.as_array().at(0).as_object(), "name"), "scripted");
  EXPECT_EQ(to_line(models).find(ModelServer::kKey), std::string::npos);
  EXPECT_EQ(nightjar_.run({"models", "test", "scripted"}).exit_status, 0);
}

TEST_F(NativeTest, ProgramsInsideReachTheModelThroughTheGatewayAndNothingElse) {
  play(R"({"aux": {"say": "hello from outside", "usage": {"input": 70, "output": 30}}, "replies": [
    {"calls": [{"tool": "shell", "arguments": {"command": "curl -sN $OPENAI_BASE_URL/chat/completions -H \"Authorization: Bearer $OPENAI_API_KEY\" -H 'Content-Type: application/json' -d '{\"model\": \"x\", \"stream\": true, \"messages\": []}'; curl -s -o /dev/null -w '<%{http_code}>' $OPENAI_BASE_URL/files; curl -s -m 2 http://127.0.0.1:9/ || echo '<shut>'"}}]},
    {"calls": [)" +
           kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})",
       "chat", "[models.other]\nwire = \"chat\"\nmodel = \"o\"\n");
  nightjar_.configure("gateway = true\n" + read_file(nightjar_.config()));
  const json::object task = finish({"--model", "scripted"});
  EXPECT_EQ(verdict(task), "proved") << log(task);
  const std::string body = server_->last_body();
  EXPECT_NE(body.find("hello from"), std::string::npos) << body;
  EXPECT_NE(body.find("<404>"), std::string::npos);
  EXPECT_NE(body.find("<shut>"), std::string::npos);
  const fs::path folder = nightjar_.state() / "runs" / (get_string(task, "id") + ".1") / "gateway";
  EXPECT_NE(read_file(folder / "00001-request").find("\"scripted\""), std::string::npos);
  EXPECT_NE(read_file(folder / "usage.jsonl").find("\"output\":30"), std::string::npos);
  const json::object run = get_array(task, "runs").at(0).as_object();
  EXPECT_EQ(get_int(get_object(run, "tokens"), "output"), 3 * 20 + 30) << json::serialize(run);
}

class NativeDeclined : public NativeTest, public testing::WithParamInterface<const char*> {
 protected:
  /// A model that declines so often behind its first turn.
  void play_declining(int times) {
    const std::string no = R"({"stop": "refusal", "say": "I had rather not."})";
    std::string all;
    for (int i = 0; i < times; ++i) all += (i > 0 ? "," : "") + no;
    play(R"({"replies": [{"calls": [)" + kFix + R"(]}, {"once": [)" + all + R"(], "calls": [)" +
             kFinish + "]}]}",
         GetParam());
  }
};
INSTANTIATE_TEST_SUITE_P(Each, NativeDeclined,
                         testing::Values("openai", "chat", "anthropic", "gemini"),
                         [](const auto& each) { return std::string(each.param); });

TEST_P(NativeDeclined, OnceIsAskedAgainAndForgotten) {
  play_declining(1);
  const json::object task = finish();
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_EQ(get_int(task, "turns"), 2);
  EXPECT_EQ(get_int(get_object(get_array(task, "runs").at(0).as_object(), "tokens"), "output"),
            3 * 20)
      << "it is counted";
  EXPECT_EQ(body_of_last_request().find("I had rather not."), std::string::npos);
  EXPECT_EQ(server_->violations(), "");
}

TEST_P(NativeDeclined, TwiceWaitsForThePersonWithItsWordsAndGoesOn) {
  play_declining(2);
  const json::object waiting = finish();
  EXPECT_EQ(get_string(waiting, "state"), "waiting") << log(waiting);
  EXPECT_EQ(get_string(waiting, "waiting_for"), "person");
  const std::string reason = get_string(waiting, "reason");
  EXPECT_NE(reason.find("scripted declined twice"), std::string::npos) << reason;
  EXPECT_NE(reason.find("I had rather not."), std::string::npos) << reason;
  const std::string wire = GetParam();
  if (wire != "openai") {
    const std::string why = wire == "chat"     ? "content_filter"
                            : wire == "gemini" ? "SAFETY"
                                               : "refusal";
    EXPECT_NE(reason.find(why + ": "), std::string::npos) << reason;
  }
  const std::string id = get_string(waiting, "id");
  EXPECT_EQ(nightjar_.run({"tell", id, "It is my own project."}).exit_status, 0);
  const json::object task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_NE(body_of_last_request().find("It is my own project."), std::string::npos);
  EXPECT_EQ(server_->violations(), "");
}

}  // namespace
}  // namespace nightjar::test
