#include <gtest/gtest.h>

#include "forge/local.h"
#include "forge/markdown.h"

namespace nightjar::forge {
namespace {

core::Task task() {
  core::Task task;
  task.id = "k3v9qa";
  task.spec.title = "Rename class Parser to Reader";
  task.spec.brief = "Rename class Parser to Reader everywhere";
  task.spec.kind = core::Kind::Refactor;
  task.spec.base_commit = "b000000000000000000000000000000000000000";
  return task;
}

core::Run run() {
  core::Run run;
  run.id = "k3v9qa.1";
  run.agent = "mechanic";
  run.candidate = "c000000000000000000000000000000000000000";
  run.files = 3;
  run.insertions = 1;
  run.deletions = 7;
  core::CheckComparison check;
  check.name = "tests";
  check.command = "python3 -m pytest -q";
  check.before = {10, 2, 1};
  check.after = {11, 1, 1};
  check.by_test = true;
  check.still_failing = {"test_old_bug"};
  check.fixed = {"test_luck"};
  run.checks = {check};
  run.proof.verdict = core::Verdict::Proved;
  run.proof.commit = run.candidate;
  run.proof.obligations = {{"no_newly_failing_test", true, "13 tests compared by name"}};
  run.proof.findings = {{"string_left_alone", "src/app.py", 12, "\"Parser\"", false}};
  return run;
}

void expect_holds(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "'" << part << "' is not in:\n" << text;
}
void expect_lacks(const std::string& text, const std::string& part) {
  EXPECT_EQ(text.find(part), std::string::npos) << "'" << part << "' is in:\n" << text;
}

TEST(Describe, TellsWhatWasProvedAndHowToSeeForOneself) {
  const std::string text = describe(task(), run());
  expect_holds(text, "**PROVED** on commit `c000000000000000000000000000000000000000`");
  expect_holds(text, "Rename class Parser to Reader everywhere");
  expect_holds(text, "3 files changed, 1 insertion and 7 deletions");
  expect_holds(text,
               "| `tests` | 10 passed, 2 failed, 1 skipped | 11 passed, 1 failed, 1 skipped |");
  expect_holds(
      text,
      "Failed before as well in `tests`, so not the fault of this change (1):\n\n- `test_old_bug`");
  expect_holds(text, "- [x] `no_newly_failing_test`: 13 tests compared by name");
  expect_holds(text, "- `string_left_alone` at `src/app.py:12`: `\"Parser\"`");
  expect_holds(text, "git worktree add --detach ../look c000000000000000000000000000000000000000");
  expect_holds(text, "python3 -m pytest -q");
  expect_holds(text, "`nightjar proof k3v9qa`");
}

TEST(Describe, SaysPlainlyWhereNothingWasProved) {
  core::Run unproved = run();
  unproved.proof = {};
  unproved.checks.clear();
  unproved.reason = "the repository has no tests";
  const std::string text = describe(task(), unproved);
  EXPECT_TRUE(text.starts_with("**NOT PROVED**: the repository has no tests\n")) << text;
  expect_holds(text, "no check");
  expect_lacks(text, "**PROVED**");
  unproved.proof.verdict = core::Verdict::Refuted;
  EXPECT_TRUE(describe(task(), unproved).starts_with("**REFUTED**"));
}

TEST(Describe, TellsWhereOnlyCountsWereComparedAndCutsLongLists) {
  core::Run counted = run();
  counted.checks[0].by_test = false;
  counted.checks[0].newly_failing.assign(500, "test");
  const std::string text = describe(task(), counted);
  expect_holds(text, "only its counts were compared");
  expect_holds(text, "**Newly failing** in `tests` (500)");
  expect_holds(text, "- and 470 more");
}

TEST(Describe, WhatCameFromOutsideCannotAct) {
  const std::string evil =
      "x`<!-- --><img src=x onerror=alert(1)> ![i](http://evil) @all fixes #12 GH-7 https://evil/ "
      "| a\n# head\x1b[2J\u202e";
  core::Task hostile = task();
  core::Run bad = run();
  bad.brief = "```\n</details>\n````\n" + evil;
  bad.agent = bad.checks[0].name = bad.checks[0].command = evil;
  bad.checks[0].still_failing = {evil};
  bad.proof.obligations = {{evil, false, evil}};
  bad.proof.findings = {{evil, evil, 1, evil, true}};
  bad.proof.verdict = core::Verdict::None;
  bad.reason = evil;
  hostile.reason = evil;
  const std::string text = describe(hostile, bad);
  expect_lacks(text, "\x1b");
  expect_lacks(text, "\u202e");
  // What stands outside of code is escaped; look at it alone.
  std::string outside;
  size_t fence = 0;  // how many backticks end the block we are in
  size_t start = 0;
  while (start < text.size()) {
    const auto end = std::min(text.find('\n', start), text.size());
    const std::string line = text.substr(start, end - start);
    start = end + 1;
    const size_t ticks = std::min(line.find_first_not_of('`'), line.size());
    if (fence > 0) {
      if (ticks >= fence && ticks == line.size()) fence = 0;
      continue;
    }
    if (ticks >= 3) {
      fence = ticks;
      continue;
    }
    bool in_span = false;
    for (size_t i = 0; i < line.size(); ++i) {
      const bool escaped = i > 0 && line[i - 1] == '\\';
      if (line[i] == '`' && (in_span || !escaped)) {
        in_span = !in_span;
      } else if (!in_span) {
        outside += line[i];
      }
    }
    EXPECT_FALSE(in_span) << "a code span is left open: " << line;
    outside += '\n';
  }
  EXPECT_EQ(fence, 0u);
  for (const char* part :
       {"\n# head", "@all", "#12", "://", "GH-7", " <img", "-<!--", "![i]", "](http"}) {
    expect_lacks(outside, part);
  }
}

TEST(Markdown, CodeCellsAndBlocksEndWhereTheyShould) {
  EXPECT_EQ(code("a`b"), "`a'b`");
  EXPECT_EQ(code(""), "(empty)");
  EXPECT_EQ(code("two\nlines"), "`two\\nlines`");
  EXPECT_EQ(cell("a|b"), "`a\\|b`");
  EXPECT_EQ(block("x\n```\ny"), "````\nx\n```\ny\n````\n");
  EXPECT_EQ(plain("a_b*c <d>"), "a\\_b\\*c \\<d\\>");
  EXPECT_EQ(plain("- x"), "\\- x");
  EXPECT_EQ(plain("me@x"), "me@\u200bx");
}

}  // namespace
}  // namespace nightjar::forge
