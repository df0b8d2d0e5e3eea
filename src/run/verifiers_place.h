// Where the verifier runs checks: a fresh sandbox of the base's checkout that is given changes,
// made ready, and looked at afterwards, for what ran there was a stranger's.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/change.h"
#include "run/context.h"

namespace nightjar::run {

class VerifiersPlace {
 public:
  explicit VerifiersPlace(Context& context);

  /// `agents_tools`: the sandbox shows what `recheck` needs.
  std::unique_ptr<sandbox::Session> open(const std::string& name, bool agents_tools = false);
  /// Sets up and runs the checks in a sandbox that holds these changes; the sandbox has ended then.
  std::vector<core::CheckReport> reports(sandbox::Session& session,
                                         const std::vector<core::Change>& applied,
                                         const std::string& name,
                                         const std::vector<core::CheckSpec>& checks,
                                         const std::vector<core::CheckReport>* passed_before);
  std::vector<core::CheckReport> all_reports(sandbox::Session& session,
                                             const std::vector<core::Change>& applied,
                                             const std::string& name);

  /// Why what was built for the base may have stood in for the change; empty where it did not.
  const std::string& not_ready() const { return not_ready_; }
  /// The base cannot be made ready either: its setup builds with the network.
  bool base_not_ready() const { return base_not_ready_; }
  /// Files of the commit that the checks of the change wrote over, and those of the base do not.
  std::vector<std::string> rewritten();

 private:
  std::string set_up(sandbox::Session& session);
  std::string why_not_ready(const std::string& trouble);
  std::set<std::string> written_over(sandbox::Session& session,
                                     const std::vector<core::Change>& applied);
  bool is_tracked(const std::string& path);

  Context& context_;
  Environment environment_;
  std::string not_ready_;
  bool base_not_ready_ = false;
  std::vector<std::string> tracked_;  ///< sorted
  std::set<std::string> rewritten_;
};

}  // namespace nightjar::run
