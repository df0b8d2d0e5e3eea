#include "filter.h"

#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/error.h"

namespace nightjar::helper {

namespace {

constexpr const char* kAlwaysDenied[] = {
    "io_uring_setup", "io_uring_enter", "io_uring_register", "process_vm_readv", "process_vm_writev", "bpf",
    "keyctl", "add_key", "request_key", "mount", "umount", "umount2", "pivot_root", "chroot", "fsopen", "fsconfig",
    "fsmount", "fspick", "open_tree", "move_mount", "mount_setattr", "setns", "unshare", "name_to_handle_at",
    "open_by_handle_at", "pidfd_getfd", "kexec_load", "kexec_file_load", "init_module", "finit_module",
    "delete_module", "swapon", "swapoff", "reboot", "acct", "quotactl", "quotactl_fd", "syslog", "settimeofday",
    "clock_settime", "clock_adjtime", "adjtimex", "ioperm", "iopl", "vhangup", "nfsservctl", "lookup_dcookie",
    "move_pages", "mbind", "set_mempolicy", "migrate_pages"};
constexpr const char* kDeniedUnlessDebug[] = {"perf_event_open", "userfaultfd"};

class Filter {
 public:
  Filter() : context_(seccomp_init(SCMP_ACT_ALLOW)) {
    if (!context_) throw Error(ErrorKind::Internal, "cannot make a seccomp filter");
    check(seccomp_attr_set(context_, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
  }
  ~Filter() { seccomp_release(context_); }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  void deny(const char* name, int error = EPERM) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number != __NR_SCMP_ERROR && number >= 0) check(seccomp_rule_add(context_, SCMP_ACT_ERRNO(static_cast<unsigned>(error)), number, 0));
  }
  template <class... Compare>
  void deny_where(int number, int error, Compare... compare) {
    check(seccomp_rule_add(context_, SCMP_ACT_ERRNO(static_cast<unsigned>(error)), number, sizeof...(compare), compare...));
  }
  void load() { check(seccomp_load(context_)); }

 private:
  static void check(int result) {
    if (result < 0) {
      errno = -result;
      throw_errno("cannot install the seccomp filter");
    }
  }
  scmp_filter_ctx context_;
};

void restrict_sockets(Filter& filter, bool strict) {
  // Families beyond these: AF_INET 2, AF_INET6 10, and by profile AF_UNIX 1 and AF_NETLINK 16 (ROUTE alone).
  const int socket_call = SCMP_SYS(socket);
  if (strict) filter.deny_where(socket_call, EPERM, SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
  filter.deny_where(socket_call, EAFNOSUPPORT, SCMP_A0(SCMP_CMP_EQ, 0));
  for (unsigned family = 3; family < AF_INET6; ++family) filter.deny_where(socket_call, EPERM, SCMP_A0(SCMP_CMP_EQ, family));
  for (unsigned family = AF_INET6 + 1; family < AF_NETLINK; ++family) filter.deny_where(socket_call, EPERM, SCMP_A0(SCMP_CMP_EQ, family));
  if (strict) {
    filter.deny_where(socket_call, EPERM, SCMP_A0(SCMP_CMP_EQ, AF_NETLINK));
    filter.deny_where(SCMP_SYS(socketpair), EPERM, SCMP_A0(SCMP_CMP_EQ, AF_UNIX), SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_DGRAM));
  } else {
    filter.deny_where(socket_call, EPERM, SCMP_A0(SCMP_CMP_EQ, AF_NETLINK), SCMP_A2(SCMP_CMP_NE, NETLINK_ROUTE));
  }
  filter.deny_where(socket_call, EPERM, SCMP_A0(SCMP_CMP_GT, AF_NETLINK));
  for (const unsigned family : {AF_INET, AF_INET6}) {
    filter.deny_where(socket_call, EPERM, SCMP_A0(SCMP_CMP_EQ, family), SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_RAW));
  }
}

}  // namespace

void install_filter(std::string_view profile) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) throw_errno("cannot set no_new_privs");
  Filter filter;
  for (const char* name : kAlwaysDenied) filter.deny(name);
  if (profile != "debug") {
    for (const char* name : kDeniedUnlessDebug) filter.deny(name);
  }
  if (profile == "strict") filter.deny("ptrace");
  filter.deny("clone3", ENOSYS);
  for (const unsigned long flag : {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP}) {
    filter.deny_where(SCMP_SYS(clone), EPERM, SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag));
  }
  for (const unsigned long request : {TIOCSTI, TIOCLINUX}) {
    filter.deny_where(SCMP_SYS(ioctl), EPERM, SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffUL, request));
  }
  restrict_sockets(filter, profile == "strict");
  filter.load();
}

}  // namespace nightjar::helper
