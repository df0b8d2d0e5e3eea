#include "agent/mechanic/evidence.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace nightjar::agent::mechanic {
namespace {

Failing named(const std::vector<std::string>& names) {
  Failing out;
  for (const auto& name : names) out.insert({"tests", name});
  return out;
}

std::vector<Candidate> of_tiers(const std::vector<int>& tiers) {
  std::vector<Candidate> out;
  for (const int tier : tiers) out.push_back({"a.py", static_cast<int>(out.size()) + 1, "", tier});
  return out;
}

bool holds(const std::vector<size_t>& set, size_t i) {
  return std::ranges::find(set, i) != set.end();
}

TEST(Evidence, RanksWhatTheFailureShowsBeforeWhatItNamesBeforeTheRest) {
  const std::vector<core::Finding> findings{
      {"string_left", "other.py", 9, "x = 'Parser'", false},
      {"string_left", "test_b.py", 3, "y = 'Parser'", false},
      {"key_left", "test_b.py", 4, "Parser=1", false},
      {"string_left", "test_b.py", 7, "  assert a == '<Parser>'", false},
      {"string_left", "test_b.py", 7, "  assert a == '<Parser>'", false}};
  const Failures failures{{{"tests", "test_b.py::test_shown"}},
                          ">   assert a == '<Parser>'\nE  no\n"};
  const auto found = candidates_of(findings, failures);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].line, 7);
  EXPECT_EQ(found[1].line, 3);
  EXPECT_EQ(found[2].path, "other.py");
}

TEST(Evidence, KeepsOnlyWhatATestNeeds) {
  size_t tries = 0;
  const auto oracle = [&](const std::vector<size_t>& set) -> std::optional<Failing> {
    ++tries;
    return holds(set, 5) && holds(set, 17) ? Failing{} : named({"a"});
  };
  EXPECT_EQ(needed(of_tiers(std::vector<int>(40, 1)), named({"a"}), oracle),
            (std::vector<size_t>{5, 17}));
  EXPECT_LT(tries, 40u) << "halves, not one by one";
}

TEST(Evidence, AStringThatMustStayDoesNotHideTheOneThatFollows) {
  const auto oracle = [](const std::vector<size_t>& set) -> std::optional<Failing> {
    Failing failing;
    if (!holds(set, 1)) failing.merge(named({"a"}));
    if (holds(set, 2)) failing.merge(named({"deprecated alias"}));
    return failing;
  };
  EXPECT_EQ(needed(of_tiers({1, 1, 1}), named({"a"}), oracle), std::vector<size_t>{1});
}

TEST(Evidence, NothingFollowsWhereNoStringHelps) {
  const auto oracle = [](const std::vector<size_t>&) -> std::optional<Failing> {
    return named({"a"});
  };
  EXPECT_TRUE(needed(of_tiers({0, 1, 2}), named({"a"}), oracle).empty());
  EXPECT_TRUE(needed({}, named({"a"}), oracle).empty());
}

TEST(Evidence, AnswersWithWhatItKnowsWhenThereIsNoTimeLeft) {
  int tries = 0;
  const auto oracle = [&](const std::vector<size_t>& set) -> std::optional<Failing> {
    if (++tries > 1) return std::nullopt;
    return holds(set, 1) ? Failing{} : named({"a"});
  };
  EXPECT_EQ(needed(of_tiers({0, 0}), named({"a"}), oracle), (std::vector<size_t>{0, 1}));
}

}  // namespace
}  // namespace nightjar::agent::mechanic
