// Running checks in a sandbox and turning what they print into reports.
#pragma once

#include <filesystem>
#include <stop_token>
#include <vector>

#include "core/check.h"
#include "run/journal.h"
#include "sandbox/session.h"

namespace nightjar::run {

struct CheckRun {
  std::string stage;             ///< baseline, work or verify
  int round = 1;                 ///< of work and proof
  std::filesystem::path folder;  ///< the run's: logs go to <folder>/logs
  Millis idle{0};
  Deadline deadline = kNoDeadline;
  std::stop_token stop;
};

/// A copy of everything a command prints, in a file that is whole or absent: temporary, fsync,
/// rename. Beyond 64 MB the middle is left out and counted.
class LogFile {
 public:
  explicit LogFile(std::filesystem::path file);
  ~LogFile();
  void add(std::string_view bytes);
  /// Ends it; the SHA-256 of the file.
  std::string finish();

 private:
  std::filesystem::path file_;
  std::filesystem::path temporary_;
  Fd fd_;
  std::uint64_t written_ = 0;
  std::uint64_t left_out_ = 0;
  std::string tail_;
};

/// All checks, one after the other. Failing ones run once more, so that flaky is told from failing:
/// in a baseline any failure, else only what `passed_before` says passed on the base. A check that
/// was killed from outside runs once more, too. Throws Cancelled, sandbox::SandboxLost, and
/// Error(Limit) where a check failed while the disk was full.
std::vector<core::CheckReport> run_checks(sandbox::Session& session,
                                          const std::vector<core::CheckSpec>& checks,
                                          const std::vector<core::CheckReport>* passed_before,
                                          const CheckRun& how, Journal& journal);

}  // namespace nightjar::run
