#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "sandbox/limits.h"
#include "sandbox/session.h"

namespace nightjar::sandbox {

namespace {

std::string isolation() {
  if (::geteuid() != 0) return "user namespaces, under your own uid";
  return "user namespaces, started by root under a uid of its own";
}

}  // namespace

Report probe(const std::filesystem::path& helper) {
  Report report;
  report.limits = describe_limits();
  try {
    const TempDir dir("nightjar-probe");
    std::filesystem::create_directories(dir.path() / "lower");
    Policy policy;
    policy.tree = {{dir.path() / "lower"}, dir.path() / "upper", "/home/nightjar/tree"};
    policy.helper = helper;
    const auto session = Session::start(policy);
    const CommandResult result =
        session->run({.argv = {"/bin/sh", "-c", "id -u && touch written"}});
    report.works = result.exit_status == 0 && result.output == "1000\n";
    report.isolation = isolation();
    report.tree = session->tree_kind();
    session->stop();
    remove_tree(dir.path());  // what the overlay left has no permissions
    if (!report.works)
      report.reason = "a command inside gave an unexpected answer: " + inert(result.output);
  } catch (const Error& error) {
    report.reason = error.what();
  } catch (const SandboxLost& lost) {
    report.reason = "the sandbox died: " + lost.reason;
  }
  return report;
}

}  // namespace nightjar::sandbox
