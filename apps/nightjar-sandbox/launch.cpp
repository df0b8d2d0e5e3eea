#include "launch.h"

#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/error.h"
#include "staging.h"

namespace nightjar::helper {

namespace {

using sandbox::Plan;

void become(std::uint32_t uid, std::uint32_t gid) {
  if (::setgroups(0, nullptr) != 0) throw_errno("cannot leave the groups");
  if (::setresgid(gid, gid, gid) != 0) throw_errno("cannot take the run's group");
  if (::setresuid(uid, uid, uid) != 0) throw_errno("cannot take the run's user");
  // The change of user made /proc/self root's; the maps below must be writable.
  ::prctl(PR_SET_DUMPABLE, 1);
}

void own_mounts() {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    throw_errno("cannot make the mounts private");
  }
}

}  // namespace

void throw_no_namespace(const std::string& what) {
  // The kernel says "no space" where a count is exhausted; it has nothing to do with a disk.
  if (errno != ENOSPC) throw_errno(what);
  throw Error(ErrorKind::Unavailable,
              what + ": this host allows no more of them (user.max_*_namespaces)");
}

void map_ids(std::uint32_t inside_uid, std::uint32_t outside_uid, std::uint32_t inside_gid,
             std::uint32_t outside_gid) {
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/uid_map", map_line(inside_uid, outside_uid));
  write_file("/proc/self/gid_map", map_line(inside_gid, outside_gid));
}

std::vector<Fd> enter_namespaces(Plan& plan) {
  std::vector<Fd> sources;
  if (plan.from_root) {
    if (::unshare(CLONE_NEWNS) != 0) throw_no_namespace("cannot make a mount namespace");
    own_mounts();
    sources = stage_sources(plan);
    become(plan.run_uid, plan.run_gid);
  }
  int spaces =
      CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
  if (!plan.network) spaces |= CLONE_NEWNET;
  if (::unshare(spaces) != 0) throw_no_namespace("cannot make namespaces");
  map_ids(0, plan.run_uid, 0, plan.run_gid);
  if (!plan.from_root) {
    own_mounts();
    sources = stage_sources(plan);
  }
  return sources;
}

}  // namespace nightjar::helper
