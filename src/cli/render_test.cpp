#include "cli/render.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "base/file.h"
#include "base/text.h"
#include "cli/board.h"

namespace nightjar::cli {
namespace {

fs::path golden_folder() { return fs::path(NIGHTJAR_SOURCE_DIR) / "tests/golden/cli"; }

json::value parsed(const std::string& text) {
  auto value = parse_json(text);
  if (!value) throw std::runtime_error(value.error());
  return *value;
}

Terminal terminal_from(const json::object& o) {
  Terminal out;
  out.colour = get_bool(o, "colour");
  out.tty = get_bool(o, "tty");
  out.utf8 = get_bool(o, "utf8", true);
  out.width = static_cast<int>(get_int(o, "width", 80));
  out.height = static_cast<int>(get_int(o, "height", 24));
  return out;
}

// A case is {"what", "terminal", "value"}; escape sequences are shown as \x1b in the expected text.
std::string rendered(const json::object& input) {
  const Terminal terminal = terminal_from(get_object(input, "terminal"));
  const Time at = from_rfc3339("2026-01-31T12:00:00Z").value();
  const std::string what = get_string(input, "what");
  const json::value& value = input.at("value");
  if (what == "tasks") return render_tasks(terminal, value.as_array(), at);
  if (what == "task") return render_task(terminal, value.as_object(), at);
  if (what == "assigned") return render_assigned(terminal, value.as_object());
  if (what == "proof") return render_proof(terminal, value.as_object());
  if (what == "diff") return render_diff(terminal, value.as_string());
  if (what == "log") return render_log(value.as_string());
  std::vector<json::object> events;
  const json::array& raw = what == "board" ? value.at("events").as_array() : value.as_array();
  for (const auto& event : raw) events.push_back(event.as_object());
  if (what == "board") return board_frame(terminal, value.at("tasks").as_array(), events, at);
  std::string out;
  core::Turns turns;
  for (const auto& event : events) {
    const bool with_task = get_bool(input, "with_task");
    if (!with_task) out += turn_mark(terminal, event, turns);
    out += event_line(terminal, event, with_task) + "\n";
    if (!with_task) out += event_details(terminal, event);
  }
  return out;
}

std::string visible(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '\x1b' ? std::string("\\x1b") : std::string(1, c);
  return out;
}

class Golden : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    ::setenv("TZ", "UTC", 1);
    ::setenv("HOME", "/home/p", 1);
    ::tzset();
  }
};

TEST_P(Golden, LooksAsAccepted) {
  const fs::path folder = golden_folder() / GetParam();
  const json::value input = parsed(read_file(folder / "input.json"));
  const std::string text = rendered(input.as_object());
  const std::string out = visible(text);
  if (std::getenv("NIGHTJAR_ACCEPT")) {
    write_durably(folder / "expected.txt", out);
    return;
  }
  EXPECT_EQ(out, try_read_file(folder / "expected.txt").value_or(""));
}

TEST_P(Golden, FitsTheTerminal) {
  const json::value input = parsed(read_file(golden_folder() / GetParam() / "input.json"));
  const std::string what = get_string(input.as_object(), "what");
  if (what == "diff" || what == "log") return;  // whole lines, for the pager
  json::object plain = input.as_object();
  json::object terminal = get_object(plain, "terminal");
  terminal["colour"] = false;
  const auto width = static_cast<size_t>(get_int(terminal, "width", 80));
  plain["terminal"] = terminal;
  const std::string text = rendered(plain);
  for (const auto line : lines(text)) EXPECT_LE(display_width(line), width) << line;
}

TEST_P(Golden, NeverLetsAControlCharacterThrough) {
  json::object input = parsed(read_file(golden_folder() / GetParam() / "input.json")).as_object();
  json::object terminal = get_object(input, "terminal");
  terminal["colour"] = false;
  input["terminal"] = terminal;
  EXPECT_FALSE(has_control_characters(rendered(input)));
}

std::vector<std::string> golden_cases() {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(golden_folder()))
    out.push_back(entry.path().filename().string());
  std::ranges::sort(out);
  return out;
}

INSTANTIATE_TEST_SUITE_P(Cli, Golden, testing::ValuesIn(golden_cases()), [](const auto& param) {
  std::string name = param.param;
  std::ranges::replace(name, '-', '_');
  return "case_" + name;
});

json::object task_in(std::string_view state, std::string_view waiting_for = "") {
  return {{"id", "k3f9a2"},
          {"state", state},
          {"waiting_for", waiting_for.empty() ? json::value(nullptr) : json::value(waiting_for)}};
}

TEST(Waiting, EndsWhereAPersonIsNeededOrTheTaskIsOver) {
  for (const auto* state : {"in_review", "merged", "closed", "failed", "cancelled"}) {
    EXPECT_TRUE(needs_person_or_ended(task_in(state))) << state;
  }
  for (const auto* state : {"queued", "preparing", "working", "verifying", "publishing"}) {
    EXPECT_FALSE(needs_person_or_ended(task_in(state))) << state;
  }
  EXPECT_TRUE(needs_person_or_ended(task_in("waiting", "person")));
  EXPECT_TRUE(needs_person_or_ended(task_in("waiting", "quota")));
  EXPECT_FALSE(needs_person_or_ended(task_in("waiting", "model")));  // it goes on by itself
  EXPECT_FALSE(needs_person_or_ended(task_in("waiting", "disk")));
  EXPECT_FALSE(needs_person_or_ended(task_in("waiting", "lock")));
}

TEST(Waiting, OnlyAFailureGivesStatusOne) {
  EXPECT_EQ(exit_status_of(task_in("failed")), 1);
  EXPECT_EQ(exit_status_of(task_in("cancelled")), 1);
  EXPECT_EQ(exit_status_of(task_in("in_review")), 0);
  EXPECT_EQ(exit_status_of(task_in("merged")), 0);
  EXPECT_EQ(exit_status_of(task_in("waiting", "person")), 0);
}

TEST(NextSteps, MergingADetachedHeadNamesABranch) {
  json::object task = task_in("in_review");
  task["detached"] = true;
  const auto steps = next_steps(task);
  EXPECT_TRUE(std::ranges::any_of(
      steps, [](const auto& s) { return s.command == "nightjar merge k3f9a2 --into BRANCH"; }));
}

TEST(Log, LosesColoursAndCarriageReturnsOfLineEndsAlone) {
  EXPECT_EQ(render_log("\x1b[1;32mok\x1b[0m\r\n"), "ok\n");
  EXPECT_EQ(render_log("50%\r100%\n"), "50%\\x0d100%\n");
  EXPECT_EQ(render_log("\x1b]0;title\x07\x1b[2J"), "\\x1b]0;title\\x07\\x1b[2J");
}

}  // namespace
}  // namespace nightjar::cli
