#include "verify/evidence.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "verify/as_asked.h"
#include "verify/bending.h"
#include "verify/commands.h"
#include "verify/file_roles.h"
#include "verify/parts.h"
#include "verify/reading.h"
#include "verify/rename_text.h"
#include "verify/standard_names.h"
#include "verify/test_evidence.h"

namespace nightjar::verify {

namespace {

// Lines of `after` that are not among those of `before`.
std::vector<std::string> fresh_lines(std::string_view before, std::string_view after) {
  std::set<std::string, std::less<>> held;
  for (const auto line : lines(before)) held.emplace(trim(line));
  std::vector<std::string> out;
  for (const auto line : lines(after)) {
    const auto text = trim(line);
    if (!text.empty() && !held.contains(text)) out.emplace_back(text);
  }
  return out;
}

bool registers_a_test(std::string_view line) {
  return line.starts_with("add_test") || line.starts_with("test(") ||
         line.starts_with("gtest_discover_tests") || line.starts_with("catch_discover_tests") ||
         line.starts_with("enable_testing") || line.starts_with("add_executable");
}

// Registering one more test is no other way to run the ones that are there.
bool only_registers(std::string_view before, std::string_view after) {
  return fresh_lines(after, before).empty() &&
         std::ranges::all_of(fresh_lines(before, after), registers_a_test);
}

class Objections {
 public:
  explicit Objections(const Case& input) : input_(input) {
    for (const auto& report : input.baseline) commands_.push_back(report.command);
    commands_.insert(commands_.end(), input.setup.begin(), input.setup.end());
  }

  std::vector<std::string> run() {
    for (const auto& change : input_.changed) {
      look_at(change.path, change.status == 'A' || change.status == 'R', change.status == 'D');
      if (change.status == 'R') look_at(change.old_path, false, true);
    }
    return std::move(out_);
  }

 private:
  void object(std::string_view path, std::string_view what) {
    if (out_.size() < kMostObjections) out_.push_back(inert(path) + " " + std::string(what));
  }

  void look_at(const std::string& path, bool fresh, bool gone) {
    if (input_.claim.of_brief && stands_as_asked(input_, path)) return;
    if (!gone && (takes_a_runners_place(path) || (fresh && takes_a_name(path))))
      return object(path, "takes the place of a test runner, or of what one stands on");
    if (is_what_runs(path)) return object(path, "is run by a check, and was changed");
    if (input_.unread.contains(path)) {
      if (holds_text(path)) object(path, "could not be read: it is a link, binary or too large");
      return;
    }
    const auto found = input_.contents.find(path);
    if (found == input_.contents.end()) return;
    const std::string before =
        fresh ? "" : without_rename(text_as_asked(input_, path), input_.claim);
    const std::string after = gone ? "" : without_rename(found->second.second, input_.claim);
    if (path == "nightjar.toml") {
      if (!fresh_lines(after, before).empty()) object(path, "changes the checks that the base has");
    } else if (is_test_path(path) || file_name(path) == "conftest.py") {
      hooks(path, before, after);
    } else {
      program(path, before, after);
    }
  }

  // A module beside the program that an import would find before Python's own.
  bool takes_a_name(const std::string& path) const {
    const auto has_file = [this](const std::string& other) {
      return std::ranges::any_of(input_.changed, [&](const auto& change) {
        return change.path == other && change.status != 'D';
      });
    };
    return path.find('/') == std::string::npos ? takes_a_standard_name(path, has_file)
                                               : path.ends_with("assert.h");
  }

  // Tests are run by checks, too; what they are worth is seen by running them. A shell script is
  // seldom a test and nothing else.
  bool is_what_runs(const std::string& path) const {
    if (is_test_name(path) && !path.ends_with(".sh")) return false;
    return std::ranges::any_of(commands_,
                               [&path](const auto& command) { return runs_file(command, path); });
  }

  static bool holds_text(const std::string& path) {
    return is_source_path(path) || configures_tests(path) || is_test_name(path) ||
           file_name(path).find('.', 1) == std::string_view::npos;
  }

  void hooks(const std::string& path, std::string_view before, std::string_view after) {
    for (const auto& line : fresh_lines(before, after)) {
      if (is_hook(line, true))
        return object(path, "decides which tests run, or what their results are");
    }
  }

  static bool speaks_shell(std::string_view text) {
    return text.starts_with("#!") && trim(text.substr(0, text.find('\n'))).ends_with("sh");
  }

  void program(const std::string& path, std::string_view before, std::string_view after) {
    const auto fresh = fresh_lines(before, after);
    if (path.ends_with(".sh") || path.ends_with(".bash") || speaks_shell(after)) {
      if (const auto why = bends_a_shell(fresh, after); !why.empty()) return object(path, why);
    }
    if (is_source_path(path)) {
      auto why = bends_its_tests(fresh, after);
      // An assertion that was seen to fail says more than what a line looks like.
      if (why.empty() && !assertions_are_seen_to_fail(input_))
        why = may_bend_its_tests(fresh, after);
      if (!why.empty()) return object(path, why);
    }
    const std::string was = test_configuration(path, before).value_or("");
    const std::string is = test_configuration(path, after).value_or("");
    const bool blank = was.find_first_not_of("\n{}") == std::string::npos &&
                       is.find_first_not_of("\n{}") == std::string::npos;
    if (was != is && !blank && !only_registers(was, is))
      object(path, "changes how the tests are run");
  }

  static constexpr size_t kMostObjections = 20;
  const Case& input_;
  std::vector<std::string> commands_, out_;
};

}  // namespace

std::vector<std::string> objections_to_evidence(const Case& input) {
  return Objections(input).run();
}

}  // namespace nightjar::verify
