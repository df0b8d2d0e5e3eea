// Runners of compiled languages: ctest, Meson, cargo, GoogleTest, automake.
#include <algorithm>
#include <array>
#include <map>

#include "verify/reading.h"

namespace nightjar::verify {

namespace {

using core::TestStatus;

// "3/9 Test #3: name .......***Failed    0.00 sec" after "Test".
struct CtestLine {
  int number = 0;
  std::string name;
  TestStatus status = TestStatus::Failed;
};

std::optional<CtestLine> ctest_line(std::string_view line) {
  line = trim_left(line);
  if (!take_number(line) || !take(line, "/") || !take_number(line) || !take(line, " Test"))
    return std::nullopt;
  line = trim_left(line);
  CtestLine out;
  if (!take(line, "#")) return std::nullopt;
  const auto number = take_number(line);
  if (!number || !take(line, ": ")) return std::nullopt;
  out.number = *number;
  std::string_view head;
  if (const auto stars = line.find("***"); stars != std::string_view::npos) {
    head = line.substr(0, stars);
    const auto verdict = line.substr(stars + 3);
    const bool skipped =
        verdict.starts_with("Skipped") || verdict.starts_with("Not Run (Disabled)");
    out.status = skipped ? TestStatus::Skipped : TestStatus::Failed;
  } else if (const auto passed = line.rfind(" Passed "); passed != std::string_view::npos) {
    head = line.substr(0, passed);
    out.status = TestStatus::Passed;
  } else {
    return std::nullopt;
  }
  const auto dots = head.find_last_of('.');
  if (dots == std::string_view::npos) return std::nullopt;
  head = head.substr(0, dots + 1);
  while (head.ends_with('.')) head.remove_suffix(1);
  out.name = trim(head);
  if (out.name.empty()) return std::nullopt;
  return out;
}

struct MesonWord {
  std::string_view word;
  TestStatus status;
};
constexpr std::array<MesonWord, 9> kMesonWords{{{"OK", TestStatus::Passed},
                                                {"FAIL", TestStatus::Failed},
                                                {"SKIP", TestStatus::Skipped},
                                                {"TIMEOUT", TestStatus::Failed},
                                                {"ERROR", TestStatus::Failed},
                                                {"INTERRUPT", TestStatus::Failed},
                                                {"EXPECTEDFAIL", TestStatus::Skipped},
                                                {"UNEXPECTEDPASS", TestStatus::Failed},
                                                {"IGNORED", TestStatus::Skipped}}};

std::optional<TestResult> meson_line(std::string_view line) {
  line = trim_left(line);
  if (!take_number(line) || !take(line, "/") || !take_number(line) || !take(line, " "))
    return std::nullopt;
  for (const auto& [word, status] : kMesonWords) {
    const std::string wanted = " " + std::string(word) + " ";
    const auto at = line.find(wanted);
    if (at == std::string_view::npos) continue;
    auto time = trim_left(line.substr(at + wanted.size()));
    if (!take_number(time) || !take(time, ".")) continue;
    const auto name = trim(line.substr(0, at));
    if (!name.empty()) return TestResult{std::string(name), status};
  }
  return std::nullopt;
}

void blank(Lines& lines, size_t first, size_t last) {
  for (size_t i = first; i <= last && i < lines.size(); ++i) lines[i] = {};
}

}  // namespace

std::optional<Reading> read_ctest(Lines& lines) {
  Reading reading{.format = "ctest"};
  bool found = false;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!lines[i].starts_with("Test project ")) continue;
    found = true;
    std::map<int, CtestLine> tests;  // by number: a test that is repeated counts once, as it ended
    size_t end = i;
    for (; end < lines.size() && !lines[end].starts_with("Total Test time (real)"); ++end) {
      if (end > i && lines[end].starts_with("Test project ")) break;
      if (lines[end].starts_with("No tests were found")) break;
      if (auto test = ctest_line(lines[end])) tests[test->number] = std::move(*test);
    }
    for (auto& [number, test] : tests) reading.add(std::move(test.name), test.status);
    const bool next = end < lines.size() && end > i && lines[end].starts_with("Test project ");
    blank(lines, i, next ? end - 1 : end);
    i = next ? end - 1 : end;
  }
  if (!found) return std::nullopt;
  return reading;
}

std::optional<Reading> read_meson(Lines& lines) {
  const bool ended = std::ranges::any_of(lines, [](std::string_view line) {
    return line.starts_with("Full log written to ") || line.starts_with("No tests defined");
  });
  if (!ended) return std::nullopt;
  Reading reading{.format = "meson"};
  size_t first = lines.size();
  size_t last = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    auto test = meson_line(lines[i]);
    if (test) reading.tests.push_back(std::move(*test));
    if (test || lines[i].starts_with("Full log written to ")) {
      first = std::min(first, i);
      last = i;
    }
  }
  if (first < lines.size()) blank(lines, first, last);
  return reading;
}

namespace {

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
    if (running_ && whole.starts_with("test ")) return test(whole.substr(5));
    if (nextest(text)) found_ = true;
  }

  std::optional<Reading> end() {
    finish();
    if (!found_) return std::nullopt;
    reading_.format = "cargo";
    if (has_total_) reading_.total = total_;
    if (lost_) reading_.counts_only = true;
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
  void result(std::string_view text) {
    core::Counts counts;
    for (size_t i = 0; i + 1 < text.size(); ++i) {
      if (text[i] != ' ') continue;
      std::string_view rest = text.substr(i + 1);
      const auto number = take_number(rest);
      if (!number) continue;
      if (rest.starts_with(" passed")) counts.passed += *number;
      if (rest.starts_with(" measured")) counts.passed += *number;
      if (rest.starts_with(" failed")) counts.failed += *number;
      if (rest.starts_with(" ignored")) counts.skipped += *number;
    }
    total_.passed += counts.passed;
    total_.failed += counts.failed;
    total_.skipped += counts.skipped;
    has_total_ = true;
    if (counts.total() > static_cast<int>(pending_.size())) lost_ = true;
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

std::optional<Reading> read_gtest(const Lines& lines) {
  Reading reading{.format = "gtest"};
  std::string running;
  std::optional<core::Counts> total;
  bool found = false;
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
      found = true;
      continue;
    }
    if (line.starts_with("[==========] ") && line.find(" ran.") != std::string_view::npos) {
      auto rest = line.substr(13);
      if (!total) total.emplace();
      total->passed += take_number(rest).value_or(0);
      found = true;
      continue;
    }
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
  if (!found) return std::nullopt;
  crashed();
  // With --gtest_brief only failures are named.
  if (total && total->passed > static_cast<int>(reading.tests.size())) {
    const auto known = counted(reading.tests);
    reading.total =
        core::Counts{total->passed - known.failed - known.skipped, known.failed, known.skipped};
    reading.counts_only = true;
  }
  return reading;
}

std::optional<Reading> read_automake(const Lines& lines) {
  constexpr std::array<std::pair<std::string_view, TestStatus>, 6> kWords{
      {{"PASS: ", TestStatus::Passed},
       {"FAIL: ", TestStatus::Failed},
       {"ERROR: ", TestStatus::Failed},
       {"XPASS: ", TestStatus::Failed},
       {"SKIP: ", TestStatus::Skipped},
       {"XFAIL: ", TestStatus::Skipped}}};
  Reading reading{.format = "automake"};
  bool sure = false;
  for (const auto& line : lines) {
    if (line.starts_with("# TOTAL: ") || line.starts_with("PASS: ") || line.starts_with("FAIL: "))
      sure = true;
    for (const auto& [word, status] : kWords) {
      if (!line.starts_with(word)) continue;
      std::string_view name = trim(line.substr(word.size()));
      // "FAIL: test.sh (exit status: 1)" and "FAIL: test.sh 3 - does a thing"
      name = name.substr(0, name.find(" (exit status: "));
      if (!name.empty()) reading.add(std::string(name), status);
    }
  }
  if (!sure || reading.tests.empty()) return std::nullopt;
  return reading;
}

}  // namespace nightjar::verify
