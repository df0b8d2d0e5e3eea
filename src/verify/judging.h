// The parts of judge(): obligations that every change has (judge.cpp), and those of a kind
// (judge_kinds.cpp). Each adds what it owes to the proof.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "verify/rename_text.h"
#include "verify/verify.h"

namespace nightjar::verify {

/// "a, b and 3 more"
std::string some_of(const std::vector<std::string>& names);

class Judge {
 public:
  explicit Judge(const Case& input) : input_(input) {
    if (is_rename(input.claim)) renamed_ = {input.claim.old_name, input.claim.new_name};
  }
  Judgement run();

 private:
  void met(std::string name, std::string detail) {
    out_.proof.obligations.push_back({std::move(name), true, std::move(detail)});
  }
  /// Shown to be wrong.
  void broken(std::string name, std::string detail) {
    refuting_.push_back(detail);
    out_.proof.obligations.push_back({std::move(name), false, std::move(detail)});
  }
  /// By what ran: shown to be wrong, unless what ran could not be made ready.
  void failed(std::string name, std::string detail) {
    input_.base_not_ready ? open(std::move(name), std::move(detail))
                          : broken(std::move(name), std::move(detail));
  }
  /// Neither shown nor shown to be wrong.
  void open(std::string name, std::string detail) {
    open_.push_back(detail);
    out_.proof.obligations.push_back({std::move(name), false, std::move(detail)});
  }

  void compare_all();
  void newly_skipped(const core::CheckReport& before, const core::CheckReport& after);
  void results();
  int proving_tests() const;
  std::string troubles() const;
  bool runs_decide(const core::Finding& finding) const;
  void old_tests_hold();
  void tests_can_fail();
  void done_as_asked();
  void what_ran_is_the_change();
  void evidence_is_independent();
  bool tests_were_changed() const;
  std::string together(const std::vector<std::string>& tests) const;
  void findings();
  std::string what_holds() const;
  void decide();

  void by_kind();
  size_t blocking_leftovers() const;
  void claims();
  void gone(const char* name, const std::string& what, const std::string& looked_for);
  void tests_unchanged();
  void source_changed();
  void manifest_and_lock();
  void fixed_test();
  void criteria();
  void new_tests();
  void only_documentation();
  bool only_prose_differs(const git::ChangedPath& change) const;
  std::string as_a_fix() const;

  const Case& input_;
  std::optional<std::pair<std::string, std::string>> renamed_;
  Judgement out_;
  std::vector<std::string> refuting_, open_, skipped_, fixed_;
  /// Tests of the base that failed there pass by the change's source, and each was seen to fail by
  /// an assertion of its own.
  bool fix_shown_ = false;
  int still_failing_ = 0, passed_before_ = 0, passed_after_ = 0, proving_ = 0;
};

}  // namespace nightjar::verify
