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

// "=== 3 failed, 2 passed in 0.12s ===" or, with -q, without the frame.
std::optional<core::Counts> last_line(std::string_view line) {
  while (line.starts_with('=')) line.remove_prefix(1);
  while (line.ends_with('=')) line.remove_suffix(1);
  line = trim(line);
  const auto in = line.rfind(" in ");
  if (in == std::string_view::npos || line.find('s', in) == std::string_view::npos)
    return std::nullopt;
  std::string_view rest = line.substr(0, in);
  if (rest == "no tests ran") return core::Counts{};
  core::Counts counts;
  while (!rest.empty()) {
    const auto number = take_number(rest);
    if (!number || !take(rest, " ")) return std::nullopt;
    const auto word = rest.substr(0, rest.find(','));
    rest.remove_prefix(word.size());
    if (!rest.empty() && !take(rest, ", ")) return std::nullopt;
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
  return counts;
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

  /// `total` is missing where pytest did not come to its end.
  void finish(Reading& reading, const std::optional<core::Counts>& total,
              const std::optional<Reading>& xml) {
    if (xml && total && static_cast<int>(xml->tests.size()) >= total->passed) {
      for (const auto& test : xml->tests) {
        const bool expected_failure = xpass_.contains(test.name);
        reading.add(test.name, expected_failure ? TestStatus::Skipped : test.status);
      }
      return;
    }
    core::Counts known;
    for (const auto& name : order_) {
      reading.add(name, status_[name]);
      known.passed += status_[name] == TestStatus::Passed;
    }
    const int named_skips = static_cast<int>(std::ranges::count_if(
        order_, [this](const auto& name) { return status_[name] == TestStatus::Skipped; }));
    if (named_skips == 0 || (total && named_skips < total->skipped)) {
      for (const auto& name : skipped_) reading.add(name, TestStatus::Skipped);
    }
    if (total && known.passed < total->passed && known.passed + errors_after_pass_ < total->passed)
      reading.counts_only = true;
  }

 private:
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
  std::vector<std::pair<Session, std::optional<core::Counts>>> sessions(1);
  bool found = xml.has_value();
  for (const auto& line : lines) {
    if (line.find("= test session starts =") != std::string_view::npos) found = true;
    if (const auto counts = last_line(line)) {
      found = true;
      sessions.back().second = counts;
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
    auto& [session, counts] = sessions[i];
    const bool last = i + 1 == sessions.size();
    // A second call of pytest overwrites the first one's report: it speaks for the last one only.
    session.finish(reading, counts || !last || !xml ? counts : std::optional(counted(xml->tests)),
                   last ? xml : std::nullopt);
    if (counts) {
      total.passed += counts->passed;
      total.failed += counts->failed;
      total.skipped += counts->skipped;
    }
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
    if (ran_ && !ended_ &&
        (line == "OK" || line.starts_with("OK (") || line.starts_with("FAILED ("))) {
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
    total_.passed += counts.passed;
    total_.failed += counts.failed;
    total_.skipped += counts.skipped;
    found_ = true;
    flush();
    ran_.reset();
    current_.clear();
  }

  void flush() {
    for (const auto& id : failed_) {
      if (status_.emplace(id, TestStatus::Failed).second) order_.push_back(id);
      status_[id] = TestStatus::Failed;
    }
    const bool named = static_cast<int>(order_.size()) >= *ran_;
    for (const auto& id : order_) {
      // What a test prints may swallow its "ok"; failures are all listed again at the end.
      const TestStatus status = status_[id].value_or(TestStatus::Passed);
      if (named || status == TestStatus::Failed) reading_.add(id, status);
    }
    reading_.format = "unittest";
    if (!named) reading_.counts_only = true;
    reading_.total = total_;
    order_.clear();
    status_.clear();
    failed_.clear();
  }

  Reading reading_;
  std::vector<std::string> order_;
  std::map<std::string, std::optional<TestStatus>> status_;
  std::set<std::string> failed_;
  std::string current_;
  std::optional<int> ran_;
  core::Counts total_;
  bool found_ = false;
  bool ended_ = false;
};

}  // namespace

std::optional<Reading> read_unittest(const Lines& lines) {
  Unittest unittest;
  for (const auto& line : lines) unittest.line(line);
  return unittest.finish();
}

}  // namespace nightjar::verify
