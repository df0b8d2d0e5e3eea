// Each folder of tests/golden/mechanic is a repository, a task (one brief a line, the last is this
// run's) and what must come of it. NIGHTJAR_ACCEPT=1 rewrites what is expected: look at the
// difference before committing it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "agent/mechanic/worker.h"
#include "base/text.h"

namespace nightjar::agent::mechanic {
namespace {

using Tree = std::map<std::string, std::string>;

fs::path cases() { return fs::path(NIGHTJAR_SOURCE_DIR) / "tests/golden/mechanic"; }

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(cases()))
    names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

Tree read_tree(const fs::path& folder) {
  Tree out;
  if (!fs::exists(folder)) return out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) out[fs::relative(entry.path(), folder)] = read_file(entry.path());
  }
  return out;
}

void write_tree(const fs::path& folder, const Tree& tree) {
  fs::remove_all(folder);
  for (const auto& [path, content] : tree) {
    fs::create_directories((folder / path).parent_path());
    write_durably(folder / path, content);
  }
}

std::string told(const std::vector<core::Finding>& findings) {
  std::string out;
  for (const auto& finding : findings) {
    out += "  " + finding.rule + (finding.blocks ? " (blocks)" : "") + " " + finding.path + ":" +
           std::to_string(finding.line) + " " + finding.text + "\n";
  }
  return out;
}

std::string described(const WorkResult& result, const std::vector<core::Finding>& left) {
  static constexpr const char* kOutcomes[] = {"changed", "nothing", "cannot do", "failed"};
  std::string out = std::string(kOutcomes[static_cast<int>(result.outcome)]) + ": " +
                    result.summary + result.reason + "\n";
  out += told(result.findings);
  if (result.outcome == Outcome::Changed) out += "left on the commit:\n" + told(left);
  return out;
}

class GoldenMechanic : public testing::TestWithParam<std::string> {};

TEST_P(GoldenMechanic, MakesTheExpectedTree) {
  const fs::path folder = cases() / GetParam();
  const TempDir scratch;
  fs::copy(folder / "input", scratch.path(), fs::copy_options::recursive);
  auto briefs = split(trimmed(read_file(folder / "task")), '\n');
  const std::string brief = briefs.back();
  briefs.pop_back();
  const auto order = parse_order(brief, briefs);
  ASSERT_TRUE(order) << order.error();
  const WorkResult result = work_on(scratch.path(), {.order = *order});
  const Tree before = read_tree(folder / "input");
  const Tree after = read_tree(scratch.path());
  std::vector<std::string> changed;
  for (const auto& [path, content] : after) {
    if (!before.contains(path) || before.at(path) != content) changed.push_back(path);
  }
  for (const auto& [path, content] : before) {
    if (!after.contains(path)) changed.push_back(path);
  }
  std::ranges::sort(changed);
  EXPECT_EQ(result.paths, changed) << "what it says it changed is what it changed";
  WorkResult left;
  if (result.outcome == Outcome::Changed)
    left = work_on(scratch.path(), {.wanted = Request::Wanted::Recheck, .claim = result.claim});
  const std::string findings = described(result, left.findings);
  EXPECT_EQ(read_tree(scratch.path()), after) << "looking again changes nothing";
  if (std::getenv("NIGHTJAR_ACCEPT")) {
    write_tree(folder / "expected", after);
    write_durably(folder / "findings", findings);
  }
  EXPECT_EQ(after, read_tree(folder / "expected"));
  EXPECT_EQ(findings, read_file(folder / "findings"));
}

INSTANTIATE_TEST_SUITE_P(Mechanic, GoldenMechanic, testing::ValuesIn(case_names()),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace nightjar::agent::mechanic
