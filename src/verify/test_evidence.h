// What the base's tests in their old form, and the change's own tests, are evidence of.
#pragma once

#include <string>
#include <vector>

#include "verify/verify.h"

namespace nightjar::verify {

/// Tests that fail on the base and pass by the change's source alone, in the form that the base
/// gives them; they pass on the whole change, too.
std::vector<std::string> fixed_under_old_tests(const Case& input);
/// Such tests that the change altered so that they fail on it.
std::vector<std::string> bent_tests(const Case& input);
/// Tests of the base that no longer pass in their old form.
std::vector<std::string> broken_under_old_tests(const Case& input);
/// Tests that pass on the change, and do not on the base's code: new ones, and those of the base
/// that ask for more now.
std::vector<std::string> failing_without_the_change(const Case& input);
/// Those of `tests` that need nothing of the change but its source and themselves.
std::vector<std::string> passing_by_source_alone(const Case& input,
                                                 const std::vector<std::string>& tests);
/// Tests that did not fail although a failure was put into them. One that is missing then was not
/// seen to fail.
std::vector<std::string> blind_tests(const Case& input);
/// All that must be able to fail did so by an assertion of its own.
bool assertions_are_seen_to_fail(const Case& input);
/// Its tests are whole programs, or lines that a program prints.
bool is_told_by_programs(const core::CheckReport& report);
/// The program that is this test was made to fail, and that shows. `alone`: no other program was.
bool is_noticed(const std::vector<core::CheckReport>& after,
                const std::vector<core::CheckReport>& failing, const std::string& test, bool alone);
/// What must be able to fail for a proof: for a refactoring the tests that pass on both sides.
std::vector<std::string> tests_that_must_fail(const Case& input);
/// What says that a bug is fixed, or that a feature is there: tests of the base that are fixed by
/// source alone, else new ones that need it and nothing else.
std::vector<std::string> proving_tests(const Case& input);
/// A part of a test's name that the file which holds it says: "test_add" of "t.py::test_add[1]".
std::string own_name(std::string_view test);
/// Tests that passed on the base, and give both answers now.
std::vector<std::string> newly_flaky(const Case& input);
std::vector<std::string> failing_on_the_base(const Case& input);
/// Of those, the ones that the brief is about: it speaks of tests that fail, or shares a word
/// with their name. Others are not this change's business.
std::vector<std::string> asked_to_pass(const Case& input);

}  // namespace nightjar::verify
