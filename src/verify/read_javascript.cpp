// vitest, jest, mocha, and the runner that comes with node. Their trees are drawn by indentation.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "verify/reading.h"

namespace nightjar::verify {

namespace {

using core::TestStatus;

struct Mark {
  std::string_view text;
  TestStatus status;
};
constexpr std::array<Mark, 12> kMarks{{{"✓ ", TestStatus::Passed},
                                       {"✔ ", TestStatus::Passed},
                                       {"√ ", TestStatus::Passed},
                                       {"× ", TestStatus::Failed},
                                       {"✕ ", TestStatus::Failed},
                                       {"✖ ", TestStatus::Failed},
                                       {"✗ ", TestStatus::Failed},
                                       {"↓ ", TestStatus::Skipped},
                                       {"□ ", TestStatus::Skipped},
                                       {"○ ", TestStatus::Skipped},
                                       {"✎ ", TestStatus::Skipped},
                                       {"﹣ ", TestStatus::Skipped}}};

std::optional<TestStatus> take_mark(std::string_view& text) {
  for (const auto& [mark, status] : kMarks) {
    if (take(text, mark)) return status;
  }
  return std::nullopt;
}

// "1 failed | 6 passed | 1 skipped | 1 todo (9)", "1 failed, 6 passed, 9 total"
core::Counts tally(std::string_view text) {
  core::Counts counts;
  while (!text.empty()) {
    const auto digit = text.find_first_of("0123456789");
    if (digit == std::string_view::npos) break;
    text.remove_prefix(digit);
    const int number = take_number(text).value_or(0);
    if (text.starts_with(" failed")) counts.failed += number;
    if (text.starts_with(" passed")) counts.passed += number;
    if (text.starts_with(" skipped") || text.starts_with(" todo") || text.starts_with(" pending"))
      counts.skipped += number;
  }
  return counts;
}

// The titles around a line, by their indentation.
class Titles {
 public:
  void open(size_t indent, std::string_view title) {
    close(indent);
    open_.emplace_back(indent, std::string(title));
  }
  void close(size_t indent) {
    while (!open_.empty() && open_.back().first >= indent) open_.pop_back();
  }
  void clear() { open_.clear(); }
  std::string name(size_t indent, std::string_view test) {
    close(indent);
    std::string out;
    for (const auto& [at, title] : open_) out += title + " > ";
    return out += test;
  }
  bool is_open(size_t indent, std::string_view title) const {
    return std::ranges::any_of(
        open_, [&](const auto& o) { return o.first == indent && o.second == title; });
  }

 private:
  std::vector<std::pair<size_t, std::string>> open_;
};

std::string_view without_retry(std::string_view name) {
  if (const auto at = name.rfind(" (retry x"); at != std::string_view::npos)
    name = trim_right(name.substr(0, at));
  if (const auto at = name.rfind(" (repeat x"); at != std::string_view::npos)
    name = trim_right(name.substr(0, at));
  return name;
}

}  // namespace

std::optional<Reading> read_vitest(const Lines& lines) {
  Reading reading{.format = "vitest"};
  core::Counts total;
  std::set<std::string> failed;
  std::vector<std::string> broken;  // files that failed without any test of theirs
  bool found = false;
  bool counted_tests = false;
  for (std::string_view line : lines) {
    if (line.starts_with(" RUN  v") || line.starts_with(" DEV  v")) found = true;
    if (line.starts_with(" Test Files  ")) found = true;
    if (!found) continue;
    if (std::string_view rest = trim_left(line);
        line.starts_with("      Tests  ") && take(rest, "Tests  ")) {
      add_up(total, tally(rest));
      counted_tests = true;
      continue;
    }
    std::string_view rest = line;
    if (take(rest, " FAIL  ")) {
      const std::string_view name = trim(rest);
      if (const auto file = name.find(" [ ");
          file != std::string_view::npos && name.ends_with(']')) {
        broken.emplace_back(name.substr(0, file));
      } else if (name.find(" > ") != std::string_view::npos) {
        failed.emplace(name);
      }
      continue;
    }
    if (!take(rest, " ")) continue;
    const auto status = take_mark(rest);
    if (!status) continue;
    const auto name = without_retry(without_duration(without_retry(rest)));
    if (name.find(" > ") == std::string_view::npos) continue;
    if (*status == TestStatus::Failed) failed.erase(std::string(name));
    reading.add(
        std::string(name.substr(0, name.find(" [", name.find(" > ")) == std::string_view::npos ||
                                           *status != TestStatus::Skipped
                                       ? std::string_view::npos
                                       : name.find(" [", name.find(" > ")))),
        *status);
  }
  if (!found) return std::nullopt;
  std::set<std::string> known;
  for (const auto& test : reading.tests) known.insert(test.name);
  for (const auto& name : failed) {
    if (!known.contains(name)) reading.add(name, TestStatus::Failed);
  }
  if (counted_tests) settle(reading, total);
  for (auto& file : broken) {
    reading.add(std::move(file), TestStatus::Failed);
    if (reading.total) ++reading.total->failed;
  }
  if (reading.tests.empty() && !counted_tests) return std::nullopt;
  return reading;
}

namespace {

// jest: "PASS path", then with --verbose the tree of its tests up to an empty line.
class Jest {
 public:
  void line(std::string_view line) {
    if (line.starts_with("PASS ") || line.starts_with("FAIL ")) {
      file_ = without_duration(trim(line.substr(5)));
      if (file_.starts_with("./")) file_.erase(0, 2);
      titles_.clear();
      in_tree_ = true;
      found_file_ = true;
      return;
    }
    if (line.starts_with("Summary of all failing tests")) in_summary_ = true;
    if (line.starts_with("Test Suites: ")) found_ = found_file_ = true;
    if (line.starts_with("Tests: ")) {
      add_up(total_, tally(line.substr(7)));
      in_summary_ = false;
      has_total_ = true;
      return;
    }
    const size_t indent = indent_of(line);
    if (indent == line.size()) {
      in_tree_ = false;
      return;
    }
    std::string_view text = line.substr(indent);
    if (take(text, "● ")) {
      in_tree_ = false;
      if (!in_summary_) details(text);
      return;
    }
    if (in_tree_ && indent >= 2) tree(indent, text);
  }

  std::optional<Reading> end() {
    if (!found_ || !(has_total_ || !reading_.tests.empty() || !broken_.empty()))
      return std::nullopt;
    reading_.format = "jest";
    for (const auto& test : reading_.tests) failures_.erase(test.name);
    if (has_total_ && counted(reading_.tests) != total_) {
      for (const auto& name : failures_) reading_.add(name, TestStatus::Failed);
      count_only(reading_, total_);
    }
    for (const auto& file : broken_) {
      reading_.add(file, TestStatus::Failed);
      if (reading_.total) ++reading_.total->failed;
    }
    return std::move(reading_);
  }

 private:
  void tree(size_t indent, std::string_view text) {
    auto rest = text;
    const auto status = take_mark(rest);
    if (!status) return titles_.open(indent, trim_right(text));
    auto name = without_duration(rest);
    if (*status == TestStatus::Skipped && !take(name, "skipped ")) take(name, "todo ");
    reading_.add(file_ + " > " + titles_.name(indent, name), *status);
  }

  // "● Parser › breaks", "● Test suite failed to run", "● Console"
  void details(std::string_view text) {
    if (file_.empty()) return;
    if (trim(text) == "Test suite failed to run") {
      broken_.insert(file_);
    } else if (trim(text) != "Console") {
      failures_.insert(file_ + " > " + replaced(trim(text), " › ", " > "));
    }
  }

  Reading reading_;
  Titles titles_;
  std::string file_;
  std::set<std::string> broken_, failures_;
  core::Counts total_;
  bool in_tree_ = false, in_summary_ = false, found_ = false, found_file_ = false,
       has_total_ = false;
};

}  // namespace

std::optional<Reading> read_jest(const Lines& lines) {
  const bool likely =
      std::ranges::any_of(lines, [](std::string_view l) { return l.starts_with("Test Suites: "); });
  if (!likely) return std::nullopt;
  Jest jest;
  for (const auto& line : lines) jest.line(line);
  return jest.end();
}

namespace {

// "  4 passing (109ms)": the number before `word`.
std::optional<int> mocha_count(std::string_view line, std::string_view word) {
  auto rest = trim_left(line);
  if (rest.size() == line.size()) return std::nullopt;
  const auto number = take_number(rest);
  if (!number || !take(rest, " ") || !take(rest, word)) return std::nullopt;
  return rest.empty() || rest.front() == ' ' ? number : std::nullopt;
}

// One call of mocha: the tree, then the counts, then the failures.
struct MochaRun {
  std::vector<TestResult> tests;
  core::Counts total;
  bool ended = false;
};

void mocha_tree(MochaRun& run, Titles& titles, std::string_view line) {
  const size_t indent = indent_of(line);
  std::string_view text = trim_right(line.substr(std::min(indent, line.size())));
  if (text.empty()) return;
  if (indent < 2 || indent % 2) return;
  auto rest = text;
  if (const auto status = take_mark(rest)) {
    run.tests.push_back({titles.name(indent, without_duration(rest)), *status});
  } else if (take(rest, "- ")) {
    run.tests.push_back({titles.name(indent, rest), TestStatus::Skipped});
  } else if (take_number(rest) && take(rest, ") ")) {
    run.tests.push_back({titles.name(indent, rest), TestStatus::Failed});
  } else {
    titles.open(indent, text);
  }
}

}  // namespace

std::optional<Reading> read_mocha(const Lines& lines) {
  Reading reading{.format = "mocha"};
  core::Counts total;
  MochaRun run;
  Titles titles;
  bool found = false;
  bool lost = false;
  const auto finish = [&] {
    lost = lost || counted(run.tests) != run.total;
    for (auto& test : run.tests) reading.tests.push_back(std::move(test));
    add_up(total, run.total);
    run = {};
    titles.clear();
  };
  for (const auto& line : lines) {
    if (const auto passing = mocha_count(line, "passing")) {
      if (run.ended) finish();
      run.total.passed = *passing;
      run.ended = found = true;
    } else if (const auto pending = mocha_count(line, "pending"); pending && run.ended) {
      run.total.skipped = *pending;
    } else if (const auto failing = mocha_count(line, "failing"); failing && run.ended) {
      run.total.failed = *failing;
    } else if (!run.ended) {
      mocha_tree(run, titles, line);
    } else if (line.starts_with("> ")) {
      finish();  // npm starts another script
    }
  }
  if (!found) return std::nullopt;
  if (run.ended) finish();
  if (lost) count_only(reading, total);
  return reading;
}

namespace {

std::string_view without_node_comment(std::string_view text, TestStatus& status) {
  // "skipped (0.08ms) # why", "later (0.07ms) # TODO"
  for (size_t at = text.find(") # "); at != std::string_view::npos;
       at = text.find(") # ", at + 1)) {
    const auto head = text.substr(0, at + 1);
    if (without_duration(head).size() == head.size()) continue;
    status = status == TestStatus::Failed ? status : TestStatus::Skipped;
    return head;
  }
  return text;
}

// "pass 5", "cancelled 1" behind the runner's mark.
void node_total(std::string_view text, core::Counts& total) {
  const auto word = text.substr(0, text.find(' '));
  std::string_view rest = text.substr(std::min(word.size() + 1, text.size()));
  const int number = take_number(rest).value_or(0);
  if (word == "pass") total.passed += number;
  if (word == "fail" || word == "cancelled") total.failed += number;
  if (word == "skipped" || word == "todo") total.skipped += number;
}

// Which parents are suites and which are tests with tests inside, the output does not say.
void settle_node(Reading& reading, const core::Counts& total,
                 const std::vector<TestResult>& parents) {
  const core::Counts named = counted(reading.tests);
  const core::Counts above = counted(parents);
  const auto between = [](int least, int most, int value) {
    return least <= value && value <= most;
  };
  if (!between(named.passed, named.passed + above.passed, total.passed) ||
      !between(named.failed, named.failed + above.failed, total.failed) ||
      !between(named.skipped, named.skipped + above.skipped, total.skipped))
    count_only(reading, total);
}

}  // namespace

std::optional<Reading> read_node(const Lines& lines) {
  Reading reading{.format = "node"};
  std::vector<TestResult> parents;
  core::Counts total;
  Titles titles;
  int tests = -1;
  int suites = 0;
  bool listing = false;
  bool any = false;
  for (const auto& line : lines) {
    if (auto rest = line; take(rest, "ℹ ")) {
      if (take(rest, "tests ")) tests = std::max(tests, 0) + take_number(rest).value_or(0);
      if (take(rest, "suites ")) suites += take_number(rest).value_or(0);
      node_total(rest, total);
      continue;
    }
    if (line.starts_with("✖ failing tests:")) listing = true;
    const size_t indent = indent_of(line);
    auto rest = line.substr(std::min(indent, line.size()));
    if (listing) {
      // The list of failures ends where the next run of the runner begins; it repeats what came
      // before.
      if (rest.starts_with("✔ ") || rest.starts_with("▶ "))
        listing = false;
      else
        continue;
    }
    if (take(rest, "▶ ")) {
      titles.open(indent, trim_right(rest));
      any = true;
      continue;
    }
    auto status = take_mark(rest);
    if (!status) continue;
    const auto head = without_node_comment(rest, *status);
    const auto name = without_duration(head);
    if (name.size() == head.size()) continue;
    any = true;
    if (titles.is_open(indent, name)) {
      parents.push_back({titles.name(indent, name), *status});
    } else {
      reading.add(titles.name(indent, name), *status);
    }
  }
  if (tests < 0 || !any) return tests == 0 ? std::optional(reading) : std::nullopt;
  if (suites == 0) {
    for (auto& parent : parents) reading.add(std::move(parent.name), parent.status);
    settle(reading, total);
  } else {
    settle_node(reading, total, parents);
  }
  return reading;
}

}  // namespace nightjar::verify
