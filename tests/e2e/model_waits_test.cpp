// What a person can do with a run that waits for its model, and what it takes from others
// meanwhile.
#include "native_fixture.h"

namespace nightjar::test {
namespace {

const std::string kBusyOnce =
    R"("faults": [{"status": 429, "headers": {"retry-after": "3600"}, "body": {"error": {"message": "slow down"}}}], )";

class ModelWaits : public NativeTest {
 protected:
  /// Asked once, the model is busy for an hour; asked again, it does the work.
  void play_busy() {
    play(R"({"replies": [{)" + kBusyOnce + R"("calls": [)" + kFix + R"(]}, {"calls": [)" + kFinish +
         R"(]}]})");
  }
  void expect_refused(const std::vector<std::string>& args, int status, std::string_view says) {
    const auto result = nightjar_.run(args);
    EXPECT_EQ(result.exit_status, status) << result.out << result.err;
    EXPECT_NE(result.err.find(says), std::string::npos) << result.out << result.err;
  }
  /// An hour is not waited for: the state comes at once, or this gives up.
  json::object until(const std::string& id, const std::string& state, const std::string& what) {
    const Deadline deadline = in(std::chrono::seconds(60));
    for (;;) {
      json::object task = nightjar_.task(id);
      const bool there =
          get_string(task, "state") == state && get_string(task, "waiting_for") == what;
      if (there || std::chrono::steady_clock::now() > deadline) return task;
      ::usleep(10'000);
    }
  }
  std::string assigned_and_waiting() {
    const std::string id = assign();
    EXPECT_EQ(get_string(until(id, "waiting", "model"), "waiting_for"), "model");
    return id;
  }
  /// The settings without any model, for the next service.
  void forget_models() {
    nightjar_.run({"stop"});
    nightjar_.configure("runs = 4\n");
  }
};

TEST_F(ModelWaits, ARunThatWaitsForItsModelTakesNoPlaceFromOthers) {
  play_busy();
  nightjar_.configure("runs = 1\n" + read_file(nightjar_.config()).substr(9));
  const std::string waiting = assigned_and_waiting();
  const std::string rename = get_string(
      nightjar_.json_of({"assign", "Rename function one to uno everywhere"}, repo_.path())
          .as_object(),
      "id");
  EXPECT_EQ(get_string(until(rename, "in_review", ""), "state"), "in_review");
  EXPECT_EQ(get_string(nightjar_.task(waiting), "waiting_for"), "model");
  EXPECT_EQ(nightjar_.run({"cancel", waiting}).exit_status, 0);
}

TEST_F(ModelWaits, ResumeAsksTheModelAgainAtOnceAndWhatWasSaidArrives) {
  play_busy();
  const std::string id = assigned_and_waiting();
  const std::string shown = nightjar_.run({"show", id}).out;
  EXPECT_NE(shown.find("the model is asked again now"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("it goes on where it stood"), std::string::npos) << shown;
  EXPECT_EQ(nightjar_.run({"tell", id, "Mind the style."}).exit_status, 0);
  expect_refused({"resume", id, "--limit-turns", "50"}, 1, "nightjar pause " + id + " first");
  const auto resumed = nightjar_.run({"resume", id});
  EXPECT_EQ(resumed.exit_status, 0) << resumed.err;
  const json::object task = settled(id);
  EXPECT_EQ(verdict(task), "proved") << log(task);
  EXPECT_NE(body_of_last_request().find("Mind the style."), std::string::npos);
  EXPECT_EQ(server_->requests().size(), 3U);
  EXPECT_EQ(server_->violations(), "");
}

TEST_F(ModelWaits, APauseEndsTheWaitAndIsRefusedTheSecondTime) {
  play_busy();
  const std::string id = assigned_and_waiting();
  const auto asked = nightjar_.run({"pause", id});
  EXPECT_EQ(asked.exit_status, 0);
  EXPECT_NE(asked.out.find("it goes on where it stood"), std::string::npos) << asked.out;
  const json::object paused = until(id, "waiting", "person");
  EXPECT_NE(get_string(paused, "reason").find("nightjar resume " + id), std::string::npos);
  EXPECT_EQ(get_string(paused, "waiting_for"), "person") << log(paused);
  expect_refused({"pause", id}, 1, "waits already");
  EXPECT_EQ(nightjar_.run({"resume", id}).exit_status, 0);
  EXPECT_EQ(verdict(settled(id)), "proved") << log(paused);
}

TEST_F(ModelWaits, APauseThatIsNotHeardYetIsNotAskedForTwice) {
  play(R"({"replies": [{)" + held() + R"(, "calls": [)" + kFix + R"(]}, {"calls": [)" + kFinish +
       R"(]}]})");
  const std::string id = assign();
  wait_for_requests(1);
  EXPECT_EQ(nightjar_.run({"pause", id}).exit_status, 0);
  expect_refused({"pause", id}, 1, "asked for already");
  release();
  EXPECT_EQ(get_string(until(id, "waiting", "person"), "state"), "waiting");
}

TEST_F(ModelWaits, ARunWhoseModelIsGoneSaysWhichOneAndGoesOnWhenItIsBack) {
  play(R"({"replies": [{"calls": [{"tool": "ask", "arguments": {"question": "Go on?"}}]},
    {"calls": [)" +
       kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const std::string id = get_string(finish(), "id");
  const std::string settings = read_file(nightjar_.config());
  forget_models();
  EXPECT_EQ(nightjar_.run({"answer", id, "yes"}).exit_status, 0);
  const json::object waiting = settled(id);
  const std::string reason = get_string(waiting, "reason");
  EXPECT_EQ(get_string(waiting, "state"), "waiting") << log(waiting);
  EXPECT_NE(reason.find("there is no model 'scripted'"), std::string::npos) << reason;
  EXPECT_NE(reason.find("nightjar resume " + id), std::string::npos) << reason;
  nightjar_.run({"stop"});
  nightjar_.configure(settings);
  EXPECT_EQ(nightjar_.run({"resume", id}).exit_status, 0);
  EXPECT_EQ(verdict(settled(id)), "proved") << log(waiting);
}

TEST_F(ModelWaits, AKeyThatCannotBeHadIsWaitedForWhateverItsSource) {
  play(R"({"replies": [{"calls": [)" + kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const std::string settings = read_file(nightjar_.config());
  const std::string key = std::string("key = \"") + ModelServer::kKey + "\"";
  const auto with_key = [&](const std::string& other) {
    std::string text = settings;
    return text.replace(text.find(key), key.size(), other);
  };
  nightjar_.configure(with_key("key_file = \"/tmp\""));
  const json::object folder = finish();
  EXPECT_EQ(get_string(folder, "state"), "waiting") << log(folder);
  EXPECT_NE(get_string(folder, "reason")
                .find("model 'scripted': its key file cannot be read: /tmp "
                      "is a folder"),
            std::string::npos)
      << get_string(folder, "reason");
  nightjar_.run({"stop"});
  nightjar_.configure(with_key("key = \"\""));
  const json::object empty = finish();
  EXPECT_EQ(get_string(empty, "state"), "waiting") << log(empty);
  EXPECT_NE(get_string(empty, "reason").find("model 'scripted': its key in config.toml is empty"),
            std::string::npos)
      << get_string(empty, "reason");
  nightjar_.run({"stop"});
  nightjar_.configure(settings);
  const std::string id = get_string(folder, "id");
  EXPECT_EQ(nightjar_.run({"resume", id}).exit_status, 0);
  EXPECT_EQ(verdict(settled(id)), "proved") << log(folder);
}

TEST_F(ModelWaits, AFurtherRunThatNoAgentCanDoIsRefusedAndLeavesNothingBehind) {
  play(R"({"replies": [{"calls": [)" + kFinish + R"(]}, {"calls": [)" + kFinish +
       R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const json::object failed = finish();
  const std::string id = get_string(failed, "id");
  ASSERT_EQ(get_string(failed, "state"), "failed") << log(failed);
  forget_models();
  expect_refused({"request-changes", id, "do it well"}, 1, "there is no model 'scripted'");
  expect_refused({"retry", id}, 1, "there is no model 'scripted'");
  const json::object after = nightjar_.task(id);
  EXPECT_EQ(get_array(after, "runs").size(), 1U);
  EXPECT_TRUE(get_array(after, "comments").empty());
}

TEST_F(ModelWaits, AWordToATaskThatIsOverNamesWhatStartsTheNextRun) {
  play_busy();
  const std::string id = assigned_and_waiting();
  EXPECT_EQ(nightjar_.run({"cancel", id}).exit_status, 0);
  expect_refused({"tell", id, "Go on."}, 1, "nightjar retry " + id);
}

TEST_F(ModelWaits, MoreRoomIsMoreThanIsUsedAndItsOptionIsNamed) {
  play(R"({"replies": [{"calls": [{"tool": "read", "arguments": {"path": "calc.py"}}]},
    {"say": "What is missing?"}, {"calls": [)" +
           kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})",
       "openai", "price_input = 1\nprice_output = 1\nfailover = \"second\"\n");
  nightjar_.configure("model = \"scripted\"\n" + read_file(nightjar_.config()) +
                      "[models.second]\nwire = \"chat\"\nmodel = \"other\"\n"
                      "base_url = \"http://127.0.0.1:1/v1\"\n");
  const json::object parked = finish({"--limit-turns", "2"});
  const std::string id = get_string(parked, "id");
  EXPECT_EQ(get_string(parked, "state"), "waiting") << log(parked);
  EXPECT_NE(get_string(parked, "reason").find("nightjar resume " + id + " --limit-turns N"),
            std::string::npos)
      << get_string(parked, "reason");
  const std::string shown = nightjar_.run({"show", id}).out;
  EXPECT_NE(shown.find("  nightjar resume " + id + " --limit-turns N  it goes on"),
            std::string::npos)
      << shown;
  expect_refused({"resume", id, "--limit-turns", "2"}, 2, "2 turns already");
  expect_refused({"resume", id, "--limit-tokens", "1"}, 2, "tokens already");
  expect_refused({"resume", id, "--limit-time", "5ms"}, 2, "has worked for");
  expect_refused({"resume", id, "--limit-cost", "5"}, 2, "the failover of 'scripted'");
  const std::string told = nightjar_.run({"log", id}).out;
  EXPECT_NE(told.find("2 replies: "), std::string::npos) << told;
  EXPECT_EQ(nightjar_.run({"resume", id, "--limit-turns", "9"}).exit_status, 0);
  EXPECT_EQ(verdict(settled(id)), "proved") << log(parked);
}

TEST_F(ModelWaits, ARewindGoesNoFurtherThanTheConversationAsItStands) {
  const std::string ask = R"({"tool": "ask", "arguments": {"question": "Go on?"}})";
  const std::string look = R"({"tool": "read", "arguments": {"path": "calc.py"}})";
  play(R"({"rewinds": true, "replies": [{"calls": [)" + look + R"(]}, {"once": {"calls": [)" +
       look + R"(]}, "calls": [)" + ask + R"(]}, {"calls": [)" + ask + R"(]}]})");
  const std::string id = get_string(finish(), "id");
  expect_refused({"rewind", id, "--turn", "4"}, 2, "0 (the beginning) to 3");
  EXPECT_EQ(nightjar_.run({"rewind", id, "--turn", "1"}).exit_status, 0);
  const json::object again = settled(id);
  ASSERT_EQ(get_string(again, "state"), "waiting") << log(again);
  expect_refused({"rewind", id, "--turn", "4"}, 2, "0 (the beginning) to 2");
  expect_refused({"rewind", id, "--turn", "3"}, 2, "0 (the beginning) to 2");
}

TEST_F(ModelWaits, ATaskThatNoAgentCouldDoSaysThatRetryMakesItsRunOnceAModelIsThere) {
  nightjar_.configure("runs = 4\n");
  const std::string id = assign();
  EXPECT_NE(nightjar_.run({"show", id}).out.find("nightjar retry " + id), std::string::npos);
  for (const std::vector<std::string>& word :
       {std::vector<std::string>{"tell", id, "Go on."}, {"answer", id, "yes"}, {"resume", id}})
    expect_refused(word, 1, "nightjar retry " + id + " makes one");
  nightjar_.run({"stop"});
  play(R"({"replies": [{"calls": [)" + kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  EXPECT_EQ(nightjar_.run({"retry", id}).exit_status, 0);
  EXPECT_EQ(verdict(settled(id)), "proved");
  EXPECT_EQ(get_string(nightjar_.task(id), "agent"), "native");
  EXPECT_EQ(nightjar_.run({"show", id}).out.find("none here can do it"), std::string::npos);
}

}  // namespace
}  // namespace nightjar::test
