#include "root.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/mount.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>

#include "base/error.h"

namespace nightjar::helper {

namespace {

constexpr const char* kRoot = "/tmp";  // a tmpfs is mounted over it in our own mount namespace
constexpr uid_t kInside = 1000;

[[noreturn]] void fail(const std::string& what) { throw_errno("cannot " + what); }

int open_tree(const char* path, unsigned flags) { return static_cast<int>(::syscall(SYS_open_tree, AT_FDCWD, path, flags)); }

void write_to(const std::string& path, const std::string& text) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) fail("write " + path);
}

void map_ids(pid_t pid, uid_t inside, uid_t outside) {
  const std::string base = "/proc/" + (pid ? std::to_string(pid) : "self");
  write_to(base + "/setgroups", "deny");
  const std::string line = std::to_string(inside) + " " + std::to_string(outside) + " 1\n";
  write_to(base + "/uid_map", line);
  write_to(base + "/gid_map", line);
}

// A user namespace that maps what is on disk as `on_disk` to `run`, for idmapped mounts (root only).
Fd mapping_namespace(uid_t on_disk, gid_t group_on_disk, uid_t run) {
  int ready[2];
  int done[2];
  if (::pipe2(ready, O_CLOEXEC) != 0 || ::pipe2(done, O_CLOEXEC) != 0) fail("make a pipe");
  const pid_t child = ::fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    char byte = ::unshare(CLONE_NEWUSER) == 0 ? 'y' : 'n';
    [[maybe_unused]] auto n = ::write(ready[1], &byte, 1);
    ::close(done[1]);
    n = ::read(done[0], &byte, 1);
    ::_exit(0);
  }
  char byte = 'n';
  const auto got = ::read(ready[0], &byte, 1);
  Fd ns;
  if (got == 1 && byte == 'y') {
    const std::string base = "/proc/" + std::to_string(child);
    write_to(base + "/uid_map", std::to_string(on_disk) + " " + std::to_string(run) + " 1\n");
    write_to(base + "/gid_map", std::to_string(group_on_disk) + " " + std::to_string(run) + " 1\n");
    ns.reset(::open((base + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
  }
  for (const int fd : {ready[0], ready[1], done[0], done[1]}) ::close(fd);
  ::waitpid(child, nullptr, 0);
  if (!ns) fail("make a user namespace for an idmapped mount");
  return ns;
}

struct Clone {
  Fd mount;
  bool folder = false;
  const sandbox::Bind* bind = nullptr;
};

Clone clone_of(const sandbox::Bind& bind, const sandbox::Plan& plan) {
  struct stat info {};
  if (::stat(bind.source.c_str(), &info) != 0) fail("look at " + bind.source);
  Clone clone{Fd(open_tree(bind.source.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE)), S_ISDIR(info.st_mode), &bind};
  if (!clone.mount) fail("bind " + bind.source);
  mount_attr attributes{};
  const bool device = bind.source.starts_with("/dev/");
  attributes.attr_set = MOUNT_ATTR_NOSUID | (device ? 0 : MOUNT_ATTR_NODEV) | (bind.writable ? 0 : MOUNT_ATTR_RDONLY);
  unsigned flags = AT_EMPTY_PATH | AT_RECURSIVE;
  Fd ns;
  if (bind.idmap && plan.drop_from_root && info.st_uid != plan.run_uid) {
    ns = mapping_namespace(info.st_uid, info.st_gid, plan.run_uid);
    attributes.attr_set |= MOUNT_ATTR_IDMAP;
    attributes.userns_fd = static_cast<__u64>(ns.get());
    // An idmapped mount covers one file system: what is mounted below the folder stays out.
    clone.mount.reset(open_tree(bind.source.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
    if (!clone.mount) fail("bind " + bind.source);
    flags = AT_EMPTY_PATH;
  }
  if (::syscall(SYS_mount_setattr, clone.mount.get(), "", flags, &attributes, sizeof attributes) != 0) {
    fail("make " + bind.source + (bind.idmap ? " an idmapped mount (kernel 5.19 or newer is needed)" : " read-only"));
  }
  return clone;
}

void make_folders(const fs::path& path) {
  fs::path so_far;
  for (const auto& part : path) {
    so_far /= part;
    if (::mkdir(so_far.c_str(), 0755) != 0 && errno != EEXIST && errno != EROFS) fail("make the folder " + so_far.string());
  }
}

void make_file(const fs::path& path, const std::string& content) {
  make_folders(path.parent_path());
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd && errno != EROFS && errno != EEXIST) fail("make the file " + path.string());
  if (fd) write_all(fd.get(), content);
}

void attach(Clone& clone) {
  const fs::path target = kRoot + clone.bind->target;
  if (clone.folder) {
    make_folders(target);
  } else {
    make_file(target, "");
  }
  if (::syscall(SYS_move_mount, clone.mount.get(), "", AT_FDCWD, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0) {
    fail("attach " + clone.bind->source + " at " + clone.bind->target);
  }
}

// The new root on a tmpfs over /tmp. Sources are cloned before, because /tmp may hold some of them.
void build_root(const sandbox::Plan& plan) {
  for (const auto& bind : plan.binds) {
    if (bind.writable && bind.target.starts_with("/.layers/")) {
      for (const char* part : {"/data", "/work"}) {
        const std::string folder = bind.source + part;
        if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) fail("make " + folder);
        if (plan.drop_from_root && ::lchown(folder.c_str(), plan.run_uid, plan.run_uid) != 0) fail("own " + folder);
      }
    }
  }
  std::vector<Clone> clones;
  for (const auto& bind : plan.binds) clones.push_back(clone_of(bind, plan));
  if (::mount("tmpfs", kRoot, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,nr_inodes=65536,size=64m") != 0) fail("mount a tmpfs");
  ::umask(0022);
  // Before the binds: a repository or a tool may lie below /tmp.
  make_folders(std::string(kRoot) + "/tmp");
  if (::mount("tmpfs", (std::string(kRoot) + "/tmp").c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,nr_inodes=1000000") != 0) {
    fail("mount a tmpfs at /tmp");
  }
  for (auto& clone : clones) attach(clone);
  for (const auto& [target, name] : plan.links) {
    if (::symlink(target.c_str(), (kRoot + name).c_str()) != 0 && errno != EEXIST) fail("make the link " + name);
  }
  for (const auto& [name, content] : plan.files) make_file(kRoot + name, content);
  for (const char* folder : {"/proc", "/tmp", "/run", "/var/tmp", "/dev/pts", "/dev/shm", "/home/nightjar", "/.old", "/.self", "/root", "/.layers"}) {
    make_folders(std::string(kRoot) + folder);
  }
  for (const auto& overlay : plan.overlays) make_folders(kRoot + overlay.target);
  const std::pair<const char*, const char*> devices[] = {{"/proc/self/fd", "/dev/fd"}, {"/proc/self/fd/0", "/dev/stdin"}, {"/proc/self/fd/1", "/dev/stdout"}, {"/proc/self/fd/2", "/dev/stderr"}, {"pts/ptmx", "/dev/ptmx"}};
  for (const auto& [target, name] : devices) {
    if (::symlink(target, (std::string(kRoot) + name).c_str()) != 0) fail(std::string("make the link ") + name);
  }
}

void pivot() {
  const std::string self = std::string(kRoot) + "/.self";
  if (::mount(kRoot, self.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) fail("bind the new root");
  if (::chdir(self.c_str()) != 0) fail("enter the new root");
  if (::syscall(SYS_pivot_root, ".", "./.old") != 0) fail("pivot the root");
  if (::chdir("/") != 0) fail("enter the new root");
}

void mount_or_fail(const char* type, const char* target, unsigned long flags, const char* data) {
  if (::mount(type, target, type, flags, data) != 0) fail(std::string("mount ") + type + " at " + target);
}

// Overlay with the upper on disk, else with the upper on a tmpfs. A copy of the tree is the last resort.
std::string mount_overlay(const sandbox::Overlay& overlay, const std::string& force, Fd* upper_out) {
  make_folders(overlay.target);
  std::string lowers;
  for (const auto& lower : overlay.lowers) lowers += (lowers.empty() ? "" : ":") + lower;
  const auto try_at = [&](const std::string& upper) {
    const std::string data = "userxattr,lowerdir=" + lowers + ",upperdir=" + upper + "/data,workdir=" + upper + "/work";
    if (::mount("overlay", overlay.target.c_str(), "overlay", MS_NODEV | MS_NOSUID, data.c_str()) != 0) return false;
    if (upper_out) upper_out->reset(::open((upper + "/data").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return true;
  };
  if (overlay.lowers.empty()) {
    if (!overlay.upper.empty()) {
      if (::mount((overlay.upper + "/data").c_str(), overlay.target.c_str(), nullptr, MS_BIND, nullptr) != 0) fail("bind " + overlay.target);
    } else {
      mount_or_fail("tmpfs", overlay.target.c_str(), MS_NOSUID | MS_NODEV, "mode=0755,uid=1000,gid=1000,nr_inodes=1000000");
    }
    return "tmpfs";
  }
  if (!overlay.upper.empty() && force.empty() && try_at(overlay.upper)) return "overlay";
  const int first_error = errno;
  static int number = 0;
  const std::string scratch = "/.scratch/" + std::to_string(number++);
  make_folders(scratch);
  mount_or_fail("tmpfs", scratch.c_str(), MS_NOSUID | MS_NODEV, "mode=0755,uid=1000,gid=1000,nr_inodes=1000000");
  for (const char* part : {"/data", "/work"}) {
    if (::mkdir((scratch + part).c_str(), 0755) != 0) fail("make " + scratch + part);
  }
  if (try_at(scratch)) return "overlay on tmpfs";
  if (!overlay.upper.empty() && force.empty()) errno = first_error;
  fail("mount an overlay at " + overlay.target);
}

void loopback_up() {
  Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (!fd || ::ioctl(fd.get(), SIOCSIFFLAGS, &request) != 0) fail("bring the loopback up");
}

Inside finish_mounts(const sandbox::Plan& plan) {
  // A user namespace may mount proc only while it sees one that hides nothing: the old root still shows it.
  mount_or_fail("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
  if (::umount2("/.old", MNT_DETACH) != 0) fail("leave the old root");
  if (::mount("/proc/sys", "/proc/sys", nullptr, MS_BIND | MS_REC, nullptr) != 0 ||
      ::mount(nullptr, "/proc/sys", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) {
    fail("make /proc/sys read-only");
  }
  const unsigned long flags = MS_NOSUID | MS_NODEV;
  mount_or_fail("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620");
  mount_or_fail("tmpfs", "/dev/shm", flags, "mode=1777,nr_inodes=100000");
  mount_or_fail("tmpfs", "/run", flags, "mode=0755,uid=1000,gid=1000,nr_inodes=100000");
  mount_or_fail("tmpfs", "/var/tmp", flags, "mode=1777,nr_inodes=1000000");
  // HOME, where nothing stands for it, comes before the trees: a cache may lie below it.
  bool home_given = false;
  for (const auto& overlay : plan.overlays) home_given = home_given || overlay.target == "/home/nightjar";
  if (!home_given) mount_or_fail("tmpfs", "/home/nightjar", flags, "mode=0755,uid=1000,gid=1000,nr_inodes=1000000");
  Inside inside;
  for (size_t i = 1; i < plan.overlays.size(); ++i) {
    if (plan.overlays[i].target == "/home/nightjar") mount_overlay(plan.overlays[i], "", nullptr);
  }
  inside.tree_kind = mount_overlay(plan.overlays.front(), plan.force_tree, &inside.upper);
  for (size_t i = 1; i < plan.overlays.size(); ++i) {
    if (plan.overlays[i].target != "/home/nightjar") mount_overlay(plan.overlays[i], "", nullptr);
  }
  mount_or_fail("tmpfs", "/.layers", flags | MS_RDONLY, "mode=0555,size=4k");
  return inside;
}

}  // namespace

void enter(const sandbox::Plan& plan, const std::function<void(Inside)>& pid_one) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail("follow the parent's death");
  if (plan.drop_from_root) {
    if (::unshare(CLONE_NEWNS) != 0) fail("make a mount namespace");
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) fail("make mounts private");
    build_root(plan);
    if (::setgroups(0, nullptr) != 0 || ::setresgid(plan.run_uid, plan.run_uid, plan.run_uid) != 0 ||
        ::setresuid(plan.run_uid, plan.run_uid, plan.run_uid) != 0) {
      fail("drop to the run's user");
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_DUMPABLE, 1);  // else /proc/self belongs to root and no map can be written
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) fail("make a user namespace");
    map_ids(0, kInside, plan.run_uid);
  } else {
    const gid_t group = ::getegid();
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) fail("make a user namespace");
    write_to("/proc/self/setgroups", "deny");
    write_to("/proc/self/uid_map", std::to_string(kInside) + " " + std::to_string(plan.run_uid) + " 1\n");
    write_to("/proc/self/gid_map", std::to_string(kInside) + " " + std::to_string(group) + " 1\n");
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) fail("make mounts private");
    build_root(plan);
  }
  pivot();
  if (::unshare(CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | (plan.network ? 0 : CLONE_NEWNET)) != 0) {
    fail("make the other namespaces");
  }
  const pid_t outer = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) fail("fork PID 1");
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)outer;
    if (!plan.network) loopback_up();
    if (::sethostname("nightjar", 8) != 0) fail("name the host");
    pid_one(finish_mounts(plan));
    ::_exit(0);
  }
  ::close_range(0, ~0U, 0);  // only PID 1 speaks from here on
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  ::_exit(0);
}

}  // namespace nightjar::helper
