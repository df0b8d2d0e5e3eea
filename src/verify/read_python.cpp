// pytest and unittest.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/text.h"
#include "verify/reading.h"

namespace nightjar::verify {

namespace {

using core::TestStatus;

constexpr std::array<std::pair<std::string_view, TestStatus>, 6> kOutcomes{
    {{"PASSED", TestStatus::Passed},
     {"FAILED", TestStatus::Failed},
     {"ERROR", TestStatus::Failed},
     {"SKIPPED", TestStatus::Skipped},
     {"XFAIL", TestStatus::Skipped},
     {"XPASS", TestStatus::Skipped}}};

struct Closing {
  core::Counts counts;
  int errors = 0;  ///< among the failed: of setups, and of teardowns of tests that count as well
};

// "=== 3 failed, 2 passed in 0.12s ===" or, with -q, without the frame.
std::optional<Closing> last_line(std::string_view line) {
  while (line.starts_with('=')) line.remove_prefix(1);
  while (line.ends_with('=')) line.remove_suffix(1);
  line = trim(line);
  const auto in = line.rfind(" in ");
  if (in == std::string_view::npos || line.find('s', in) == std::string_view::npos)
    return std::nullopt;
  std::string_view rest = line.substr(0, in);
  if (rest == "no tests ran") return Closing{};
  Closing out;
  auto& counts = out.counts;
  while (!rest.empty()) {
    const auto number = take_number(rest);
    if (!number || !take(rest, " ")) return std::nullopt;
    const auto word = rest.substr(0, rest.find(','));
    rest.remove_prefix(word.size());
    if (!rest.empty() && !take(rest, ", ")) return std::nullopt;
    if (word == "error" || word == "errors") out.errors += *number;
    if (word == "passed")
      counts.passed += *number;
    else if (word == "failed" || word == "error" || word == "errors")
      counts.failed += *number;
    else if (word == "skipped" || word == "xfailed" || word == "xpassed")
      counts.skipped += *number;
    else if (word != "deselected" && word != "warning" && word != "warnings" && word != "rerun" &&
             word != "subtests passed" && word != "subtests failed" && word != "subtests skipped")
      return std::nullopt;
  }
  return out;
}

// A failure's line goes on with its message: "a.py::test_x[a - b] - assert 1 == 2".
std::string id_of(std::string_view rest) {
  const auto dash = rest.find(" - ");
  const auto bracket = rest.find('[');
  if (bracket != std::string_view::npos && bracket < dash) {
    const auto close = rest.find("] - ", bracket);
    if (close != std::string_view::npos) return std::string(rest.substr(0, close + 1));
    if (rest.ends_with(']')) return std::string(rest);
  }
  return std::string(trim_right(rest.substr(0, dash)));
}

bool looks_like_id(std::string_view text) {
  const auto colons = text.find("::");
  return colons != std::string_view::npos && text.find(' ') > colons;
}

// One call of pytest within a check.
class Session {
 public:
  void line(std::string_view line) {
    if (line.find("= short test summary info =") != std::string_view::npos) {
      in_summary_ = true;
      return;
    }
    for (const auto& [word, status] : kOutcomes) {
      if (in_summary_ && summary(line, word, status)) return;
      if (!in_summary_ && progress(line, word, status)) return;
    }
    std::string_view rest = line;
    if (in_summary_ && take(rest, "SUBFAILED")) {
      if (const auto at = rest.find(") "); at != std::string_view::npos)
        note(id_of(rest.substr(at + 2)), TestStatus::Failed);
    }
  }

  bool empty() const { return order_.empty() && skipped_.empty(); }

  /// `end` is missing where pytest did not come to its end.
  void finish(Reading& reading, const std::optional<Closing>& end,
              const std::optional<Reading>& xml) {
    if (xml && end) {
      std::vector<TestResult> tests = xml->tests;
      for (auto& test : tests) {
        if (xpass_.contains(test.name)) test.status = TestStatus::Skipped;
      }
      if (agrees(counted(tests), *end)) {
        for (auto& test : tests) reading.tests.push_back(std::move(test));
        return;
      }
    }
    Reading own;
    for (const auto& name : order_) own.add(name, status_[name]);
    const int named_skips = counted(own.tests).skipped;
    if (named_skips == 0 || (end && named_skips < end->counts.skipped)) {
      for (const auto& name : skipped_) own.add(name, TestStatus::Skipped);
    }
    core::Counts known = counted(own.tests);
    known.passed += errors_after_pass_;
    if (end && (known.passed != end->counts.passed || !agrees(counted(own.tests), *end)))
      reading.counts_only = true;
    for (auto& test : own.tests) reading.tests.push_back(std::move(test));
  }

 private:
  // A test that passed, and its teardown failed, is one test and counts twice.
  static bool agrees(const core::Counts& named, const Closing& end) {
    const int twice = end.counts.passed - named.passed;
    return named.failed <= end.counts.failed && named.failed >= end.counts.failed - end.errors &&
           named.skipped == end.counts.skipped && twice >= 0 && twice <= end.errors;
  }

  bool summary(std::string_view line, std::string_view word, TestStatus status) {
    if (!take(line, word) || !take(line, " ")) return false;
    if (word == "SKIPPED") {
      if (!take(line, "[")) return false;
      const int times = std::min(take_number(line).value_or(1), 100'000);
      if (!take(line, "] ")) return false;
      // "tests/test_a.py:9: not today"; the line number moves with every edit above it.
      const auto colon = line.find(':');
      const auto reason = line.find(": ", colon == std::string_view::npos ? 0 : colon);
      std::string name(line.substr(0, colon));
      name +=
          " (skipped" +
          (reason == std::string_view::npos ? "" : ": " + std::string(line.substr(reason + 2))) +
          ")";
      for (int i = 0; i < times; ++i) skipped_.push_back(name);
      return true;
    }
    const std::string id = word == "PASSED" ? std::string(trim_right(line)) : id_of(line);
    if (word == "XPASS") xpass_.insert(id);
    note(id, status);
    return true;
  }

  // -v: "a.py::test_x PASSED   [ 10%]"; of xdist: "[gw0] [ 33%] PASSED a.py::test_x"
  bool progress(std::string_view line, std::string_view word, TestStatus status) {
    if (line.starts_with("[gw")) {
      const auto at = line.find("] " + std::string(word) + " ");
      if (at == std::string_view::npos) return false;
      const auto id = trim(line.substr(at + 3 + word.size()));
      if (!looks_like_id(id)) return false;
      note(std::string(id), status);
      return true;
    }
    const auto at = line.rfind(" " + std::string(word));
    if (at == std::string_view::npos || !looks_like_id(line.substr(0, at))) return false;
    const auto after = trim(line.substr(at + 1 + word.size()));
    if (!after.empty() && !after.starts_with('[') && !after.starts_with('(')) return false;
    note(std::string(trim(line.substr(0, at))), status);
    return true;
  }

  void note(const std::string& id, TestStatus status) {
    if (id.empty()) return;
    const auto [at, is_new] = status_.emplace(id, status);
    if (is_new) {
      order_.push_back(id);
    } else if (status == TestStatus::Failed) {
      if (at->second == TestStatus::Passed) ++errors_after_pass_;
      at->second = status;
    } else if (at->second == TestStatus::Failed && status == TestStatus::Passed) {
      ++errors_after_pass_;  // it passed, and its teardown failed
    } else if (at->second != TestStatus::Failed) {
      at->second = status;
    }
  }

  bool in_summary_ = false;
  std::vector<std::string> order_;
  std::map<std::string, TestStatus> status_;
  std::vector<std::string> skipped_;
  std::set<std::string> xpass_;
  int errors_after_pass_ = 0;
};

}  // namespace

std::optional<Reading> read_pytest(const Lines& lines, const std::optional<Reading>& xml) {
  std::vector<std::pair<Session, std::optional<Closing>>> sessions(1);
  bool found = xml.has_value();
  for (const auto& line : lines) {
    if (line.find("= test session starts =") != std::string_view::npos) found = true;
    if (const auto end = last_line(line)) {
      found = true;
      sessions.back().second = end;
      sessions.emplace_back();
    } else {
      sessions.back().first.line(line);
    }
  }
  if (!found) return std::nullopt;
  if (sessions.size() > 1 && sessions.back().first.empty()) sessions.pop_back();
  Reading reading{.format = "pytest"};
  core::Counts total;
  for (size_t i = 0; i < sessions.size(); ++i) {
    auto& [session, end] = sessions[i];
    // A second call of pytest overwrites the first one's report: it speaks for the last one only,
    // and only beside its last line.
    session.finish(reading, end, i + 1 == sessions.size() ? xml : std::nullopt);
    if (end) add_up(total, end->counts);
  }
  if (reading.counts_only) reading.total = total;
  return reading;
}

namespace {

constexpr std::array<std::pair<std::string_view, TestStatus>, 6> kUnittestWords{
    {{"ok", TestStatus::Passed},
     {"FAIL", TestStatus::Failed},
     {"ERROR", TestStatus::Failed},
     {"expected failure", TestStatus::Skipped},
     {"unexpected success", TestStatus::Failed},
     {"skipped ", TestStatus::Skipped}}};

std::optional<TestStatus> unittest_word(std::string_view text) {
  text = trim(text);
  for (const auto& [word, status] : kUnittestWords) {
    if (word.ends_with(' ') ? text.starts_with(word) : text == word) return status;
  }
  return std::nullopt;
}

// "test_x (module.Class.test_x)", of older versions "test_x (module.Class)": the dotted name, and
// where the line goes on.
std::optional<std::string> unittest_id(std::string_view line, std::string_view& rest) {
  // Names made at run time may hold more than word characters: "amps-and-angles
  // (tests.test_x.TestX.amps-and-angles)".
  const size_t i = std::min(line.find(' '), line.size());
  if (i == 0 || line.substr(i, 2) != " (") return std::nullopt;
  const auto close = line.find(')', i);
  if (close == std::string_view::npos) return std::nullopt;
  const std::string_view method = line.substr(0, i);
  const std::string_view where = line.substr(i + 2, close - i - 2);
  if (where.empty() || where.find(' ') != std::string_view::npos) return std::nullopt;
  rest = line.substr(close + 1);
  if (!rest.empty() && !rest.starts_with(" ... ") && !rest.starts_with(" (") &&
      !rest.starts_with(" ["))
    return std::nullopt;
  std::string id(where);
  if (!where.ends_with("." + std::string(method))) id += "." + std::string(method);
  return id;
}

class Unittest {
 public:
  void line(std::string_view line) {
    if (line.starts_with("Ran ") && line.find(" test") != std::string_view::npos) {
      auto rest = line.substr(4);
      ran_ = take_number(rest);
      return;
    }
    if (ran_ && (line == "OK" || line.starts_with("OK (") || line.starts_with("FAILED ("))) {
      end(line);
      return;
    }
    std::string_view rest = line;
    if (take(rest, "ERROR: ") || take(rest, "FAIL: ") || take(rest, "UNEXPECTED SUCCESS: ")) {
      std::string_view after;
      if (auto id = unittest_id(rest, after)) failed_.insert(*id);
      return;
    }
    const bool sub = line.starts_with("  ");
    if (auto id = unittest_id(sub ? trim_left(line) : line, rest)) {
      if (!sub) {
        current_ = *id;
        if (status_.emplace(*id, std::nullopt).second) order_.push_back(*id);
      }
      if (const auto dots = rest.rfind(" ... "); dots != std::string_view::npos) {
        if (const auto status = unittest_word(rest.substr(dots + 5))) set(*id, *status);
      }
      return;
    }
    if (current_.empty()) return;
    const auto dots = line.rfind(" ... ");
    if (const auto status =
            unittest_word(dots == std::string_view::npos ? line : line.substr(dots + 5))) {
      set(current_, *status);
      current_.clear();
    }
  }

  std::optional<Reading> finish() {
    if (!found_) return std::nullopt;
    return std::move(reading_);
  }

 private:
  void set(const std::string& id, TestStatus status) {
    auto& held = status_[id];
    if (held != TestStatus::Failed) held = status;
  }

  // "FAILED (failures=2, errors=1, skipped=1, expected failures=1)"
  void end(std::string_view line) {
    const auto number = [line](std::string_view label) {
      int sum = 0;
      for (size_t at = line.find(label); at != std::string_view::npos;
           at = line.find(label, at + 1)) {
        if (at > 0 && line[at - 1] != '(' && line[at - 1] != ' ') continue;
        if (label == "failures=" && at >= 9 && line.substr(at - 9, 9) == "expected ") continue;
        auto rest = line.substr(at + label.size());
        sum += take_number(rest).value_or(0);
      }
      return sum;
    };
    core::Counts counts;
    counts.failed = number("failures=") + number("errors=") + number("unexpected successes=");
    counts.skipped = number("skipped=") + number("expected failures=");
    counts.passed = std::max(0, *ran_ - counts.failed - counts.skipped);
    if (line.starts_with("FAILED (") && counts.failed == 0) counts.failed = 1;
    add_up(total_, counts);
    found_ = true;
    flush(counts);
    ran_.reset();
    current_.clear();
  }

  void flush(const core::Counts& end) {
    std::vector<std::string> fixtures;  // setUpClass and the like fail without being tests
    for (const auto& id : failed_) {
      const bool is_new = status_.emplace(id, TestStatus::Failed).second;
      if (is_new) (is_fixture(id) ? fixtures : order_).push_back(id);
      status_[id] = TestStatus::Failed;
    }
    Reading own;
    // What a test prints may swallow its "ok"; failures are all listed again at the end.
    for (const auto& id : order_) own.add(id, status_[id].value_or(TestStatus::Passed));
    core::Counts known = counted(own.tests);
    known.failed += static_cast<int>(fixtures.size());
    for (const auto& id : fixtures) own.add(id, TestStatus::Failed);
    // One test may fail, or skip, in several subtests.
    const auto agrees = [](int named, int counted) {
      return named <= counted && (named > 0) == (counted > 0);
    };
    const bool named = static_cast<int>(order_.size()) == *ran_ &&
                       agrees(known.failed, end.failed) && agrees(known.skipped, end.skipped);
    for (auto& test : own.tests) {
      if (named || test.status == TestStatus::Failed) reading_.tests.push_back(std::move(test));
    }
    reading_.format = "unittest";
    if (!named) reading_.counts_only = true;
    reading_.total = total_;
    order_.clear();
    status_.clear();
    failed_.clear();
  }

  static bool is_fixture(std::string_view id) {
    const auto name = id.substr(id.rfind('.') + 1);  // npos + 1 is 0
    return name == "setUpClass" || name == "tearDownClass" || name == "setUpModule" ||
           name == "tearDownModule";
  }

  Reading reading_;
  std::vector<std::string> order_;
  std::map<std::string, std::optional<TestStatus>> status_;
  std::set<std::string> failed_;
  std::string current_;
  std::optional<int> ran_;
  core::Counts total_;
  bool found_ = false;
};

}  // namespace

std::optional<Reading> read_unittest(const Lines& lines) {
  Unittest unittest;
  for (const auto& line : lines) unittest.line(line);
  return unittest.finish();
}

}  // namespace nightjar::verify
