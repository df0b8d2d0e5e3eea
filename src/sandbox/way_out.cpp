#include <unistd.h>

#include "base/text.h"
#include "sandbox/helper_process.h"

namespace nightjar::sandbox {

namespace {

std::string setting(const char* path) {
  try {
    return trimmed(try_read_file(path, 4096).value_or(""));
  } catch (const std::exception&) {
    return "";
  }
}

bool in_container() {
  return ::access("/.dockerenv", F_OK) == 0 || ::access("/run/.containerenv", F_OK) == 0;
}

bool filtered() {
  const std::string status = setting("/proc/self/status");
  return status.find("Seccomp:\t2") != std::string::npos;
}

}  // namespace

std::string way_out(const std::string& refusal) {
  if (setting("/proc/sys/user/max_user_namespaces") == "0") {
    return "; user namespaces are switched off: sysctl -w user.max_user_namespaces=15000";
  }
  if (setting("/proc/sys/kernel/unprivileged_userns_clone") == "0") {
    return "; user namespaces are switched off: sysctl -w kernel.unprivileged_userns_clone=1";
  }
  if (setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1") {
    return "; AppArmor keeps user namespaces from programs without a profile: "
           "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or give nightjar-sandbox a "
           "profile "
           "with 'userns,'";
  }
  if (refusal.find("/proc") != std::string::npos && in_container()) {
    return "; this container hides parts of /proc: start it with --security-opt "
           "systempaths=unconfined";
  }
  if (filtered() || in_container()) {
    return "; this looks like a container that forbids it: start it with --security-opt "
           "seccomp=unconfined --security-opt apparmor=unconfined --security-opt "
           "systempaths=unconfined";
  }
  return "; 'nightjar doctor' says what this host offers";
}

}  // namespace nightjar::sandbox
