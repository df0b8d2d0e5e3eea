// What a command inside can see and do.
#include <signal.h>
#include <sys/stat.h>

#include <cstdlib>

#include "session_fixture.h"

namespace nightjar::sandbox {
namespace {

using SessionWalls = SessionTest;

TEST_F(SessionWalls, CommandsAreAnOrdinaryNamedUserWithAHome) {
  EXPECT_EQ(output_of("id -u; id -un; id -g"), "1000\nnightjar\n1000\n");
  EXPECT_EQ(output_of("cd; pwd; echo x > f && cat f"), "/home/nightjar\nx\n");
  EXPECT_EQ(output_of("umask; hostname"), "0022\nnightjar\n");
}

TEST_F(SessionWalls, CapabilitiesAreGoneAndCannotComeBack) {
  const std::string status = output_of("grep -E 'Cap|NoNewPrivs|Seccomp:' /proc/self/status");
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
    EXPECT_NE(status.find(std::string(set) + ":\t0000000000000000\n"), std::string::npos) << status;
  }
  EXPECT_NE(status.find("NoNewPrivs:\t1\n"), std::string::npos);
  EXPECT_NE(status.find("Seccomp:\t2\n"), std::string::npos);
}

TEST_F(SessionWalls, TheEnvironmentIsOursAlone) {
  ::setenv("NIGHTJAR_CANARY", "secret-canary", 1);
  policy_.env = {{"WANTED", "yes"}};
  policy_.path = "/usr/bin:/bin";
  EXPECT_EQ(
      output_of("env | grep -v ^PWD= | sort"),
      "HOME=/home/nightjar\nLANG=C.UTF-8\nLOGNAME=nightjar\nPATH=/usr/bin:/bin\nSHELL=/bin/sh\n"
      "TMPDIR=/tmp\nTZ=UTC\nUSER=nightjar\nWANTED=yes\n");
  EXPECT_EQ(run("cat /proc/*/environ 2>/dev/null | grep -q secret-canary").exit_status, 1);
  EXPECT_NE(run("cat /proc/1/environ").exit_status, 0);
  ::unsetenv("NIGHTJAR_CANARY");
}

TEST_F(SessionWalls, ThereIsNoNetworkButALoopbackThatIsUp) {
  EXPECT_EQ(output_of("tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '"), "lo\n");
  EXPECT_EQ(output_of("tail -n +2 /proc/net/route"), "");
  EXPECT_EQ(output_of("bash -c 'exec 3<>/dev/tcp/127.0.0.1/9' 2>&1 | grep -om1 refused | head -1"),
            "refused\n");
  EXPECT_NE(run("bash -c 'exec 3<>/dev/tcp/192.0.2.1/80'").output.find("nreachable"),
            std::string::npos);
}

TEST_F(SessionWalls, ASandboxThatWasBegunAheadIsLikeAnyOther) {
  const std::string look =
      "id -u; hostname; cat /proc/net/dev; cut -d' ' -f2,3 /proc/mounts; "
      "stat -c '%A %U %G %n' / /usr /dev/* /etc/*";
  const auto begun = [&] { return std::make_unique<Standby>(policy_.helper, 0); };
  session_ = Session::start(policy_, begun());
  const std::string ahead = output_of(look);
  session_.reset();
  EXPECT_EQ(ahead, output_of(look));
  session_.reset();
  policy_.network = true;  // another kind than what was begun
  session_ = Session::start(policy_, begun());
  EXPECT_EQ(output_of("readlink /proc/self/ns/net"),
            fs::read_symlink("/proc/self/ns/net").string() + "\n");
}

TEST_F(SessionWalls, AStandbyThatHasGoneIsToldOf) {
  Policy missing = policy_;
  missing.helper = dir_.path() / "nothing";
  EXPECT_THROW(Session::start(missing, std::make_unique<Standby>(missing.helper, 0)), Error);
  auto standby = std::make_unique<Standby>(policy_.helper, 0);
  std::string name;
  for (const auto& entry : fs::directory_iterator("/proc/self/task")) {
    const auto children = try_read_file(entry.path() / "children", 1 << 16).value_or("");
    if (!children.empty()) name = children.substr(0, children.find(' '));
  }
  ASSERT_FALSE(name.empty());
  ASSERT_EQ(::kill(std::stoi(name), SIGKILL), 0);
  try {
    Session::start(policy_, std::move(standby));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Unavailable);
    EXPECT_NE(std::string(error.what()).find("killed by signal 9"), std::string::npos)
        << error.what();
  }
}

TEST_F(SessionWalls, KernelSettingsCannotBeWritten) {
  EXPECT_NE(run("echo x > /proc/sys/kernel/core_pattern").exit_status, 0);
  EXPECT_NE(run("echo x > /proc/sys/kernel/hostname").exit_status, 0);
  EXPECT_NE(run("echo b > /proc/sysrq-trigger").exit_status, 0);
  EXPECT_NE(run("echo 1 > /proc/sys/net/ipv4/ip_forward").exit_status, 0);
}

TEST_F(SessionWalls, NothingOfTheHostIsVisibleButWhatWasGiven) {
  EXPECT_EQ(output_of("ls /home /home/someone /home/someone/src"),
            "/home:\nnightjar\nsomeone\n\n/home/someone:\nsrc\n\n/home/someone/src:\nthing\n");
  EXPECT_EQ(output_of("ls -A /run /tmp /var/tmp /dev/shm | grep -v :"), "\n\n\n");
  EXPECT_NE(run("ls " + dir_.path().string()).exit_status, 0);
  for (const char* path :
       {"/sys/kernel", "/etc/shadow", "/boot", "/mnt", "/etc/resolv.conf", "/etc/pip.conf"}) {
    EXPECT_NE(run(std::string("test -e ") + path).exit_status, 0) << path;
  }
  EXPECT_NE(run("touch /x || touch /etc/x || touch /usr/x || touch /home/someone/x").exit_status,
            0);
}

TEST_F(SessionWalls, OnlyTheCommandAndItsHelperAreInside) {
  EXPECT_EQ(output_of("set -- /proc/[0-9]*; echo $#"), "2\n");  // PID 1 and the shell
  EXPECT_NE(run("cat /proc/1/mem").exit_status, 0);
  EXPECT_NE(run("ls /proc/1/fd").exit_status, 0);
  EXPECT_NE(run("readlink /proc/1/exe").exit_status, 0);
  EXPECT_NE(run("kill -9 1; kill -0 1; test ! -d /proc/1").exit_status, 0);
  EXPECT_EQ(output_of("ls /proc/self/fd"), "0\n1\n2\n3\n");  // 3: ls itself reads the folder
}

TEST_F(SessionWalls, TheDevicesThatToolsNeedWork) {
  EXPECT_EQ(
      output_of("echo x > /dev/null; head -c 3 /dev/zero | wc -c; head -c 8 /dev/urandom | wc -c"),
      "3\n8\n");
  EXPECT_EQ(output_of("echo out > /dev/stdout; echo err > /dev/stderr"), "out\nerr\n");
  EXPECT_EQ(output_of("echo x > /dev/shm/f && cat /dev/shm/f"), "x\n");
  EXPECT_EQ(output_of("cat /dev/fd/0"), "");
  EXPECT_EQ(output_of("python3 -c 'import os, pty; pty.openpty(); print(1)'"), "1\n");
  EXPECT_NE(run("mknod /tmp/d b 8 0").exit_status, 0);
}

TEST_F(SessionWalls, HostNamesResolve) {
  EXPECT_EQ(output_of("getent hosts nightjar | awk '{print $1}'"), "127.0.0.1\n");
}

// The names of the calls that worked, out of those that must not.
constexpr const char* kCalls = R"(
import ctypes, errno, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) for a in arguments])
    return result, ctypes.get_errno()
calls = {'io_uring_setup': (425, 1, 0), 'mount': (165, 0, 0, 0, 0, 0), 'umount2': (166, 0, 0), 'unshare': (272, 0x10000000),
         'setns': (308, 0, 0), 'keyctl': (250, 0, -3, 1), 'add_key': (248, 0, 0, 0, 0, -3), 'bpf': (321, 0, 0, 0),
         'open_tree': (428, -100, 0, 1), 'fsopen': (430, 0, 0), 'pivot_root': (155, 0, 0), 'chroot': (161, 0),
         'clone_newuser': (56, 0x10000000 | 17, 0, 0, 0, 0), 'open_by_handle_at': (304, -100, 0, 0), 'kexec_load': (246, 0, 0, 0, 0),
         'pidfd_getfd': (438, 0, 0, 0), 'syslog': (103, 3, 0, 0), 'tiocsti': (16, 0, 0x5412, 0), 'tiocsti_high': (16, 0, 0x100005412, 0),
         'packet': (41, 17, 3, 0), 'raw': (41, 2, 3, 1), 'raw6': (41, 10, 3, 58), 'vsock': (41, 40, 1, 0), 'alg': (41, 38, 5, 0),
         'netlink_audit': (41, 16, 3, 9), 'packet_high': (41, 0x100000011, 3, 0)}
for name, arguments in calls.items():
    result, code = call(*arguments)
    if result == 0 and name == 'clone_newuser': os._exit(0)
    if code != errno.EPERM: print(name, result, code)
result, code = call(435, 0, 0)
if code != errno.ENOSYS: print('clone3', result, code)
)";

TEST_F(SessionWalls, CallsThatLeadOutAreRefused) {
  Command command{.argv = {"python3", "-"}};
  command.input = kCalls;
  const CommandResult result = session().run(command);
  EXPECT_EQ(result.output, "");
  EXPECT_EQ(result.exit_status, 0);
}

constexpr const char* kByProfile = R"(
import ctypes, os, socket, sys
def works(what):
    try:
        what(); return 'yes'
    except OSError: return 'no'
libc = ctypes.CDLL(None, use_errno=True)
def traceme():
    if os.fork() == 0:
        os._exit(0 if libc.ptrace(0, 0, 0, 0) == 0 else 1)
    if os.wait()[1] != 0: raise OSError()
def perf():
    if libc.syscall(298, 0, 0, -1, -1, 0) < 0 and ctypes.get_errno() == 1: raise OSError()
print(works(lambda: socket.socket(socket.AF_UNIX)), works(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)),
      works(traceme), works(lambda: socket.socketpair()), works(perf))
)";

TEST_F(SessionWalls, TheDefaultProfileAllowsUnixSocketsAndTracing) {
  Command command{.argv = {"python3", "-"}};
  command.input = kByProfile;
  EXPECT_EQ(session().run(command).output, "yes yes yes yes no\n");
}

TEST_F(SessionWalls, TheStrictProfileDeniesThem) {
  policy_.profile = Profile::Strict;
  Command command{.argv = {"python3", "-"}};
  command.input = kByProfile;
  EXPECT_EQ(session().run(command).output, "no no no yes no\n");
}

TEST_F(SessionWalls, TheDebugProfileAllowsPerfToo) {
  policy_.profile = Profile::Debug;
  Command command{.argv = {"python3", "-"}};
  command.input = kByProfile;
  EXPECT_EQ(session().run(command).output, "yes yes yes yes yes\n");
}

TEST_F(SessionWalls, SetUserIdProgramsGiveNothing) {
  EXPECT_EQ(run("su -c id root < /dev/null").output.find("uid=0"), std::string::npos);
  EXPECT_EQ(output_of("cp /usr/bin/id . && chmod 4755 id && ./id -u"), "1000\n");
}

TEST_F(SessionWalls, WhatARunLeavesOnDiskBelongsToNobodyThatMatters) {
  run("echo x > f && chmod 4777 f");
  session_->stop();
  struct stat info{};
  ASSERT_EQ(::stat((written_folder(policy_.tree.upper) / "f").c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, ::geteuid() == 0 ? 1900000000u : ::geteuid());
  ASSERT_EQ(::stat(policy_.tree.upper.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

}  // namespace
}  // namespace nightjar::sandbox
