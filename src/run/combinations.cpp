#include "run/combinations.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "base/text.h"
#include "run/canaries.h"
#include "run/change.h"
#include "run/inline_tests.h"
#include "verify/as_asked.h"
#include "verify/build_files.h"
#include "verify/file_roles.h"
#include "verify/parts.h"
#include "verify/test_evidence.h"

namespace nightjar::run {

namespace {

using verify::Part;

constexpr size_t kMostReadOfBase = size_t{2} << 20;
constexpr size_t kMostTestsRead = 2000;
constexpr size_t kMostNotes = 100;

bool same_changes(std::vector<core::Change> some, std::vector<core::Change> others) {
  std::ranges::sort(some, {}, &core::Change::path);
  std::ranges::sort(others, {}, &core::Change::path);
  return some == others;
}

class Combinations {
 public:
  Combinations(Context& context, VerifiersPlace& place, verify::Case& input,
               const std::vector<core::Change>& changes)
      : context_(context), place_(place), input_(input), changes_(changes) {}

  void run_as_asked(const std::string& asked) {
    const auto& base = context_.job.base_commit;
    verify::Case theirs;
    theirs.baseline = input_.baseline;
    theirs.changed = context_.mirror.changed_paths(base, asked);
    const auto changes = context_.mirror.changes_between(base, asked);
    theirs.contents = contents_for_review(context_.mirror, base, asked, paths_of(theirs.changed));
    theirs.unread = unread_files(changes);
    parts_ = verify::parts_of(input_, base_view());
    const auto their_parts = verify::parts_of(theirs, base_view());
    const auto done_here = [this](const std::string& path, Part part) {
      return part == Part::Source || verify::stands_as_asked(input_, path);
    };
    auto combination = verify::changes_of(changes, their_parts, [&](const auto& path, Part part) {
      const auto ours = parts_.find(path);
      return part != Part::Source && (ours == parts_.end() || !done_here(path, ours->second));
    });
    for (auto& change : with(done_here)) combination.push_back(std::move(change));
    for (const auto& [path, part] : parts_) {
      if (!done_here(path, part) && !verify::is_test_path(path)) input_.held_back.push_back(path);
    }
    if (same_changes(combination, changes_)) {
      input_.under_old_tests = input_.after;
      return;
    }
    context_.journal.note("its source under the base's files with nothing but the brief done");
    input_.under_old_tests =
        reports(combination, "old-tests", context_.environment->config.checks, &input_.baseline);
  }

  void run() {
    parts_ = verify::parts_of(input_, base_view());
    part_inline_tests();
    bool all_source = halves_.empty(), no_source = true;
    for (const auto& [path, part] : parts_) {
      const bool source = part == Part::Source;
      all_source = all_source && source;
      no_source = no_source && !source;
      // Helpers and data of tests are held back, too.
      if (part == Part::Other && !verify::is_test_name(path)) input_.held_back.push_back(path);
    }
    if (no_source) {  // both are known already
      input_.under_old_tests = input_.baseline;
      input_.base_under_new_tests = input_.after;
    } else if (all_source) {
      fixed_once_more();
    } else {
      source_under_old_tests();
      new_tests_apart();
    }
    if (!no_source) failure_put_into_what_proves();
  }

 private:
  // Its tests in a file of the program are tests all the same.
  void part_inline_tests() {
    auto changed = files_with_inline_tests(input_.contents, parts_);
    if (changed.empty()) return;
    const auto session = place_.open("inline-tests");
    for (auto& [path, halves] : parted(*session, changed, context_.stop)) {
      input_.inline_tests.insert(path);
      if (halves) {
        halves_.emplace(path, std::move(*halves));
      } else {
        parts_[path] = Part::Other;
        input_.unparted.insert(path);
      }
    }
    session->stop();
  }

  verify::BaseView base_view() {
    verify::BaseView view;
    for (const auto& check : context_.environment->config.checks)
      view.commands.push_back(check.run);
    for (const auto& command : input_.setup) view.commands.push_back(command);
    view.read = [this](const std::string& path) {
      return context_.mirror.file(context_.job.base_commit, path, kMostReadOfBase);
    };
    view.programs = [this]() -> const std::map<std::string, std::string>& { return programs(); };
    view.tests = [this]() -> const std::map<std::string, std::string>& { return tests(); };
    return view;
  }

  // A report mostly names the file; where none does, any may hold them.
  std::map<std::string, std::string> tests_that_may_hold(const std::vector<std::string>& names) {
    std::vector<std::string> all, likely;
    for (auto& path : context_.mirror.paths(context_.job.base_commit)) {
      if (!verify::is_test_path(path) || !verify::is_source_path(path)) continue;
      const auto name = verify::file_name(path);
      const auto stem = name.substr(0, name.find('.'));
      const auto says_it = [stem](const auto& test) {
        return test.find(stem) != std::string::npos;
      };
      if (std::ranges::any_of(names, says_it)) likely.push_back(path);
      all.push_back(std::move(path));
    }
    auto& chosen = likely.empty() ? all : likely;
    if (chosen.size() > kMostTestsRead) chosen.resize(kMostTestsRead);
    return texts_of_base(chosen);
  }

  std::map<std::string, std::string> texts_of_base(const std::vector<std::string>& paths) const {
    const auto& base = context_.job.base_commit;
    std::map<std::string, std::string> out;
    for (auto& [path, texts] : context_.mirror.contents(base, base, paths))
      out.emplace(path, std::move(texts.first));
    return out;
  }

  // Of the base, by path.
  const std::map<std::string, std::string>& tests() {
    if (tests_) return *tests_;
    tests_ = tests_that_may_hold({});
    return *tests_;
  }

  const std::map<std::string, std::string>& programs() {
    if (programs_) return *programs_;
    std::vector<std::string> chosen;
    for (auto& path : context_.mirror.paths(context_.job.base_commit)) {
      if (chosen.size() < kMostTestsRead && verify::is_source_path(path) &&
          !verify::is_test_path(path))
        chosen.push_back(std::move(path));
    }
    programs_ = texts_of_base(chosen);
    return *programs_;
  }

  // A test that failed before passes by luck as well: a second time it must, in a fresh sandbox.
  void fixed_once_more() {
    if (input_.kind != core::Kind::Bugfix) return;
    std::vector<core::CheckSpec> checks;
    for (const auto& check : context_.environment->config.checks) {
      const auto is_it = [&check](const auto& report) { return report.name == check.name; };
      const auto before = std::ranges::find_if(input_.baseline, is_it);
      const auto after = std::ranges::find_if(input_.after, is_it);
      if (before != input_.baseline.end() && after != input_.after.end() &&
          !verify::compare(*before, *after, std::nullopt).fixed.empty())
        checks.push_back(check);
    }
    if (checks.empty()) return;
    context_.journal.note("what is fixed must pass twice");
    input_.under_old_tests = reports(with_a_note(changes_), "again", checks, &input_.baseline);
  }

  std::vector<core::Change> source() const {
    // A build file that names new source and new tests needs both.
    const bool both = std::ranges::any_of(
        parts_, [](const auto& item) { return item.second == Part::BuildBoth; });
    return with([both](const std::string& path, Part part) {
      return part == Part::Source || part == Part::BuildBoth ||
             (both && part == Part::NewTests && verify::is_c_or_cpp(path));
    });
  }
  std::vector<core::Change> source_and_tests() const {
    return with([](const std::string&, Part part) { return part != Part::Other; });
  }

  void source_under_old_tests() {
    context_.journal.note("the change is more than source: its source alone");
    input_.under_old_tests = reports(with_a_note(source()), "old-tests",
                                     context_.environment->config.checks, &input_.baseline);
  }

  // A program that looks into the files of its tests must pass as well where they are not quite
  // those that it knows: a remark at their end is all that is new.
  std::vector<core::Change> with_a_note(std::vector<core::Change> some) {
    const auto failing = verify::failing_on_the_base(input_);
    if (input_.kind != core::Kind::Bugfix || failing.empty()) return some;
    auto files = tests_that_may_hold(failing);
    if (files.size() > kMostNotes) return some;
    const std::string note = "this test must fail now, " + random_id(12);
    for (auto& [path, text] : files) {
      const bool changed = std::ranges::any_of(some, [&path](const auto& change) {
        return ("/" + path).starts_with("/" + change.path);
      });
      const std::string remark = verify::remark(path, note);
      if (changed || remark.empty() || text.empty()) continue;
      text += (text.ends_with('\n') ? "" : "\n") + remark;
      some.push_back({.path = path,
                      .executable = text.starts_with("#!"),
                      .content = text,
                      .size = text.size()});
    }
    return some;
  }

  // New tests prove something where no test of the base does.
  void new_tests_apart() {
    const bool feature = input_.kind == core::Kind::Feature;
    if (!feature && input_.kind != core::Kind::Bugfix) return;
    if (!feature && !verify::fixed_under_old_tests(input_).empty()) return;
    const bool tests = !halves_.empty() || std::ranges::any_of(parts_, [](const auto& item) {
      return item.second == Part::NewTests || item.second == Part::BuildBoth;
    });
    if (!tests) return;
    context_.journal.note("the code of the base under the tests of the change");
    const auto& checks = context_.environment->config.checks;
    input_.base_under_new_tests =
        reports(with([](const std::string&, Part part) { return part != Part::Source; }),
                "new-tests", checks, nullptr);
    const bool more =
        std::ranges::any_of(parts_, [](const auto& item) { return item.second == Part::Other; });
    if (!more && feature) return;
    context_.journal.note("and the source of the change with its tests alone");
    input_.source_with_new_tests =
        reports(source_and_tests(), "source-and-tests", checks, &input_.baseline);
  }

  // What proves it must be able to fail: once more, with a failure put into those tests.
  void failure_put_into_what_proves() {
    const auto proving = verify::tests_that_must_fail(input_);
    if (proving.empty()) return;
    const bool new_ones =
        input_.kind == core::Kind::Feature ||
        (input_.kind == core::Kind::Bugfix && verify::fixed_under_old_tests(input_).empty());
    std::map<std::string, std::string> fresh;
    for (const auto& [path, part] : parts_) {
      if (new_ones && part == Part::NewTests) fresh[path] = input_.contents[path].second;
    }
    Canaries canaries(
        {.context = context_,
         .input = input_,
         .open = [this](const char* name) { return place_.open(name); },
         .reports =
             [this](auto& session, const auto& some, const char* name, const auto& checks,
                    const auto* before) { return reports(session, some, name, checks, before); },
         .files =
             [this](const auto& names) {
               return names.empty() ? tests() : tests_that_may_hold(names);
             },
         .texts = [this](const auto& paths) { return texts_of_base(paths); }});
    canaries.sing(proving, new_ones ? source_and_tests() : source(), fresh);
  }

  std::vector<core::Change> with(
      const std::function<bool(const std::string&, Part)>& wanted) const {
    auto out = verify::changes_of(changes_, parts_, wanted);
    for (const auto& [path, halves] : halves_) {
      const bool code = wanted(path, Part::Source), tests = wanted(path, Part::NewTests);
      if (code == tests) continue;  // in it as a whole, or not at all
      std::erase_if(out, [&path](const auto& change) { return change.path == path; });
      const auto given = std::ranges::find(changes_, path, &core::Change::path);
      if (given == changes_.end()) continue;
      core::Change half = *given;
      half.content = code ? halves.code : halves.tests;
      half.size = half.content.size();
      out.push_back(std::move(half));
    }
    return out;
  }

  std::vector<core::CheckReport> reports(const std::vector<core::Change>& some, const char* name,
                                         const std::vector<core::CheckSpec>& checks,
                                         const std::vector<core::CheckReport>* passed_before) {
    return reports(*place_.open(name), some, name, checks, passed_before);
  }

  std::vector<core::CheckReport> reports(sandbox::Session& session,
                                         const std::vector<core::Change>& some, const char* name,
                                         const std::vector<core::CheckSpec>& checks,
                                         const std::vector<core::CheckReport>* passed_before) {
    session.apply(some);
    return place_.reports(session, some, name, checks, passed_before);
  }

  Context& context_;
  VerifiersPlace& place_;
  verify::Case& input_;
  const std::vector<core::Change>& changes_;
  verify::Parts parts_;
  std::map<std::string, Halves> halves_;
  std::optional<std::map<std::string, std::string>> tests_, programs_;
};

}  // namespace

void parts_of_the_change_apart(Context& context, VerifiersPlace& place,
                               const std::vector<core::Change>& changes, verify::Case& input) {
  Combinations(context, place, input, changes).run();
}

void source_under_what_was_asked(Context& context, VerifiersPlace& place,
                                 const std::vector<core::Change>& changes, const std::string& asked,
                                 verify::Case& input) {
  Combinations(context, place, input, changes).run_as_asked(asked);
}

}  // namespace nightjar::run
