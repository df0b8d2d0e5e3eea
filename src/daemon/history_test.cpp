#include "daemon/history.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace nightjar::daemon {
namespace {

core::Event event(std::string kind, json::object body) {
  return {"t", "t.1", 0, Time{}, std::move(kind), std::move(body)};
}
core::Event call(int turn, const char* tool, const char* what) {
  return event("tool_started", {{"turn", turn}, {"tool", tool}, {"what", what}});
}

TEST(History, TheLogNumbersTurnsAsARewindCountsThem) {
  std::vector<store::StoredEvent> stored;
  for (auto& one : {event("said", {{"turn", 1}, {"text", "I look."}}), call(1, "read", "a.py"),
                    call(2, "edit", "a.py"), call(2, "check", ""), event("rewound", {{"turn", 1}}),
                    call(2, "ask", "Which?")})
    stored.push_back({0, one});
  const std::string text = as_text(stored, "");
  std::string marks;
  for (const auto line : lines(text))
    if (const auto at = line.find("  turn "); at != std::string_view::npos)
      marks += std::string(line.substr(at + 2)) + ";";
  EXPECT_EQ(marks, "turn 1;turn 2;turn 2;") << text;
}

TEST(History, TheNewestTurnsAreToldWithWhatEachDid) {
  const std::vector<core::Event> events{event("said", {{"turn", 1}, {"text", "Hm."}}),
                                        call(2, "edit", "a.py"),
                                        call(2, "check", ""),
                                        call(3, "shell", "make"),
                                        event("rewound", {{"turn", 2}}),
                                        call(3, "ask", "Which?")};
  EXPECT_EQ(last_turns(events), "1: words alone; 2: edit a.py, check; 3: ask Which?");
  EXPECT_EQ(newest_turn(events), 3);
}

}  // namespace
}  // namespace nightjar::daemon
