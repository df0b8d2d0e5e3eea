// The tamper scan: what a change does to what judges it. Works on text alone; approximate, so that
// what it says is for a reviewer's eyes, and only the gravest rules refute.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/text.h"
#include "verify/bending.h"
#include "verify/changed_tests.h"
#include "verify/file_roles.h"
#include "verify/reading.h"
#include "verify/rename_text.h"
#include "verify/verify.h"

namespace nightjar::verify {

namespace {

using core::Finding;

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::multiset<std::string> line_set(std::string_view text) {
  std::multiset<std::string> out;
  for (const auto& line : lines(text)) out.emplace(trim(line));
  return out;
}

// Lines of `after` that `before` does not hold (as often), with their numbers.
std::vector<TestLine> added_lines(std::string_view before, std::string_view after) {
  auto held = line_set(before);
  std::vector<TestLine> out;
  int number = 0;
  for (const auto& line : lines(after)) {
    ++number;
    const std::string text(trim(line));
    if (const auto found = held.find(text); found != held.end()) {
      held.erase(found);
    } else if (!text.empty()) {
      out.push_back({number, text});
    }
  }
  return out;
}

// What looks like a key to something: by the fixed beginnings that issuers give their tokens.
bool looks_secret(std::string_view line) {
  if (has(line, "-----BEGIN ") && has(line, "PRIVATE KEY-----")) return true;
  struct Token {
    std::string_view prefix;
    size_t length;
  };
  for (const auto& [prefix, length] :
       {Token{"AKIA", 16}, Token{"ghp_", 36}, Token{"gho_", 36}, Token{"ghs_", 36},
        Token{"github_pat_", 40}, Token{"glpat-", 20}, Token{"xoxb-", 20}, Token{"xoxp-", 20},
        Token{"sk-ant-", 24}, Token{"sk-proj-", 24}, Token{"AIza", 35}, Token{"npm_", 36},
        Token{"hf_", 30}}) {
    for (size_t at = line.find(prefix); at != std::string_view::npos;
         at = line.find(prefix, at + 1)) {
      if (at > 0 && is_word_char(line[at - 1])) continue;
      size_t end = at + prefix.size();
      while (end < line.size() && (is_word_char(line[end]) || line[end] == '-')) ++end;
      if (end - at - prefix.size() >= length) return true;
    }
  }
  return false;
}

// A document or a workflow may well name what a test runner sets.
bool is_prose(std::string_view path) {
  for (std::string_view end : {".md", ".rst", ".txt", ".adoc", ".yml", ".yaml"})
    if (path.ends_with(end)) return true;
  return false;
}

struct Edit {
  std::string path;
  char status = 'M';
  std::string before, after;  // with the rename taken out
  bool known = false;         // the contents were given
};

class Scan {
 public:
  explicit Scan(const Case& input) : input_(input) {
    for (const auto& change : input.changed) {
      Edit edit{change.path, change.status, "", "", false};
      const auto text_at = [&](const std::string& path, bool before) -> std::string {
        const auto found = input.contents.find(path);
        if (found == input.contents.end()) return "";
        edit.known = true;
        return before ? found->second.first : found->second.second;
      };
      const std::string& old_path = change.old_path.empty() ? change.path : change.old_path;
      if (change.status != 'A') edit.before = without_rename(text_at(old_path, true), input.claim);
      if (const auto asked = input.as_asked.find(change.path);
          asked != input.as_asked.end() && asked->second)
        edit.before = without_rename(*asked->second, input.claim);
      if (change.status != 'D')
        edit.after = without_rename(text_at(change.path, false), input.claim);
      edits_.push_back(std::move(edit));
    }
  }

  std::vector<Finding> run() {
    tests_removed();
    for (const auto& edit : edits_) {
      if (edit.known && edit.before == edit.after && edit.status != 'A' && edit.status != 'D')
        continue;
      if (is_test_path(edit.path)) weakened(edit);
      configuration(edit);
      added_risks(edit);
      outside_the_rename(edit);
    }
    return std::move(findings_);
  }

 private:
  void find(std::string rule, const Edit& edit, int line, const std::string& text, bool blocks) {
    if (findings_.size() >= 1000) return;
    findings_.push_back({std::move(rule), edit.path, line, shortened(inert(text), 200), blocks});
  }

  // By name over the whole change: a test that moved to another file is still there.
  void tests_removed() {
    std::multiset<std::string> present;
    for (const auto& edit : edits_) {
      if (edit.before == edit.after) continue;  // a rename's thousand files need no second look
      for (const auto& test : look_at_tests(edit.after).declared) present.insert(test.text);
    }
    for (const auto& edit : edits_) {
      if (edit.before == edit.after && edit.known) continue;
      const bool in_place = !is_test_path(edit.path);
      if (in_place && !holds_tests_in_place(edit.path)) continue;
      int missing = 0;
      for (const auto& test : look_at_tests(edit.before, !in_place).declared) {
        if (const auto found = present.find(test.text); found != present.end()) {
          present.erase(found);
          continue;
        }
        ++missing;
        if (edit.status != 'D')
          find("test_deleted", edit, test.number, "the test " + test.text + " was removed", true);
      }
      if (edit.status == 'D' && missing > 0) {
        find("test_deleted", edit, 0,
             "a file with " + count_of(static_cast<size_t>(missing), "test") + " was deleted",
             true);
      } else if (edit.status == 'D' && !edit.known) {
        find("test_deleted", edit, 0, "a file of the tests was deleted", true);
      }
    }
  }

  // Rust and C++ keep tests beside the code.
  static bool holds_tests_in_place(std::string_view path) {
    return path.ends_with(".rs") || path.ends_with(".cpp") || path.ends_with(".cc") ||
           path.ends_with(".cxx");
  }

  void weakened(const Edit& edit) {
    if (edit.status == 'A' || edit.status == 'D') return;
    const TestText before = look_at_tests(edit.before);
    const TestText after = look_at_tests(edit.after);
    new_lines(edit, before.skips, after.skips, "test_skipped", "a test is skipped now: ");
    new_lines(edit, before.trivial, after.trivial, "test_weakened",
              "an assertion that cannot fail: ");
    const bool fewer_tests = after.declared.size() < before.declared.size();
    if (after.assertions.size() < before.assertions.size() && !fewer_tests &&
        !before.declared.empty()) {
      find("test_weakened", edit, 0,
           count_of(before.assertions.size() - after.assertions.size(), "assertion") +
               " fewer than before",
           true);
    }
    loosened(edit, before, after);
  }

  void new_lines(const Edit& edit, const std::vector<TestLine>& before,
                 const std::vector<TestLine>& after, const char* rule, const std::string& what) {
    std::multiset<std::string> held;
    for (const auto& line : before) held.insert(line.text);
    for (const auto& line : after) {
      if (const auto found = held.find(line.text); found != held.end()) {
        held.erase(found);
      } else {
        fresh_.push_back({line.number, line.text});
      }
    }
    // A mark whose line merely changed is no new mark.
    const size_t more = after.size() > before.size() ? after.size() - before.size() : 0;
    for (size_t i = 0; i < fresh_.size() && i < more; ++i)
      find(rule, edit, fresh_[i].number, what + fresh_[i].text, true);
    fresh_.clear();
  }

  void loosened(const Edit& edit, const TestText& before, const TestText& after) {
    std::multiset<std::string> kept;
    for (const auto& line : after.assertions) kept.insert(line.text);
    std::vector<TestLine> gone;
    for (const auto& line : before.assertions) {
      if (const auto found = kept.find(line.text); found != kept.end())
        kept.erase(found);
      else
        gone.push_back(line);
    }
    std::vector<TestLine> fresh;
    for (const auto& line : after.assertions) {
      if (const auto found = kept.find(line.text); found != kept.end()) {
        kept.erase(found);
        fresh.push_back(line);
      }
    }
    if (gone.size() > kMostCompared || fresh.size() > kMostCompared) return;
    for (const auto& line : gone) {
      const auto pair = counterpart(line, test_around(before, line), fresh, after);
      if (pair == fresh.end()) continue;
      const TestLine& now = *pair;
      const bool looser = is_looser(line.text, now.text);
      const bool says_else = called_names_removed(line.text) != called_names_removed(now.text);
      const bool told = input_.claim.action.empty() || input_.claim.of_brief;
      if (looser || (says_else && told))
        find(
            looser ? "test_weakened" : "assertion_changed", edit, now.number,
            (looser ? "accepts more than before: " : "an assertion reads differently: ") + now.text,
            looser);
      fresh.erase(pair);
    }
  }

  // f(1) == 1 and g(1) == 1 ask the same of a function that has another name.
  static std::string called_names_removed(std::string_view text) {
    std::string out;
    for (const char c : text) {
      while (c == '(' && !out.empty() && is_word_char(out.back())) out.pop_back();
      out += c;
    }
    return out;
  }

  static std::string test_around(const TestText& text, const TestLine& line) {
    std::string out;
    for (const auto& test : text.declared)
      if (test.number <= line.number) out = test.text;
    return out;
  }

  // What became of an assertion: in the same test, the one that begins most like it.
  static std::vector<TestLine>::iterator counterpart(const TestLine& line, const std::string& test,
                                                     std::vector<TestLine>& fresh,
                                                     const TestText& after) {
    auto best = fresh.end();
    size_t most = 0;
    for (auto at = fresh.begin(); at != fresh.end(); ++at) {
      if (test_around(after, *at) != test) continue;
      const size_t same = 1 + static_cast<size_t>(std::ranges::mismatch(line.text, at->text).in1 -
                                                  line.text.begin());
      if (same > most) best = at;
      most = std::max(most, same);
    }
    return best;
  }

  void configuration(const Edit& edit) {
    if (is_ci_path(edit.path))
      find("ci_edited", edit, 0, "continuous integration was edited", false);
    if (edit.path == "nightjar.toml") {
      find("checks_edited", edit, 0,
           "nightjar.toml was edited; this change was verified with the base's", false);
    }
    const auto before = test_configuration(edit.path, edit.before);
    const auto after = test_configuration(edit.path, edit.after);
    if (!before || !after || *before == *after) return;
    for (const auto& line : added_lines(*before, *after)) {
      const std::string text = lower(line.text);
      for (std::string_view mark :
           {"--ignore", "--deselect", "collect_ignore", "pytest.mark.skip", "skiptests",
            "maven.test.skip", "testpathignorepatterns", "testfailureignore", "ignorefailures",
            "will_fail", "disabled true", "disabled on", "modifyitems", "|| true"}) {
        if (has(text, mark))
          find("test_skipped", edit, 0, "the configuration leaves tests out: " + line.text, true);
      }
    }
    const auto tests_of = [](std::string_view text) {
      size_t count = 0;
      for (std::string_view call : {"add_test", "gtest_discover_tests", "gtest_add_tests",
                                    "catch_discover_tests", "enable_testing"}) {
        for (size_t at = text.find(call); at != std::string_view::npos;
             at = text.find(call, at + 1))
          ++count;
      }
      return count;
    };
    if (file_name(edit.path) == "CMakeLists.txt" && tests_of(*after) < tests_of(*before)) {
      find("test_deleted", edit, 0, "CMakeLists.txt registers fewer tests than before", true);
    } else {
      find("test_configuration_edited", edit, 0, "the configuration of the tests was edited",
           false);
    }
  }

  static std::ptrdiff_t times_asked(std::string_view text) {
    return std::ranges::count_if(lines(text), asks_whether_tested);
  }

  void added_risks(const Edit& edit) {
    if (edit.status == 'D' || !edit.known) return;
    const bool test = is_test_path(edit.path);
    for (const auto& line : added_lines(edit.before, edit.after)) {
      if (looks_secret(line.text))
        find("secret_added", edit, line.number, "looks like a key or token (not shown)", !test);
      if (!test && !is_prose(edit.path) && asks_whether_tested(line.text)) {
        // One that stood there before and was edited is no new one.
        const bool one_more = times_asked(edit.after) > times_asked(edit.before);
        find("special_case_for_tests", edit, line.number,
             "code that asks whether it is being tested: " + line.text, one_more);
      }
    }
    const auto before = dependencies(edit.path, edit.before);
    const auto after = dependencies(edit.path, edit.after);
    if (!before || !after || *before == *after) return;
    const auto fresh = added_lines(*before, *after);
    if (!fresh.empty()) {
      const bool json_text = file_name(edit.path) == "package.json";
      find("dependency_changed", edit, 0,
           json_text ? "the dependencies were edited"
                     : "the dependencies were edited: " + fresh.front().text,
           false);
    }
  }

  void outside_the_rename(const Edit& edit) {
    if (!is_rename(input_.claim)) return;
    if (edit.status == 'A') {
      find("outside_task", edit, 0, "a new file, although the task is a rename", false);
    } else if (edit.status == 'D') {
      find("outside_task", edit, 0, "a deleted file, although the task is a rename", false);
    } else if (edit.known) {
      const auto fresh = added_lines(edit.before, edit.after);
      if (!fresh.empty()) {
        find("outside_task", edit, fresh.front().number,
             "more than the rename: " + fresh.front().text, false);
      }
    }
  }

  static constexpr size_t kMostCompared = 1000;
  const Case& input_;
  std::vector<Edit> edits_;
  std::vector<Finding> findings_;
  std::vector<TestLine> fresh_;
};

}  // namespace

bool is_rename(const AgentClaim& claim) {
  return claim.action == "rename" && !claim.old_name.empty() && !claim.new_name.empty();
}

std::string without_rename(std::string_view text, const AgentClaim& claim) {
  if (!is_rename(claim)) return std::string(text);
  const bool shorter_new = claim.new_name.size() < claim.old_name.size();
  return shorter_new ? replaced(text, claim.old_name, claim.new_name)
                     : replaced(text, claim.new_name, claim.old_name);
}

std::vector<Finding> tamper_scan(const Case& input) { return Scan(input).run(); }

}  // namespace nightjar::verify
