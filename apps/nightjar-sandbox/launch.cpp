#include "launch.h"

#include <grp.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

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

void own_names(bool network) {
  constexpr std::string_view kName = "nightjar";
  if (::sethostname(kName.data(), kName.size()) != 0) throw_errno("cannot set the host name");
  if (network) return;
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) throw_errno("cannot open a socket");
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) throw_errno("there is no loopback");
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0)
    throw_errno("cannot bring the loopback up");
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

Prepared prepare(const sandbox::Ground& ground) {
  // Root's are made by root itself: nobody inside has a right over them.
  int spaces = CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;
  if (!ground.from_root) spaces |= CLONE_NEWUSER;
  if (!ground.network) spaces |= CLONE_NEWNET;
  if (::unshare(spaces) != 0) throw_no_namespace("cannot make namespaces");
  if (!ground.from_root) map_ids(0, ground.run_uid, 0, ground.run_gid);
  own_mounts();
  own_names(ground.network);
  Prepared out{open_sources(ground.sources), {ground.run_uid, ground.run_gid}};
  for (const auto& owner : ground.owners) out.maps.prepare(owner);
  return out;
}

std::vector<Fd> enter_namespaces(Plan& plan, const sandbox::Ground& ground, Prepared prepared) {
  std::vector<Fd> sources =
      stage_sources(plan, ground.sources, std::move(prepared.sources), prepared.maps);
  int spaces = CLONE_NEWPID | CLONE_NEWCGROUP;  // of the group that it is in by now
  if (plan.from_root) {
    become(plan.run_uid, plan.run_gid);
    spaces |= CLONE_NEWUSER | CLONE_NEWNS;
  }
  if (::unshare(spaces) != 0) throw_no_namespace("cannot make namespaces");
  if (plan.from_root) map_ids(0, plan.run_uid, 0, plan.run_gid);
  return sources;
}

}  // namespace nightjar::helper
