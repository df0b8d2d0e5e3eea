#include <unistd.h>

#include "base/error.h"
#include "sandbox/session.h"

namespace nightjar::sandbox {

Report probe(const fs::path& helper) {
  Report report;
  try {
    const TempDir dir("nightjar-probe");
    fs::create_directories(dir.path() / "lower");
    Policy policy;
    policy.tree = {{dir.path() / "lower"}, dir.path() / "upper", dir.path() / "tree"};
    policy.path = "/usr/bin:/bin";
    policy.helper = helper;
    const auto session = Session::start(policy);
    const CommandResult result = session->run({.argv = {"/bin/sh", "-c", "id -u"}});
    report.works = result.exit_status == 0 && result.output == "1000\n";
    report.tree = session->tree_kind();
    report.isolation = ::geteuid() == 0 ? "user namespaces, started by root under a uid of its own"
                                        : "user namespaces, under your own uid";
    report.limits = "rlimits and a watcher";
    if (!report.works)
      report.reason = "a command inside gave an unexpected answer: " + result.output;
  } catch (const Error& error) {
    report.reason = error.what();
  } catch (const SandboxLost& lost) {
    report.reason = "the sandbox died: " + lost.reason;
  }
  return report;
}

}  // namespace nightjar::sandbox
