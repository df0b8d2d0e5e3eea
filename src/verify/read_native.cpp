// Runners of compiled languages: cargo, GoogleTest, automake.
#include <algorithm>
#include <array>
#include <map>

#include "verify/reading.h"

namespace nightjar::verify {

namespace {

using core::TestStatus;

// Reads one binary after the other; names get the crate's or the file's name in front.
class Cargo {
 public:
  void line(std::string_view text) {
    const std::string_view whole = text;
    text = trim_left(text);
    if (take(text, "Running ") && text.ends_with(')')) return start(section_of(text));
    if (whole.starts_with("   Doc-tests "))
      return start("doc " + std::string(trim(whole.substr(13))));
    if (whole.starts_with("running ") && (whole.ends_with(" tests") || whole.ends_with(" test"))) {
      auto rest = whole.substr(8);
      finish();
      expected_ = take_number(rest).value_or(0);
      running_ = true;
      found_ = true;
      return;
    }
    if (whole.starts_with("test result: ")) return result(whole.substr(13));
    if (whole.starts_with("     Summary [")) return nextest_end(whole);
    if (running_ && whole.starts_with("test ")) return test(whole.substr(5));
    if (nextest(text)) found_ = true;
  }

  std::optional<Reading> end() {
    finish();
    if (!found_) return std::nullopt;
    reading_.format = "cargo";
    if (has_total_) reading_.total = total_;
    if (lost_) count_only(reading_, total_);
    return std::move(reading_);
  }

 private:
  // "unittests src/lib.rs (target/debug/deps/thing-3413a480fe4235bf)"
  static std::string section_of(std::string_view text) {
    const auto open = text.rfind('(');
    if (open == std::string_view::npos) return std::string(trim(text));
    std::string_view binary = text.substr(open + 1, text.size() - open - 2);
    binary = binary.substr(binary.find_last_of("/\\") + 1);
    if (const auto dash = binary.rfind('-'); dash != std::string_view::npos)
      binary = binary.substr(0, dash);
    std::string name(binary);
    const std::string_view source = trim(text.substr(0, open));
    if (source.starts_with("unittests ") && !source.ends_with("lib.rs")) name += "(bin)";
    return name;
  }

  void start(std::string section) {
    finish();
    section_ = std::move(section);
    found_ = true;
  }

  void test(std::string_view text) {
    const auto dots = text.rfind(" ... ");
    if (dots == std::string_view::npos) return;
    const std::string_view verdict = text.substr(dots + 5);
    std::string_view name = text.substr(0, dots);
    // A documentation test is named by its line, which moves with every edit above it.
    if (const auto at = name.find(" (line ");
        section_.starts_with("doc ") && at != std::string_view::npos) {
      const auto close = name.find(')', at);
      add(std::string(name.substr(0, at)) + std::string(close == std::string_view::npos
                                                            ? std::string_view()
                                                            : name.substr(close + 1)),
          verdict);
    } else {
      add(std::string(name), verdict);
    }
  }

  void add(std::string name, std::string_view verdict) {
    if (name.ends_with(" - should panic")) name.resize(name.size() - 15);
    if (!section_.empty()) name = section_ + (section_.starts_with("doc ") ? ": " : "::") + name;
    if (verdict == "ok") {
      pending_.push_back({std::move(name), TestStatus::Passed});
    } else if (verdict == "FAILED" || verdict.starts_with("FAILED ")) {
      pending_.push_back({std::move(name), TestStatus::Failed});
    } else if (verdict.starts_with("ignored")) {
      pending_.push_back({std::move(name), TestStatus::Skipped});
    } else if (verdict.starts_with("bench:")) {
      pending_.push_back({std::move(name), TestStatus::Passed});
    }
  }

  // "ok. 2 passed; 0 failed; 1 ignored; 0 measured; ..."
  static core::Counts tally(std::string_view text) {
    core::Counts counts;
    for (size_t i = 0; i + 1 < text.size(); ++i) {
      if (text[i] != ' ') continue;
      std::string_view rest = text.substr(i + 1);
      const auto number = take_number(rest);
      if (!number) continue;
      if (rest.starts_with(" passed")) counts.passed += *number;
      if (rest.starts_with(" measured")) counts.passed += *number;
      if (rest.starts_with(" failed") || rest.starts_with(" timed out")) counts.failed += *number;
      if (rest.starts_with(" ignored")) counts.skipped += *number;
    }
    return counts;
  }

  void result(std::string_view text) {
    const auto counts = tally(text);
    add_up(total_, counts);
    has_total_ = true;
    if (counts != counted(pending_)) lost_ = true;
    flush();
    running_ = false;
  }

  // A binary that announced tests and gave no result has crashed.
  void finish() {
    if (running_) {
      flush();
      const std::string name =
          (section_.empty() ? std::string("tests") : section_) + " (did not finish)";
      reading_.add(name, TestStatus::Failed);
      ++total_.failed;
    }
    running_ = false;
  }

  void flush() {
    for (auto& test : pending_) reading_.tests.push_back(std::move(test));
    pending_.clear();
  }

  // cargo nextest: "PASS [   0.004s] (1/5) thing tests::reads"
  bool nextest(std::string_view text) {
    TestStatus status = TestStatus::Passed;
    if (take(text, "PASS [")) {
      status = TestStatus::Passed;
    } else if (take(text, "FAIL [") || take(text, "SIGABRT [") || take(text, "SIGSEGV [") ||
               take(text, "TIMEOUT [")) {
      status = TestStatus::Failed;
    } else if (take(text, "SKIP [")) {
      status = TestStatus::Skipped;
    } else {
      return false;
    }
    const auto close = text.find("] ");
    if (close == std::string_view::npos || !text.substr(0, close).ends_with('s')) return false;
    text = trim(text.substr(close + 2));
    if (text.starts_with('('))
      text = trim_left(text.substr(std::min(text.find(')'), text.size() - 1) + 1));
    if (text.empty() || !nextest_seen_.emplace(std::string(text), true).second) return false;
    reading_.add(replaced(text, " ", "::"), status);
    return true;
  }

  // "     Summary [   0.012s] 5 tests run: 4 passed, 1 failed, 1 skipped"; those that it skipped it
  // does not name.
  void nextest_end(std::string_view text) {
    const auto at = text.find(" run: ");
    if (at == std::string_view::npos) return;
    const auto counts = tally(text.substr(at + 5));
    const auto named = counted(reading_.tests);
    add_up(total_, counts);
    if (counts.passed != named.passed || counts.failed != named.failed) lost_ = true;
  }

  Reading reading_;
  std::vector<TestResult> pending_;
  std::map<std::string, bool> nextest_seen_;  // failures are listed again at the end
  std::string section_;
  core::Counts total_;
  int expected_ = 0;
  bool running_ = false, found_ = false, has_total_ = false, lost_ = false;
};

}  // namespace

std::optional<Reading> read_cargo(Lines& lines) {
  const bool likely = std::ranges::any_of(lines, [](std::string_view line) {
    return line.starts_with("test result: ") || line.starts_with("   Doc-tests ") ||
           (line.starts_with("     Running ") && line.ends_with(')')) ||
           line.starts_with("     Summary [") || line.starts_with("    Finished `test`");
  });
  if (!likely) return std::nullopt;
  Cargo cargo;
  for (const auto& line : lines) cargo.line(line);
  return cargo.end();
}

namespace {

// "[  FAILED  ] 2 tests, listed below:", "[  PASSED  ] 6 tests."
void gtest_total(std::string_view line, core::Counts& total) {
  const bool listed = line.ends_with(", listed below:");
  const bool passed = take(line, "[  PASSED  ] ");
  const bool failed = listed && take(line, "[  FAILED  ] ");
  const bool skipped = listed && take(line, "[  SKIPPED ] ");
  if (!passed && !failed && !skipped) return;
  const int number = take_number(line).value_or(0);
  if (passed) total.passed += number;
  if (failed) total.failed += number;
  if (skipped) total.skipped += number;
}

}  // namespace

std::optional<Reading> read_gtest(const Lines& lines) {
  Reading reading{.format = "gtest"};
  std::string running;
  int begun = 0, ended = 0, ran = 0;
  core::Counts total;
  const auto name_of = [](std::string_view rest) {
    const auto end = rest.find_first_of(" ,");
    return std::string(rest.substr(0, end));
  };
  const auto crashed = [&] {
    if (!running.empty()) reading.add(std::move(running), TestStatus::Failed);
    running.clear();
  };
  for (const auto& line : lines) {
    if (line.starts_with("[==========] Running ")) {
      crashed();
      ++begun;
      continue;
    }
    if (line.starts_with("[==========] ") && line.find(" ran.") != std::string_view::npos) {
      auto rest = line.substr(13);
      ran += take_number(rest).value_or(0);
      ++ended;
      continue;
    }
    gtest_total(line, total);
    if (line.starts_with("[ RUN      ] ")) {
      crashed();
      running = trim_right(line.substr(13));
      continue;
    }
    if (!line.ends_with(" ms)")) continue;
    for (const auto& [mark, status] :
         {std::pair{std::string_view("[       OK ] "), TestStatus::Passed},
          std::pair{std::string_view("[  FAILED  ] "), TestStatus::Failed},
          std::pair{std::string_view("[  SKIPPED ] "), TestStatus::Skipped}}) {
      const auto at = line.find(mark);
      if (at == std::string_view::npos) continue;
      reading.add(name_of(line.substr(at + mark.size())), status);
      running.clear();
    }
  }
  if (begun + ended == 0) return std::nullopt;
  crashed();
  // A program that died gave no totals. With --gtest_brief only failures are named.
  total.passed = std::max(total.passed, ran - total.failed - total.skipped);
  if (begun <= ended) settle(reading, total);
  return reading;
}

namespace {

// "# PASS:  3"
void automake_total(std::string_view line, core::Counts& total) {
  if (!take(line, "# ")) return;
  const auto word = line.substr(0, line.find(':'));
  std::string_view rest = trim_left(line.substr(std::min(word.size() + 1, line.size())));
  const int number = take_number(rest).value_or(0);
  if (word == "PASS") total.passed += number;
  if (word == "FAIL" || word == "ERROR" || word == "XPASS") total.failed += number;
  if (word == "SKIP" || word == "XFAIL") total.skipped += number;
}

}  // namespace

std::optional<Reading> read_automake(const Lines& lines) {
  constexpr std::array<std::pair<std::string_view, TestStatus>, 6> kWords{
      {{"PASS: ", TestStatus::Passed},
       {"FAIL: ", TestStatus::Failed},
       {"ERROR: ", TestStatus::Failed},
       {"XPASS: ", TestStatus::Failed},
       {"SKIP: ", TestStatus::Skipped},
       {"XFAIL: ", TestStatus::Skipped}}};
  Reading reading{.format = "automake"};
  core::Counts total;
  bool sure = false;
  for (const auto& line : lines) {
    automake_total(line, total);
    if (line.starts_with("# TOTAL: ") || line.starts_with("PASS: ") || line.starts_with("FAIL: "))
      sure = true;
    for (const auto& [word, status] : kWords) {
      if (!line.starts_with(word)) continue;
      std::string_view name = trim(line.substr(word.size()));
      // "FAIL: test.sh (exit status: 1)" and "FAIL: test.sh 3 - does a thing"
      name = name.substr(0, name.find(" (exit status: "));
      // A script of one's own: "FAIL: adds (got 1, want 2)", and "PASS: adds".
      if (const auto detail = name.rfind(" (");
          status == TestStatus::Failed && name.ends_with(')') && detail != std::string_view::npos &&
          name.find(' ', detail + 2) != std::string_view::npos)
        name = name.substr(0, detail);
      if (!name.empty()) reading.add(std::string(name), status);
    }
  }
  if (!sure || reading.tests.empty()) return std::nullopt;
  if (total.total() > 0) settle(reading, total);
  return reading;
}

}  // namespace nightjar::verify
