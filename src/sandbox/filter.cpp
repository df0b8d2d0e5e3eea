#include "sandbox/filter.h"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file.h"

namespace nightjar::sandbox {

namespace {

constexpr scmp_datum_t kWord =
    0xffffffff;  // the kernel reads an int: what stands above must not matter

// No way to more rights, to other namespaces, or to a part of the kernel that suites do without.
const std::vector<const char*>& never_allowed() {
  static const std::vector<const char*> names{"io_uring_setup",
                                              "io_uring_enter",
                                              "io_uring_register",
                                              "bpf",
                                              "add_key",
                                              "request_key",
                                              "keyctl",
                                              "mount",
                                              "umount2",
                                              "pivot_root",
                                              "chroot",
                                              "fsopen",
                                              "fsconfig",
                                              "fsmount",
                                              "fspick",
                                              "open_tree",
                                              "move_mount",
                                              "mount_setattr",
                                              "setns",
                                              "unshare",
                                              "name_to_handle_at",
                                              "open_by_handle_at",
                                              "pidfd_getfd",
                                              "kexec_load",
                                              "kexec_file_load",
                                              "init_module",
                                              "finit_module",
                                              "delete_module",
                                              "create_module",
                                              "reboot",
                                              "swapon",
                                              "swapoff",
                                              "acct",
                                              "quotactl",
                                              "quotactl_fd",
                                              "syslog",
                                              "settimeofday",
                                              "clock_settime",
                                              "iopl",
                                              "ioperm",
                                              "lookup_dcookie",
                                              "nfsservctl",
                                              "uselib",
                                              "vhangup",
                                              "fanotify_init",
                                              "vm86",
                                              "vm86old",
                                              "modify_ldt",
                                              "sysfs",
                                              "_sysctl"};
  return names;
}

class Filter {
 public:
  Filter() : context_(::seccomp_init(SCMP_ACT_ALLOW), &::seccomp_release) {
    if (!context_) throw Error(ErrorKind::Internal, "cannot make a system call filter");
    check(::seccomp_attr_set(context_.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
    ::seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a binary tree, where known
  }

  void refuse(const char* name, std::initializer_list<scmp_arg_cmp> conditions = {},
              int with = EPERM) {
    const int number = ::seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) return;  // newer than this library: then denied by its siblings
    const std::vector<scmp_arg_cmp> list(conditions);
    const int code =
        ::seccomp_rule_add_array(context_.get(), SCMP_ACT_ERRNO(static_cast<unsigned>(with)),
                                 number, static_cast<unsigned>(list.size()), list.data());
    // A call that this architecture does not have cannot be made.
    if (code != -EDOM && code != -EINVAL) check(code);
  }

  std::string program() const {
    Fd file(::memfd_create("filter", MFD_CLOEXEC));
    if (!file) throw_errno("cannot make a file in memory");
    check(::seccomp_export_bpf(context_.get(), file.get()));
    ::lseek(file.get(), 0, SEEK_SET);
    return read_all(file.get());
  }

 private:
  static void check(int code) {
    if (code == 0) return;
    errno = -code;
    throw_errno("cannot make the system call filter");
  }
  std::unique_ptr<void, decltype(&::seccomp_release)> context_;
};

scmp_arg_cmp word_is(unsigned index, scmp_datum_t value) {
  return SCMP_CMP(index, SCMP_CMP_MASKED_EQ, kWord, value);
}
scmp_arg_cmp has_bits(unsigned index, scmp_datum_t bits) {
  return SCMP_CMP(index, SCMP_CMP_MASKED_EQ, bits, bits);
}

void refuse_sockets(Filter& filter, bool local, bool routes) {
  for (scmp_datum_t family = 0; family < AF_NETLINK; ++family) {
    if (family == AF_INET || family == AF_INET6 || (family == AF_UNIX && local)) continue;
    filter.refuse("socket", {word_is(0, family)});
  }
  filter.refuse("socket", {SCMP_CMP(0, SCMP_CMP_GT, AF_NETLINK)});
  if (routes) {
    filter.refuse("socket", {word_is(0, AF_NETLINK), SCMP_CMP(2, SCMP_CMP_NE, 0)});
  } else {
    filter.refuse("socket", {word_is(0, AF_NETLINK)});
  }
  constexpr scmp_datum_t kTypeBits = 0xf;
  for (const scmp_datum_t family : {AF_INET, AF_INET6}) {
    filter.refuse("socket",
                  {word_is(0, family), SCMP_CMP(1, SCMP_CMP_MASKED_EQ, kTypeBits, SOCK_RAW)});
  }
  // A datagram pair can be turned towards any name; a stream pair cannot.
  if (!local) filter.refuse("socketpair", {SCMP_CMP(1, SCMP_CMP_MASKED_EQ, kTypeBits, SOCK_DGRAM)});
}

std::string make_program(Profile profile, bool host_sockets) {
  Filter filter;
  for (const char* name : never_allowed()) filter.refuse(name);
  // glibc falls back to clone, whose flags can be looked at.
  filter.refuse("clone3", {}, ENOSYS);
  for (const scmp_datum_t space : {CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET,
                                   CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP}) {
    filter.refuse("clone", {has_bits(0, space)});
  }
  filter.refuse("ioctl", {word_is(1, TIOCSTI)});
  filter.refuse("ioctl", {word_is(1, TIOCLINUX)});
  if (profile != Profile::Debug) {
    filter.refuse("perf_event_open");
    filter.refuse("userfaultfd");
  }
  if (profile == Profile::Strict) {
    for (const char* name : {"ptrace", "process_vm_readv", "process_vm_writev"})
      filter.refuse(name);
  }
  refuse_sockets(filter, profile != Profile::Strict && !host_sockets, profile != Profile::Strict);
  return filter.program();
}

}  // namespace

const std::string& seccomp_program(Profile profile, bool host_sockets) {
  static std::mutex mutex;
  static std::map<std::pair<Profile, bool>, std::string> made;
  const std::lock_guard hold(mutex);
  std::string& program = made[{profile, host_sockets}];
  if (program.empty()) program = make_program(profile, host_sockets);
  return program;
}

void warm_up() { seccomp_program(Policy{}.profile, Policy{}.network); }

}  // namespace nightjar::sandbox
