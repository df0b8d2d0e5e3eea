// What each kind of task owes beyond what every change owes.
#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "base/text.h"
#include "verify/changed_tests.h"
#include "verify/docstrings.h"
#include "verify/file_roles.h"
#include "verify/judging.h"
#include "verify/parts.h"
#include "verify/reading.h"
#include "verify/test_evidence.h"

namespace nightjar::verify {

using core::Finding;
using core::Kind;

namespace {

bool is_among(std::string_view name, const auto& names) {
  return std::ranges::find(names, name) != names.end();
}

// What a program reads is no documentation, whatever its name ends in.
bool is_documentation(std::string_view path) {
  static constexpr std::array<std::string_view, 6> kData{"templates", "template", "data",
                                                         "assets",    "static",   "resources"};
  static constexpr std::array<std::string_view, 7> kFolders{
      "docs", "doc", "documentation", "man", "website", "site", ".github"};
  static constexpr std::array<std::string_view, 14> kNames{
      "readme", "changelog",    "changes", "license", "licence", "copying",         "authors",
      "notice", "contributing", "history", "news",    "install", "code_of_conduct", "security"};
  if (configures_tests(path) || dependencies(path, "") || is_test_path(path)) return false;
  auto folders = split(path, '/');
  folders.pop_back();
  const bool of_docs = std::ranges::any_of(
      folders, [](std::string_view folder) { return is_among(lower(folder), kFolders); });
  const bool of_others =
      !is_source_path(std::string(path.substr(0, path.size() - file_name(path).size())) + "a.py");
  if (of_others && !of_docs) return false;
  if (std::ranges::any_of(folders,
                          [](std::string_view folder) { return is_among(lower(folder), kData); }))
    return false;
  const std::string name = lower(file_name(path));
  const auto dot = name.rfind('.');
  const std::string stem = name.substr(0, dot);
  const std::string end = dot == std::string::npos ? "" : name.substr(dot);
  for (std::string_view prose : {".md", ".rst", ".adoc", ".1", ".5", ".7", ".8"})
    if (end == prose) return true;
  for (std::string_view other : {".txt", ".html", ".css", ".svg", ".png", ".jpg", ".gif"})
    if (end == other) return of_docs || is_among(stem, kNames);
  return end.empty() && is_among(stem, kNames);
}

// Layout only, as formatters change it: spaces, quotes, commas and brackets around what is
// compared.
std::string without_layout(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view(" \t\r\n,;()\\").find(c) == std::string_view::npos)
      out += c == '\'' ? '"' : c;
  }
  return out;
}

std::vector<std::string> assertions(std::string_view text) {
  std::vector<std::string> out;
  for (const auto& line : look_at_tests(text).assertions) out.push_back(without_layout(line.text));
  return out;
}

// "rename", "Renaming": at the beginning of a word.
bool speaks_of_a_rename(std::string_view brief) {
  const std::string text = lower(brief);
  for (size_t at = text.find("renam"); at != std::string::npos; at = text.find("renam", at + 1)) {
    if (at == 0 || std::isalnum(static_cast<unsigned char>(text[at - 1])) == 0) return true;
  }
  return false;
}

}  // namespace

void Judge::by_kind() {
  switch (input_.kind) {
    case Kind::Refactor:
      tests_unchanged();
      if (!input_.claim.rescanned) source_changed();
      break;
    case Kind::Migration:
      manifest_and_lock();
      break;
    case Kind::Bugfix:
      fixed_test();
      break;
    case Kind::Tests:
      new_tests();
      break;
    case Kind::Docs:
      only_documentation();
      break;
    case Kind::Feature:
      if (input_.claim.action.empty()) criteria();
      break;
    case Kind::Performance:
      open("benchmark_improved", "no benchmark was measured before and after");
      break;
    case Kind::Chore:
      if (!input_.claim.rescanned)
        open("state_reached",
             "nothing could look again for the state that the task names" + as_a_fix());
      else if (!is_rename(input_.claim) && input_.claim.action != "replace") {
        if (blocking_leftovers() == 0)
          met("state_reached", "looked for again on the commit: nothing is left to do");
        else
          broken("state_reached", count_of(blocking_leftovers(), "place") + " left to do");
      }
      break;
  }
}

size_t Judge::blocking_leftovers() const {
  return static_cast<size_t>(std::ranges::count_if(input_.claim.leftovers, &Finding::blocks));
}

void Judge::claims() {
  if (is_rename(input_.claim)) {
    gone("no_old_name_left", "reference to " + input_.claim.old_name, input_.claim.old_name);
  } else if (input_.claim.action == "replace" ||
             (input_.kind == Kind::Migration && input_.claim.rescanned)) {
    gone("no_old_use_left", "old call", input_.claim.pattern);
  } else if (input_.kind == Kind::Migration) {
    open("no_old_use_left",
         "nothing says what the old use looks like, so it could not be looked for");
  } else if (input_.kind == Kind::Refactor && speaks_of_a_rename(input_.brief)) {
    open("no_old_name_left",
         "the brief speaks of a rename, and what it renames could not be read from it, so the old "
         "name was not looked for");
  }
}

// That it behaves as before says nothing where nothing was done.
void Judge::source_changed() {
  const auto is_source = [](const auto& change) {
    const bool builds = configures_tests(change.path);
    return (is_source_path(change.path) && !is_test_path(change.path)) || builds;
  };
  const auto count = std::ranges::count_if(input_.changed, is_source);
  if (count > 0)
    met("source_changed", count_of(static_cast<size_t>(count), "source file") + " changed");
  else
    open("source_changed", "no source file was changed");
}

void Judge::gone(const char* name, const std::string& what, const std::string& looked_for) {
  const size_t left = blocking_leftovers();
  if (!input_.claim.rescanned) {
    open(name, "the change was not searched again for '" + inert(looked_for) + "'");
  } else if (left > 0) {
    const auto first = std::ranges::find_if(input_.claim.leftovers, &Finding::blocks);
    broken(name, count_of(left, what) + (left == 1 ? " is" : " are") + " left, first at " +
                     inert(first->path) + ":" + std::to_string(first->line));
  } else {
    const size_t kept = input_.claim.leftovers.size();
    met(name, "no " + what + " is left" +
                  (kept ? "; " + count_of(kept, "other place") + " stayed (see findings)" : ""));
  }
}

void Judge::tests_unchanged() {
  std::vector<std::string> changed;
  for (const auto& change : input_.changed) {
    const std::string& old_path = change.old_path.empty() ? change.path : change.old_path;
    if (!is_test_path(change.path) && !is_test_path(old_path)) continue;
    if (change.status == 'A') continue;  // a new test loosens nothing
    const auto before = input_.contents.find(old_path);
    const auto after = input_.contents.find(change.path);
    if (before == input_.contents.end() ||
        (change.status != 'D' && after == input_.contents.end())) {
      changed.push_back(change.path);
      continue;
    }
    const std::string was = without_rename(before->second.first, input_.claim);
    const std::string is =
        change.status == 'D' ? "" : without_rename(after->second.second, input_.claim);
    const bool same = is_rename(input_.claim) ? was == is
                      : without_layout(was) == without_layout(is)
                          ? true
                          : assertions(was) == assertions(is);
    if (!same) changed.push_back(change.path);
  }
  const char* name = "tests_assertions_unchanged";
  if (changed.empty())
    met(name, is_rename(input_.claim) ? "test files differ by the rename alone"
                                      : "no test file's assertions changed");
  else
    broken(name, "changed more than the task needs: " + some_of(changed));
}

void Judge::manifest_and_lock() {
  struct Pair {
    std::string_view manifest, lock;
  };
  std::set<std::string, std::less<>> changed;
  for (const auto& change : input_.changed)
    changed.insert(change.path.substr(change.path.rfind('/') + 1));
  for (const auto& finding : out_.proof.findings) {
    if (finding.rule != "dependency_changed") continue;
    const std::string name = finding.path.substr(finding.path.rfind('/') + 1);
    bool locked = false;
    bool has_lock = false;
    for (const auto& [manifest, lock] :
         {Pair{"package.json", "package-lock.json"}, Pair{"package.json", "yarn.lock"},
          Pair{"package.json", "pnpm-lock.yaml"}, Pair{"Cargo.toml", "Cargo.lock"},
          Pair{"go.mod", "go.sum"}, Pair{"pyproject.toml", "poetry.lock"},
          Pair{"pyproject.toml", "uv.lock"}, Pair{"Pipfile", "Pipfile.lock"}}) {
      if (manifest != name) continue;
      has_lock = true;
      locked = locked || changed.contains(lock);
    }
    if (!has_lock || locked)
      met("manifest_and_lock_agree",
          finding.path +
              (locked ? " and its lock file were changed together" : " has no lock file"));
    else
      open("manifest_and_lock_agree",
           finding.path + " names other dependencies now, and no lock file was changed with it");
  }
}

// A test of the base counts where it passes by the source alone, as it was; a new one where it
// fails without the change, and nothing but source and tests makes it pass.
void Judge::fixed_test() {
  const char* name = "a_failing_test_passes";
  const auto shown = input_.under_old_tests.empty() ? fixed_ : fixed_under_old_tests(input_);
  if (!shown.empty()) {
    met(name, "failed on the base, passes now: " + some_of(shown));
    fix_shown_ = assertions_are_seen_to_fail(input_);
    return;
  }
  if (!fixed_.empty()) {
    open(name,
         !input_.held_back.empty() ? together(fixed_)
         : tests_were_changed()
             ? "the test that passes now was changed, and in its old form it still fails: " +
                   some_of(fixed_)
             : "the test that passes now does not pass once more, with a remark at the end of "
               "its file: " +
                   some_of(fixed_));
    return;
  }
  if (const auto failing = asked_to_pass(input_); !failing.empty()) {
    open(name, "no test that fails on the base passes on the change: " + some_of(failing) +
                   "; new tests alone do not show that it is fixed");
    return;
  }
  const auto added = failing_without_the_change(input_);
  const auto alone = passing_by_source_alone(input_, added);
  if (!alone.empty())
    met(name, "new, fails on the base's code, passes on the change: " + some_of(alone));
  else if (!added.empty())
    open(name, together(added));
  else
    open(name, "no test that fails on the base passes on the change");
}

// A line of the brief that begins with a dash or a number is a criterion of its own.
void Judge::criteria() {
  const auto added = passing_by_source_alone(input_, failing_without_the_change(input_));
  const size_t wanted = std::max<size_t>(1, input_.criteria);
  if (added.size() >= wanted)
    met("criteria_have_tests",
        count_of(added.size(), "new test") + (added.size() == 1 ? " fails" : " fail") +
            " without the change and " + (added.size() == 1 ? "passes" : "pass") +
            " with it: " + some_of(added));
  else if (added.empty())
    open("criteria_have_tests",
         "no acceptance criterion is tied to a test that fails without the change" + as_a_fix());
  else
    open("criteria_have_tests", "the brief names " + std::to_string(wanted) +
                                    " criteria, and only " + count_of(added.size(), "new test") +
                                    " fails without the change: " + some_of(added));
}

// The kind of a ticket is mostly guessed.
std::string Judge::as_a_fix() const {
  return fixed_.empty() ? ""
                        : "; a test that failed passes now (" + some_of(fixed_) +
                              "): with --kind bugfix that is the proof";
}

void Judge::new_tests() {
  std::vector<std::string> code;
  for (const auto& change : input_.changed) {
    if (!is_test_path(change.path)) code.push_back(change.path);
  }
  if (code.empty())
    met("code_unchanged", "the new tests pass on the base's code: no other file was changed");
  else
    open("code_unchanged", "other files were changed too: " + some_of(code));
  open("tests_can_fail",
       "the code under the new tests was not mutated, so it is not known that they can fail");
}

void Judge::only_documentation() {
  std::vector<std::string> code;
  for (const auto& change : input_.changed) {
    const bool documentation = is_documentation(change.path) &&
                               (change.old_path.empty() || is_documentation(change.old_path));
    if (!documentation && !only_prose_differs(change)) code.push_back(change.path);
  }
  if (code.empty())
    met("no_code_changed", "only documentation was changed");
  else
    open("no_code_changed", "these are no documentation files: " + some_of(code));
  if (!fixed_.empty())
    open("no_test_stands_on_it",
         "a test that failed passes now, which documentation does not bring about: " +
             some_of(fixed_));
}

bool Judge::only_prose_differs(const git::ChangedPath& change) const {
  const auto texts = input_.contents.find(change.path);
  return change.status == 'M' && change.path.ends_with(".py") && !is_test_path(change.path) &&
         is_source_path(change.path) && texts != input_.contents.end() &&
         !input_.unread.contains(change.path) &&
         without_python_prose(texts->second.first) == without_python_prose(texts->second.second);
}

}  // namespace nightjar::verify
