// What an agent has made of its work tree, turn by turn, as commits on hidden references of the
// mirror: outside of the sandbox, so that a lost one costs a turn, and a person can go back to any.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "git/repository.h"
#include "run/job.h"
#include "run/journal.h"
#include "sandbox/session.h"

namespace nightjar::run {

class Checkpoints {
 public:
  Checkpoints(const Job& job, const git::Mirror& mirror, Journal& journal)
      : job_(job), mirror_(mirror), journal_(journal) {}

  /// A sandbox stands: `kept` where its tree is the start's or a checkpoint's.
  void begin(const std::filesystem::path& upper, bool kept);
  /// Looks at `upper` (of the work tree): whether anything was written since the last look. Cheap:
  /// it reads no file, and rests after a look that took long unless `thoroughly`.
  bool changed(const std::filesystem::path& upper, bool thoroughly);
  /// Commits what the tree holds now, as of `turn`; false: that is what was kept last. Nothing
  /// where it cannot become a commit.
  bool keep(sandbox::Session& session, int turn);
  /// In which paths the tree differs from the start's.
  std::vector<std::string> changed_paths(sandbox::Session& session) const;

  /// The newest one at or before `turn`; nullopt: the tree was as it began.
  std::optional<std::string> at(int turn) const;
  std::optional<std::string> newest() const;

 private:
  std::optional<std::string> commit_of(sandbox::Session& session, const std::string& what) const;

  const Job& job_;
  const git::Mirror& mirror_;
  Journal& journal_;
  std::string seen_;
  std::string last_;  ///< what the tree was kept as last, since `begin`
  Deadline next_{};
};

/// The checklist as it stood after that turn; empty: there was none.
json::array plan_at(const std::vector<core::Event>& events_of_run, int turn);

/// Names, sizes and times of everything below a folder, as one word. Links are not followed.
std::string fingerprint(const std::filesystem::path& folder);

}  // namespace nightjar::run
