#include "run/checkpoints.h"

#include <gtest/gtest.h>

namespace nightjar::run {
namespace {

core::Event event(std::string kind, json::object body) {
  return {"t", "t.1", 0, Time{}, std::move(kind), std::move(body)};
}
json::array items(const char* text) {
  return json::array{json::object{{"text", text}, {"done", false}}};
}

TEST(Checkpoints, ThePlanOfATurnIsTheNewestThatNoRewindTookBack) {
  std::vector<core::Event> events;
  const auto plan = [&](int turn, const char* text) {
    events.push_back(event("tool_started", {{"turn", turn}, {"tool", "plan"}}));
    events.push_back(event("plan", {{"items", items(text)}}));
  };
  plan(2, "two");
  plan(4, "four");
  EXPECT_TRUE(plan_at(events, 1).empty());
  EXPECT_EQ(plan_at(events, 3), items("two"));
  EXPECT_EQ(plan_at(events, 4), items("four"));
  events.push_back(event("rewound", {{"turn", 3}}));
  EXPECT_EQ(plan_at(events, 9), items("two"));
  plan(4, "another four");
  EXPECT_EQ(plan_at(events, 9), items("another four"));
}

}  // namespace
}  // namespace nightjar::run
