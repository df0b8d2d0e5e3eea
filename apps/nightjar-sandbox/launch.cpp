#include "launch.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <string>

#include "base/error.h"
#include "mounts.h"

namespace nightjar::helper {

namespace {

using sandbox::Plan;
using sandbox::Source;

void write_file(const std::string& path, std::string_view text) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) throw_errno("cannot open " + path);
  if (::write(fd.get(), text.data(), text.size()) < 0) throw_errno("cannot write " + path);
}

std::string map_line(std::uint32_t inside, std::uint32_t outside) {
  return std::to_string(inside) + " " + std::to_string(outside) + " 1\n";
}

// A user namespace that says: what belongs to `disk` on disk belongs to `run` in this mount.
Fd owner_map(const Source& source, const Plan& plan) {
  const long child =
      ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (child < 0) throw_no_namespace("cannot make a user namespace for the owner of " + source.path);
  if (child == 0) {
    for (;;) ::pause();
  }
  const std::string process = "/proc/" + std::to_string(child);
  Fd result;
  try {
    write_file(process + "/uid_map", map_line(source.owner_uid, plan.run_uid));
    write_file(process + "/gid_map", map_line(source.owner_gid, plan.run_gid));
    result = Fd(::open((process + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
  } catch (...) {
    ::kill(static_cast<pid_t>(child), SIGKILL);
    ::waitpid(static_cast<pid_t>(child), nullptr, 0);
    throw;
  }
  ::kill(static_cast<pid_t>(child), SIGKILL);
  ::waitpid(static_cast<pid_t>(child), nullptr, 0);
  if (!result) throw_errno("cannot open the user namespace for " + source.path);
  return result;
}

class OwnerMaps {
 public:
  explicit OwnerMaps(const Plan& plan) : plan_(plan) {}
  void apply(int tree, const Source& source) {
    Fd& space = known_[{source.owner_uid, source.owner_gid}];
    if (!space) space = owner_map(source, plan_);
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_IDMAP;
    attributes.userns_fd = static_cast<std::uint64_t>(space.get());
    if (::mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0) {
      throw_errno("cannot map the owner of " + source.path);
    }
  }

 private:
  const Plan& plan_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Fd> known_;
};

// Detached copies first, because the staging folder then covers what stands below it on the host.
std::vector<Fd> open_sources(const Plan& plan) {
  std::vector<Fd> trees;
  OwnerMaps maps(plan);
  for (const auto& source : plan.sources) {
    const unsigned flags =
        OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (source.with_submounts ? AT_RECURSIVE : 0);
    Fd tree(::open_tree(AT_FDCWD, source.path.c_str(), flags));
    if (!tree && errno == EINVAL && !source.with_submounts) {
      // Mounts below it came from a more privileged namespace and cannot be taken away.
      tree = Fd(::open_tree(AT_FDCWD, source.path.c_str(), flags | AT_RECURSIVE));
    }
    if (!tree) throw_errno("cannot take " + source.path + " into the sandbox");
    if (source.map_owner) maps.apply(tree.get(), source);
    trees.push_back(std::move(tree));
  }
  return trees;
}

void stage_sources(const Plan& plan) {
  const std::vector<Fd> trees = open_sources(plan);
  if (::mount("nightjar", plan.staging.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") != 0) {
    throw_errno("cannot mount a memory file system on " + plan.staging);
  }
  if (::mkdir(new_root(plan).c_str(), 0755) != 0) throw_errno("cannot make " + new_root(plan));
  if (::mkdir(scratch_root(plan).c_str(), 0755) != 0) throw_errno("cannot make the scratch folder");
  if (::mkdir((plan.staging + "/s").c_str(), 0755) != 0)
    throw_errno("cannot make the sources' folder");
  for (size_t i = 0; i < trees.size(); ++i) {
    struct stat info{};
    if (::fstatat(trees[i].get(), "", &info, AT_EMPTY_PATH) != 0)
      throw_errno("cannot look at a source");
    const std::string place = source_path(plan, i);
    if (S_ISDIR(info.st_mode)) {
      if (::mkdir(place.c_str(), 0755) != 0) throw_errno("cannot make " + place);
    } else {
      Fd file(::open(place.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
      if (!file) throw_errno("cannot make " + place);
    }
    if (::move_mount(trees[i].get(), "", AT_FDCWD, place.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0) {
      throw_errno("cannot attach " + plan.sources[i].path);
    }
  }
}

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

void enter_namespaces(const Plan& plan) {
  for (const auto& group : plan.cgroups) write_file(group, "0");
  if (plan.from_root) {
    if (::unshare(CLONE_NEWNS) != 0) throw_no_namespace("cannot make a mount namespace");
    own_mounts();
    stage_sources(plan);
    become(plan.run_uid, plan.run_gid);
  }
  int spaces =
      CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
  if (!plan.network) spaces |= CLONE_NEWNET;
  if (::unshare(spaces) != 0) throw_no_namespace("cannot make namespaces");
  map_ids(0, plan.run_uid, 0, plan.run_gid);
  if (!plan.from_root) {
    own_mounts();
    stage_sources(plan);
  }
}

}  // namespace nightjar::helper
