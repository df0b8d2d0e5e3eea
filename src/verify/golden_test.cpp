// Each folder of tests/golden/reports holds the real output of a real runner; in those called
// `forged` somebody wrote into it by hand what a cheat would print. NIGHTJAR_ACCEPT=1 rewrites what
// is expected: look at the difference before committing it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "base/json.h"
#include "verify/verify.h"

namespace nightjar::verify {
namespace {

fs::path cases() { return fs::path(NIGHTJAR_SOURCE_DIR) / "tests/golden/reports"; }

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(cases()))
    names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

void add_files(const fs::path& folder, const std::string& prefix,
               std::map<std::string, std::string>& files) {
  if (!fs::is_directory(folder)) return;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file())
      files[prefix + fs::relative(entry.path(), folder).string()] = read_file(entry.path());
  }
}

core::CheckReport report_of(const fs::path& folder) {
  const auto parsed = parse_json(read_file(folder / "case.json"));
  if (!parsed) throw std::runtime_error("case.json: " + parsed.error());
  const json::object& what = parsed->as_object();
  CheckOutput output;
  output.exit_status = static_cast<int>(get_int(what, "exit_status"));
  output.trouble = get_string(what, "trouble");
  output.output = read_file(folder / "output");
  add_files(folder / "reports", "/tmp/nightjar-reports/", output.files);
  add_files(folder / "tree", "", output.files);
  return read_report({"tests", get_string(what, "command")}, output);
}

std::string described(const core::CheckReport& report) {
  const json::object whole = core::to_json(report);
  json::object out;
  for (const char* member : {"format", "by_test", "counts", "tests"})
    out[member] = whole.at(member);
  if (const auto trouble = environment_trouble({report}))
    out["not_ready"] = json::object{{"missing", trouble->missing}, {"advice", trouble->advice}};
  return to_pretty(out);
}

class GoldenReport : public testing::TestWithParam<std::string> {};

TEST_P(GoldenReport, IsReadAsExpected) {
  const fs::path folder = cases() / GetParam();
  const std::string actual = described(report_of(folder));
  if (std::getenv("NIGHTJAR_ACCEPT")) write_durably(folder / "expected.json", actual);
  EXPECT_EQ(actual, read_file(folder / "expected.json"));
}

INSTANTIATE_TEST_SUITE_P(Runners, GoldenReport, testing::ValuesIn(case_names()),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace nightjar::verify
