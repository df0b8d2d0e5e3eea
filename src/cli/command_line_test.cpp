#include "cli/command_line.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/text.h"

namespace nightjar::cli {
namespace {

TEST(Parse, OptionsMayStandAnywhereAndTakeTheirValueEitherWay) {
  const auto call =
      parse({"assign", "--base", "main", "Rename A to B", "--limit-time=5m", "--wait"});
  ASSERT_TRUE(call);
  EXPECT_EQ(call->command->name, "assign");
  EXPECT_EQ(call->arguments, std::vector<std::string>{"Rename A to B"});
  EXPECT_EQ(call->value("--base"), "main");
  EXPECT_EQ(call->value("--limit-time"), "5m");
  EXPECT_TRUE(call->has("--wait"));
  EXPECT_FALSE(call->has("--json"));
}

TEST(Parse, AValueIsTakenAsItIs) {
  const auto call = parse({"assign", "--check", "[ -f a ]", "--check", "-x=1", "[a,b]"});
  ASSERT_TRUE(call);
  EXPECT_EQ(call->values("--check"), (std::vector<std::string>{"[ -f a ]", "-x=1"}));
  EXPECT_EQ(call->arguments, std::vector<std::string>{"[a,b]"});
}

TEST(Parse, AfterTwoDashesEverythingIsAnArgument) {
  const auto call = parse({"assign", "--", "--wait", "-x"});
  ASSERT_TRUE(call);
  EXPECT_EQ(call->arguments, (std::vector<std::string>{"--wait", "-x"}));
}

TEST(Parse, ADashAloneIsAnArgument) {
  const auto call = parse({"assign", "-"});
  ASSERT_TRUE(call);
  EXPECT_EQ(call->arguments, std::vector<std::string>{"-"});
}

struct Wrong {
  std::vector<std::string> words;
  std::string says;
};

TEST(Parse, WrongUseSaysWhatIsWrong) {
  const Wrong cases[] = {
      {{"asign"}, "'asign' is not a command; did you mean assign?"},
      {{"rm"}, "'rm' is not a command"},
      {{"assign", "--bse", "x"}, "nightjar assign has no option --bse; did you mean --base?"},
      {{"assign", "--base"}, "--base needs a value: --base REF"},
      {{"assign", "--wait=yes"}, "--wait takes no value"},
      {{"assign", "--base", "a", "--base", "b"}, "--base was given twice"},
      {{"show"}, "nightjar show needs ID"},
      {{"show", "a", "b"}, "nightjar show: 'b' is one word too many"},
      {{"sho\x1b[2J"}, "'sho\\x1b[2J' is not a command"},
  };
  for (const auto& wrong : cases) {
    const auto call = parse(wrong.words);
    ASSERT_FALSE(call) << wrong.says;
    EXPECT_TRUE(call.error().message.starts_with(wrong.says)) << call.error().message;
  }
}

TEST(Nearest, FindsSlipsAndBeginnings) {
  EXPECT_EQ(nearest("tsaks", {"tasks", "show"}), "tasks");
  EXPECT_EQ(nearest("request", {"retry", "request-changes"}), "request-changes");
  EXPECT_EQ(nearest("zzz", {"tasks", "show"}), "");
}

TEST(Help, ShowsAnExampleBeforeTheList) {
  const std::string all = overview();
  EXPECT_LT(all.find("nightjar assign \"Rename"), all.find("Commands"));
  for (const auto& command : commands()) {
    EXPECT_NE(all.find("\n  " + std::string(command.name)), std::string::npos) << command.name;
    const std::string help = help_of(command);
    EXPECT_TRUE(help.starts_with("  nightjar " + std::string(command.name))) << help;
    for (const auto& option : command.options)
      EXPECT_NE(help.find(option.name), std::string::npos) << option.name;
    for (const auto line : lines(help)) EXPECT_LE(line.size(), 80u) << line;
  }
  for (const auto line : lines(all)) EXPECT_LE(line.size(), 80u) << line;
}

// A person pastes them: within double quotes the shell would run `...` and replace $A.
TEST(Help, ExamplesMeanTheSameToAShell) {
  for (const auto& command : commands()) {
    bool quoted = false;
    for (const char c : command.example) {
      if (c == '"') quoted = !quoted;
      EXPECT_FALSE(quoted && (c == '`' || c == '$')) << command.example;
    }
  }
}

TEST(Help, EveryCommandHasJson) {
  for (const auto& command : commands()) {
    bool json = false;
    for (const auto& option : command.options) json = json || option.name == "--json";
    EXPECT_TRUE(json) << command.name;
  }
}

// The manual is written by hand; what it must name is in the table.
TEST(Manual, NamesEveryCommandAndOption) {
  std::string manual = read_file(fs::path(NIGHTJAR_SOURCE_DIR) / "packaging/nightjar.1");
  std::erase(manual, '\\');
  for (const auto& command : commands()) {
    EXPECT_NE(manual.find("\n.B nightjar " + std::string(command.name)), std::string::npos)
        << command.name;
    for (const auto& option : command.options)
      EXPECT_NE(manual.find(option.name), std::string::npos) << option.name;
  }
  for (const auto* word : {"EXIT STATUS", "ENVIRONMENT", "FILES", "JSON", "NIGHTJAR_NO_START",
                           "NIGHTJAR_PAGER", "NO_COLOR", "XDG_STATE_HOME", "XDG_CONFIG_HOME",
                           "api.sock", "config.toml", "nightjar.toml"}) {
    EXPECT_NE(manual.find(word), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace nightjar::cli
