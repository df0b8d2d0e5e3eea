#include "agent/mechanic/order.h"

#include <gtest/gtest.h>

#include "agent/agent.h"
#include "agent/mechanic/brief_words.h"

namespace nightjar::agent::mechanic {
namespace {

struct RenameCase {
  const char* brief;
  Noun noun;
  const char* owner;
  const char* old_name;
  const char* new_name;
  bool everywhere = false;
  bool strings_too = false;
};

class RenameBrief : public testing::TestWithParam<RenameCase> {};

TEST_P(RenameBrief, IsUnderstood) {
  const auto& want = GetParam();
  const auto order = parse_order(want.brief, {});
  ASSERT_TRUE(order) << want.brief << ": " << order.error();
  EXPECT_EQ(order->action, Order::Action::Rename);
  EXPECT_EQ(order->noun, want.noun);
  EXPECT_EQ(order->owner, want.owner);
  EXPECT_EQ(order->old_name, want.old_name);
  EXPECT_EQ(order->new_name, want.new_name);
  EXPECT_EQ(order->everywhere, want.everywhere);
  EXPECT_EQ(order->strings_too, want.strings_too);
}

INSTANTIATE_TEST_SUITE_P(
    Friendly, RenameBrief,
    testing::Values(
        RenameCase{"Rename class Parser to Reader everywhere", Noun::Type, "", "Parser", "Reader",
                   true},
        RenameCase{"rename Parser to Reader", Noun::Any, "", "Parser", "Reader"},
        RenameCase{"RENAME the function foo_bar TO baz.", Noun::Function, "", "foo_bar", "baz"},
        RenameCase{"Please rename `Parser` to `Reader`", Noun::Any, "", "Parser", "Reader"},
        RenameCase{"rename \"Parser\" -> \"Reader\"", Noun::Any, "", "Parser", "Reader"},
        RenameCase{"rename ‘Parser’ → ‘Reader’", Noun::Any, "", "Parser", "Reader"},
        RenameCase{"Rename the Parser class to Reader", Noun::Type, "", "Parser", "Reader"},
        RenameCase{"rename foo() to bar()", Noun::Any, "", "foo", "bar"},
        RenameCase{"rename method Parser.feed to push", Noun::Method, "Parser", "feed", "push"},
        RenameCase{"rename Parser::feed to Parser::push", Noun::Method, "Parser", "feed", "push"},
        RenameCase{"rename the method feed of Parser to push", Noun::Method, "Parser", "feed",
                   "push"},
        RenameCase{"rename struct list to chain throughout the codebase, please", Noun::Type, "",
                   "list", "chain", true},
        RenameCase{"Rename class Parser to Reader everywhere, strings too", Noun::Type, "",
                   "Parser", "Reader", true, true},
        RenameCase{"rename Parser to Reader, and also in strings", Noun::Any, "", "Parser",
                   "Reader", false, true},
        RenameCase{"rename variable MAX to LIMIT across the project", Noun::Variable, "", "MAX",
                   "LIMIT", true},
        RenameCase{"Can you rename the type alias Id to Key?", Noun::Type, "", "Id", "Key"},
        RenameCase{"change the name of class Parser to Reader", Noun::Type, "", "Parser", "Reader"},
        RenameCase{"rename\n\tParser\nto Reader\n", Noun::Any, "", "Parser", "Reader"}));

class RefusedBrief : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(RefusedBrief, SaysWhatWasNotUnderstood) {
  const auto& [brief, why] = GetParam();
  const auto order = parse_order(brief, {});
  ASSERT_FALSE(order) << brief;
  EXPECT_NE(order.error().find(why), std::string::npos) << order.error();
}

INSTANTIATE_TEST_SUITE_P(
    Refused, RefusedBrief,
    testing::Values(std::pair{"Make it faster, please", "did not understand the brief"},
                    std::pair{"", "did not understand"}, std::pair{"rename", "name is missing"},
                    std::pair{"rename Parser", "new name is missing"},
                    std::pair{"rename Parser to", "new name is missing"},
                    std::pair{"rename Parser to Parser", "are the same"},
                    std::pair{"rename Parser to class", "keyword"},
                    std::pair{"rename Parser to Re-ader", "cannot be a name"},
                    std::pair{"rename Parser to Reader and add tests for it",
                              "'and add tests for it'"},
                    std::pair{"rename Parser to Reader. Then release it.", "'Then release it'"},
                    std::pair{"rename 3d to x", "no name"},
                    std::pair{"rename A.b to C.d", "cannot move"},
                    std::pair{"Replace the login page with a new one", "backticks"},
                    std::pair{"replace `f($A)` with `g($B)`", "$B"},
                    std::pair{"replace `f($A)` with `f($A)`", "are the same"},
                    std::pair{"run", "command is missing"}, std::pair{"run the tests", "backticks"},
                    std::pair{"change the colour to red", "backticks"}));

TEST(ReplaceBrief, KeepsBothSides) {
  const std::pair<const char*, std::pair<const char*, const char*>> cases[] = {
      {"replace `old($A, $B)` with `new($B, $A)`", {"old($A, $B)", "new($B, $A)"}},
      {"migrate old($A,$B) to new($B,$A)", {"old($A,$B)", "new($B,$A)"}},
      {"Migrate all calls of old($A, $B) to new($B, $A) everywhere.",
       {"old($A, $B)", "new($B, $A)"}},
      {"replace old(\"a to b\") with new(\"x with y\")", {"old(\"a to b\")", "new(\"x with y\")"}},
      {"replace every use of `a.b($X)` by `b($X, $X)`, please", {"a.b($X)", "b($X, $X)"}},
      {"replace foo with bar", {"foo", "bar"}},
  };
  for (const auto& [brief, sides] : cases) {
    const auto order = parse_order(brief, {});
    ASSERT_TRUE(order) << brief << ": " << order.error();
    EXPECT_EQ(order->action, Order::Action::Replace);
    EXPECT_EQ(order->pattern, sides.first);
    EXPECT_EQ(order->replacement, sides.second);
  }
}

TEST(RunBrief, KeepsTheCommandAsItIs) {
  for (const auto& [brief, command] :
       {std::pair{"run black .", "black ."},
        {"Run `make format`", "make format"},
        {"run sed -i 's/a to b/c/' x.py", "sed -i 's/a to b/c/' x.py"}}) {
    const auto order = parse_order(brief, {});
    ASSERT_TRUE(order) << brief << ": " << order.error();
    EXPECT_EQ(order->command, command);
  }
}

TEST(ChangeRequest, GivesTheFirstNameAnotherNewOne) {
  const std::vector<std::string> earlier{"Rename class Parser to Reader everywhere"};
  for (const char* brief :
       {"call it Loader instead", "Name it `Loader`.", "please call this Loader",
        "use Loader instead", "rename it to Loader", "it should be called Loader", "Loader instead",
        "rename Reader to Loader", "Rename class Parser to Loader everywhere",
        "use the name Loader", "No, call the class Loader please"}) {
    const auto order = parse_order(brief, earlier);
    ASSERT_TRUE(order) << brief << ": " << order.error();
    EXPECT_EQ(order->old_name, "Parser") << brief;
    EXPECT_EQ(order->new_name, "Loader") << brief;
    EXPECT_EQ(order->interim, std::vector<std::string>{"Reader"}) << brief;
    EXPECT_TRUE(order->everywhere) << brief;
  }
}

TEST(ChangeRequest, AddsUp) {
  const auto order = parse_order(
      "strings too",
      {"Rename class Parser to Reader", "call it Loader instead", "call it Loader instead"});
  ASSERT_TRUE(order) << order.error();
  EXPECT_EQ(order->old_name, "Parser");
  EXPECT_EQ(order->new_name, "Loader");
  EXPECT_EQ(order->interim, std::vector<std::string>{"Reader"});
  EXPECT_TRUE(order->strings_too);
}

TEST(ChangeRequest, ThatIsTheSameBriefAgainIsTheSameOrder) {
  const auto first = parse_order("Rename class Parser to Reader", {});
  const auto again =
      parse_order("Rename class Parser to Reader", {"Rename class Parser to Reader"});
  ASSERT_TRUE(first && again);
  EXPECT_EQ(*first, *again);
}

TEST(ChangeRequest, RefusesAnotherThing) {
  const auto order = parse_order("rename Lexer to Tokenizer", {"rename Parser to Reader"});
  ASSERT_FALSE(order);
  EXPECT_NE(order.error().find("a task of its own"), std::string::npos);
  EXPECT_FALSE(parse_order("call it Parser instead", {"rename Parser to Reader"}))
      << "that is what it was called before";
}

TEST(ChangeRequest, WithoutAnEarlierBriefSaysNothing) {
  EXPECT_FALSE(parse_order("call it Loader instead", {}));
}

TEST(Understand, KnowsKindAndTitle) {
  EXPECT_EQ(understand("Rename class Parser to Reader everywhere", {}).kind, core::Kind::Refactor);
  for (const auto& [brief, title] : std::vector<std::pair<std::string, std::string>>{
           {"rename the STRUCT Parser to Reader", "Rename struct Parser to Reader"},
           {"Rename type alias Parser to Reader", "Rename type alias Parser to Reader"},
           {"rename methods Parser.feed to push", "Rename method Parser.feed to push"},
           {"rename the symbol Parser to Reader", "Rename Parser to Reader"},
           {"rename Parser.feed to push", "Rename method Parser.feed to push"}})
    EXPECT_EQ(understand(brief, {}).title, title);
  EXPECT_EQ(understand("Rename class Parser to Reader everywhere", {}).title,
            "Rename class Parser to Reader");
  EXPECT_EQ(understand("migrate old($A) to new($A)", {}).kind, core::Kind::Migration);
  EXPECT_EQ(understand("run `black .`", {}).kind, core::Kind::Chore);
  const auto prose = understand("The login crashes when the name is empty", {});
  EXPECT_FALSE(prose.can_do);
  EXPECT_EQ(prose.kind, core::Kind::Bugfix);
  EXPECT_NE(prose.reason.find("it can rename"), std::string::npos);
}

TEST(GuessKind, GoesByTheFirstWordThatSaysIt) {
  EXPECT_EQ(guess_kind("Add tests for the parser"), core::Kind::Tests);
  EXPECT_EQ(guess_kind("Fix the documentation of foo"), core::Kind::Bugfix);
  EXPECT_EQ(guess_kind("Fix a typo in the README: ads must be adds"), core::Kind::Docs);
  EXPECT_EQ(guess_kind("Fix the typo in the error that parse() throws"), core::Kind::Bugfix);
  EXPECT_EQ(guess_kind("Document the parser"), core::Kind::Docs);
  EXPECT_EQ(guess_kind("Implement dark mode"), core::Kind::Feature);
  EXPECT_EQ(guess_kind("Make it faster, please"), core::Kind::Performance);
  EXPECT_EQ(guess_kind("Tidy up"), core::Kind::Chore);
}

TEST(Metavariables, AreThoseThatCanStandForSomething) {
  EXPECT_EQ(metavariables("f($A, $$$REST, $$B, $a, $A, $B2)"),
            (std::vector<std::string>{"$A", "$$$REST", "$B2"}));
  EXPECT_EQ(unbound_metavariable("f($A)", "g($A, $B)"), "$B");
}

}  // namespace
}  // namespace nightjar::agent::mechanic
