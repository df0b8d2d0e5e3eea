#include "lock_down.h"

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "launch.h"

namespace nightjar::helper {

namespace {

constexpr std::uint32_t kInsideId = 1000;

void limit(int what, std::uint64_t most) {
  rlimit now{};
  const auto resource = static_cast<__rlimit_resource>(what);
  if (::getrlimit(resource, &now) != 0) throw_errno("cannot read a limit");
  const rlim_t value = std::min<rlim_t>(most, now.rlim_max);
  const rlimit wanted{value, value};
  if (::setrlimit(resource, &wanted) != 0) throw_errno("cannot set a limit");
}

void drop_capabilities() {
  for (unsigned long capability = 0; capability < 64; ++capability) {
    if (::prctl(PR_CAPBSET_DROP, capability) != 0 && errno == EINVAL)
      break;  // past the kernel's last
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> none{};
  if (::syscall(SYS_capset, &header, none.data()) != 0) throw_errno("cannot drop the capabilities");
}

void install_filter(const std::string& program) {
  const size_t count = program.size() / sizeof(sock_filter);
  std::vector<sock_filter> code(count);
  std::memcpy(code.data(), program.data(), count * sizeof(sock_filter));
  const sock_fprog filter{static_cast<unsigned short>(count), code.data()};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) {
    throw_errno("cannot install the system call filter");
  }
}

}  // namespace

void lock_down(const sandbox::Plan& plan) {
  ::umask(022);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, plan.most_files);
  limit(RLIMIT_NPROC, plan.most_processes);
  if (::unshare(CLONE_NEWUSER) != 0) throw_no_namespace("cannot make the inner user namespace");
  map_ids(kInsideId, 0, kInsideId, 0);
  drop_capabilities();
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) throw_errno("cannot give up new privileges");
  // Its memory and descriptors are nobody's business inside.
  if (::prctl(PR_SET_DUMPABLE, 0) != 0) throw_errno("cannot close this process to others");
  if (plan.die_with_thread) ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  install_filter(plan.filter);
}

}  // namespace nightjar::helper
