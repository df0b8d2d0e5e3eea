// What the command line says of models and their settings.
#include "base/paths.h"
#include "native_fixture.h"

namespace nightjar::test {
namespace {

class ModelSettingsShown : public NativeTest {
 protected:
  /// Everything that a command printed.
  std::string said(const std::vector<std::string>& args) {
    const auto result = nightjar_.run(args, repo_.path());
    return result.out + result.err;
  }
  /// Every file below the state folder.
  std::string written() const {
    std::string out;
    for (const auto& entry : fs::recursive_directory_iterator(nightjar_.state())) {
      if (entry.is_regular_file()) out += read_file(entry.path());
    }
    return out;
  }
};

TEST_F(ModelSettingsShown, AServerAtOpenaiBaseUrlIsListedAndUsed) {
  play(R"({"replies": [{"calls": [)" + kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})", "chat");
  nightjar_.configure("runs = 4\n");
  nightjar_.extra = {{"OPENAI_API_KEY", ModelServer::kKey},
                     {"OPENAI_BASE_URL", server_->base_url("play", "c", "chat")}};
  const std::string listed = said({"models"});
  EXPECT_NE(listed.find("chat/scripted (default)"), std::string::npos) << listed;
  EXPECT_EQ(listed.find("no model is reachable"), std::string::npos) << listed;
  const std::string bogus = said({"assign", "--model", "bogus/x", "Fix: x"});
  EXPECT_NE(bogus.find("there is no model 'bogus/x'"), std::string::npos) << bogus;
  EXPECT_EQ(bogus.find("is set in this shell"), std::string::npos) << bogus;
  const auto assigned =
      nightjar_.run({"assign", "--wait", "Fix the bug in add(): it subtracts"}, repo_.path());
  EXPECT_EQ((assigned.out + assigned.err).find("is set in this shell"), std::string::npos);
  EXPECT_NE(assigned.out.find("in review, proved"), std::string::npos) << assigned.out;
}

TEST_F(ModelSettingsShown, AKeyOfThisShellAloneIsSaidWhereItsVendorIsAsked) {
  said({"tasks"});  // the service starts without it
  nightjar_.extra = {{"OPENAI_API_KEY", "key"}};
  const std::string wanted = said({"assign", "--model", "openai/x", "Fix: x"});
  EXPECT_NE(wanted.find("OPENAI_API_KEY is set in this shell"), std::string::npos) << wanted;
  const std::string other = said({"assign", "--model", "gemini/x", "Fix: x"});
  EXPECT_EQ(other.find("is set in this shell"), std::string::npos) << other;
}

TEST_F(ModelSettingsShown, APasswordInAnAddressIsNeitherShownNorKept) {
  nightjar_.extra = {{"ANTHROPIC_API_KEY", "key"},
                     {"ANTHROPIC_BASE_URL", "http://u:secretpw@127.0.0.1:1/x"},
                     {"OPENAI_BASE_URL", "http://u:secretpw@127.0.0.1:1/x"}};
  for (const std::vector<std::string>& args : {std::vector<std::string>{"models"},
                                               {"models", "--json"},
                                               {"models", "test", "anthropic/x"},
                                               {"models", "test"},
                                               {"doctor"},
                                               {"assign", "--model", "anthropic/x", "Fix: x"},
                                               {"assign", "Fix: x"}}) {
    const std::string out = said(args);
    EXPECT_EQ(out.find("secretpw"), std::string::npos) << out;
    EXPECT_NE(out.find("_BASE_URL holds a password"), std::string::npos) << args[0] << out;
  }
  EXPECT_EQ(written().find("secretpw"), std::string::npos);
}

TEST_F(ModelSettingsShown, ADefaultModelThatIsNotThereIsSaidBeforeATicketIs) {
  nightjar_.configure("model = \"nosuch\"\n");
  const std::string says = "model = \"nosuch\" in config.toml cannot be used";
  // Doctor's lines are wrapped.
  const auto has = [](const std::string& text) {
    return text.find("\"nosuch\"") != std::string::npos;
  };
  EXPECT_TRUE(has(said({"doctor"}))) << "without a service";
  EXPECT_NE(said({"models"}).find(says), std::string::npos);
  EXPECT_TRUE(has(said({"doctor"})));
  EXPECT_NE(read_file(daemon_log(nightjar_.state())).find(says), std::string::npos);
}

TEST_F(ModelSettingsShown, ChangedSettingsAreSaidAlsoWhereTheModelIsKnown) {
  play(R"({"replies": [{"faults": [{"status": 401, "body": {"error": {"message": "no"}}}],
    "calls": [)" +
       kFix + R"(]}, {"calls": [)" + kFinish + R"(]}]})");
  const std::string says = "was changed since the service started";
  const json::object parked = finish({"--model", "scripted"});
  const std::string id = get_string(parked, "id");
  EXPECT_NE(get_string(parked, "reason").find("nightjar stop"), std::string::npos) << log(parked);
  EXPECT_EQ(said({"models"}).find(says), std::string::npos);
  nightjar_.configure(read_file(nightjar_.config()) + "\n");
  fs::last_write_time(nightjar_.config(),
                      fs::last_write_time(nightjar_.config()) + std::chrono::seconds(1));
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"assign", "--model", "scripted", "Fix: x"},
        {"models"},
        {"resume", id},
        {"retry", id}}) {
    const std::string out = said(args);
    EXPECT_NE(out.find(says), std::string::npos) << args[0] << ": " << out;
  }
  EXPECT_NE(said({"doctor", "--json"}).find(says), std::string::npos);
  nightjar_.run({"stop"});
  EXPECT_EQ(said({"models"}).find(says), std::string::npos);
}

TEST_F(ModelSettingsShown, SettingsWithWhichNoServiceStartsAreAFailureOfDoctor) {
  nightjar_.configure("runs = 4\nlimit_cost_usd = 0\n");
  EXPECT_EQ(nightjar_.run({"tasks"}).exit_status, 3);
  const auto doctor = nightjar_.run({"doctor", "--json"});
  EXPECT_EQ(doctor.exit_status, 1) << doctor.out;
  EXPECT_NE(doctor.out.find("config.toml:2: 'limit_cost_usd'"), std::string::npos) << doctor.out;
}

TEST_F(ModelSettingsShown, AModelServerThatDoesNotAnswerIsNoMissingService) {
  nightjar_.configure(
      "[models.absent]\nwire = \"chat\"\nmodel = \"x\"\n"
      "base_url = \"http://127.0.0.1:1/v1\"\n");
  const auto tested = nightjar_.run({"models", "test", "absent"});
  EXPECT_EQ(tested.exit_status, 1) << tested.err;
}

}  // namespace
}  // namespace nightjar::test
