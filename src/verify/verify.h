// The verifier: reads what checks reported, compares, judges. Pure: it runs nothing itself.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/check.h"
#include "core/proof.h"
#include "core/task.h"
#include "git/repository.h"

namespace nightjar::verify {

/// Everything a parser may look at after a check ended.
struct CheckOutput {
  int exit_status = 0;
  std::string trouble;
  std::string output;  ///< head and tail of both streams
  bool truncated = false;
  std::map<std::string, std::string> files;  ///< report files (JUnit XML) by path
};

/// Recognises pytest, unittest, ctest, GoogleTest, node's runner, vitest, jest, mocha, go test,
/// cargo test, TAP, Maven/Gradle, JUnit XML. Where nothing is recognised the check itself is the
/// one test, named by its command. Never throws: the text is hostile.
core::CheckReport read_report(const core::CheckSpec& check, const CheckOutput& output);

/// Variables that make runners print test names and write reports (PYTEST_ADDOPTS, GOFLAGS=-v,
/// ...), and where their report files appear, as folder and fnmatch pattern.
std::map<std::string, std::string> reporting_environment();
/// {folder inside, pattern}; relative folders are below the work tree. With the check's command
/// only where that command may write; without it, in the usual folders.
std::vector<std::pair<std::string, std::string>> report_files(std::string_view command = {});

/// The test that stands for a check which failed although all its tests passed: "tests (exit status
/// 2)".
std::string failure_of_the_check(const core::CheckReport& report);
bool is_failure_of_the_check(const core::CheckReport& report, std::string_view test);

/// Runs of one check on one commit as one report: a test with both answers is flaky.
core::CheckReport merge(const core::CheckReport& first, const core::CheckReport& again);

/// `renamed`: old and new name of a rename, so that `test_x[Old]` becoming `test_x[New]` is no
/// loss.
core::CheckComparison compare(const core::CheckReport& before, const core::CheckReport& after,
                              const std::optional<std::pair<std::string, std::string>>& renamed);

/// No test ran in the baseline and the log says why: "No module named 'flask'", no network, command
/// not found.
struct NotReady {
  std::string missing;  ///< what, for people
  std::string advice;   ///< lines for nightjar.toml
};
std::optional<NotReady> environment_trouble(const std::vector<core::CheckReport>& baseline);

/// What the agent itself says about its change: claims to be checked, never proof.
struct AgentClaim {
  std::string action;  ///< "rename", "replace", "run", or "" for other agents
  std::string old_name, new_name;
  std::string pattern, replacement;
  /// Occurrences of the old name or pattern that are still in the tree, found by scanning the
  /// candidate again in a fresh sandbox (not by the agent's own report). `blocks` where they are
  /// references.
  std::vector<core::Finding> leftovers;
  bool rescanned = false;  ///< leftovers were established
  bool of_brief = false;   ///< nobody made it: it was read from the brief, and others did the work
};

struct Case {
  core::Kind kind{};
  std::vector<core::CheckReport> baseline, after;
  /// The change's program source alone, under everything else as the base has it (where the claim
  /// is the brief's: as the mechanic makes it of the base); only the checks of fixed tests where
  /// the change is nothing but source: then it is a second run. Empty: not established.
  std::vector<core::CheckReport> under_old_tests;
  /// The base's code under the rest of the change, where new tests must fail; and the change's
  /// source with its new tests and nothing else, where they must pass. Empty: not established.
  std::vector<core::CheckReport> base_under_new_tests, source_with_new_tests;
  /// Tests that must be able to fail: what proves it, or what a refactoring must not break.
  /// `canaries`: those that a failure was put into, under which they ran as `under_canary` says.
  /// `of_programs`: those of them that are whole programs; `unnoticed`: where that was not seen.
  std::set<std::string, std::less<>> must_fail, canaries, of_programs, unnoticed;
  std::set<std::string, std::less<>> only_at_their_end;  ///< no assertion could be made to fail
  std::vector<core::CheckReport> under_canary;
  /// What of the change is neither source nor tests, and stayed the base's there.
  std::vector<std::string> held_back;
  AgentClaim claim;
  /// Where the claim is the brief's: the files that the mechanic changes for it, with the text that
  /// it gives them; none where it takes the file away.
  std::map<std::string, std::optional<std::string>, std::less<>> as_asked;
  std::string brief;    ///< what the person asked for
  size_t criteria = 0;  ///< that the brief names, as lines of a list
  std::vector<git::ChangedPath> changed;
  /// Content before and after of changed text files that the tamper scan may want (tests, CI,
  /// manifests).
  std::map<std::string, std::pair<std::string, std::string>> contents;
  /// Changed files whose text nobody looked at: too large, binary, symbolic links.
  std::set<std::string, std::less<>> unread;
  /// Files of the program whose own tests changed; those where they cannot be told from the code.
  std::set<std::string, std::less<>> inline_tests, unparted;
  std::vector<std::string> setup;  ///< commands that make the environment
  /// Why the checks may have run something else than the change; empty where they did not.
  std::string not_ready;
  /// The base cannot be made ready either: what fails then says nothing of the change.
  bool base_not_ready = false;
  /// Files of the commit that its checks wrote over while they ran, as those of the base do not.
  std::vector<std::string> rewritten;
  std::vector<core::Finding> findings;  ///< from earlier stages, carried through
};

struct Judgement {
  core::Proof proof;  ///< without commit
  std::vector<core::CheckComparison> checks;
  std::string reason;  ///< set whenever the verdict is not proved
};
Judgement judge(const Case& input);

/// Tests deleted, skipped or weakened; CI, checks or configuration edited.
std::vector<core::Finding> tamper_scan(const Case& input);
bool is_test_path(std::string_view path);
/// Decides, by its name, how tests are run or built: conftest.py, .mocharc.json, Makefile.
bool configures_tests(std::string_view path);
/// Lines of a list in a brief: what the person wants to see, one by one.
size_t criteria_in(std::string_view brief);

}  // namespace nightjar::verify
