// What proves a change must be able to fail: it runs once more with a failure put into it, each
// time over the base with the parts of the change that proved it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "run/context.h"
#include "sandbox/session.h"
#include "verify/verify.h"

namespace nightjar::run {

/// What they run with: the sandboxes, the checks and the files of who asks.
struct CanariesNeeds {
  Context& context;
  verify::Case& input;
  std::function<std::unique_ptr<sandbox::Session>(const char* name)> open;
  std::function<std::vector<core::CheckReport>(
      sandbox::Session&, const std::vector<core::Change>&, const char* name,
      const std::vector<core::CheckSpec>&, const std::vector<core::CheckReport>* passed_before)>
      reports;
  /// Test files of the base that may hold these tests; all of them where no name is given.
  std::function<std::map<std::string, std::string>(const std::vector<std::string>&)> files;
  std::function<std::map<std::string, std::string>(const std::vector<std::string>&)> texts;
};

class Canaries {
 public:
  explicit Canaries(CanariesNeeds needs) : needs_(std::move(needs)) {}

  /// `proving`: what must fail. `combination`: what it passed with. `fresh`: new test files in it.
  void sing(const std::vector<std::string>& proving, const std::vector<core::Change>& combination,
            const std::map<std::string, std::string>& fresh);

 private:
  using Files = std::map<std::string, std::string>;
  Files inline_tests() const;
  Files into_tests(sandbox::Session& session, Files files);
  void run_tests(sandbox::Session& session, const Files& failing);
  void programs(const std::vector<std::string>& tests);
  Files programs_of(const std::vector<std::string>& commands,
                    const std::vector<std::string>& tests) const;
  Files into_programs(const Files& programs);
  std::vector<core::CheckReport> with(sandbox::Session& session, const Files& failing,
                                      const std::vector<core::CheckSpec>& checks, const char* name);
  std::vector<core::CheckSpec> checks_that_hold(const std::vector<std::string>& tests) const;

  CanariesNeeds needs_;
  std::vector<std::string> proving_;
  std::vector<core::Change> combination_;
  Files fresh_;
  std::string why_;
};

}  // namespace nightjar::run
