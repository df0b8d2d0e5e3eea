#include "mounts.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>
#include <utility>
#include <vector>

#include "base/error.h"
#include "clone.h"
#include "place.h"
#include "staging.h"

namespace nightjar::helper {

namespace {

using sandbox::Plan;
using sandbox::Step;
using sandbox::TreeKind;

using Option = std::pair<const char*, std::string>;

// nullptr as the value's place: a flag. Invalid Fd where the kernel refuses, errno says why.
Fd try_mount(const char* type, const std::vector<Option>& options, unsigned attributes) {
  Fd context(::fsopen(type, FSOPEN_CLOEXEC));
  if (!context) return {};
  for (const auto& [key, value] : options) {
    const int code = value.empty()
                         ? ::fsconfig(context.get(), FSCONFIG_SET_FLAG, key, nullptr, 0)
                         : ::fsconfig(context.get(), FSCONFIG_SET_STRING, key, value.c_str(), 0);
    if (code != 0) return {};
  }
  if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return {};
  return Fd(::fsmount(context.get(), FSMOUNT_CLOEXEC, attributes));
}

void attach(const Fd& mount, const Fd& place, const std::string& target) {
  if (::move_mount(mount.get(), "", place.get(), "",
                   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0) {
    throw_errno("cannot mount on " + target);
  }
}

Fd copy_of(const std::string& path) {
  return Fd(::open_tree(AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
}

void restrict_mount(const Fd& tree, std::uint64_t attributes) {
  mount_attr change{};
  change.attr_set = attributes;
  if (::mount_setattr(tree.get(), "", AT_EMPTY_PATH, &change, sizeof change) != 0) {
    throw_errno("cannot restrict a mount");
  }
}

class Builder {
 public:
  Builder(const Plan& plan, std::vector<Fd> sources) : plan_(plan), sources_(std::move(sources)) {}

  WorkTree build() {
    mount_root();
    for (const auto& step : plan_.steps) carry_out(step);
    enter();
    return std::move(work_tree_);
  }

 private:
  void mount_root() {
    Fd root = try_mount("tmpfs", {{"mode", "0755"}, {"size", "64M"}, {"nr_inodes", "10000"}},
                        MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    if (!root) throw_errno("cannot mount a memory file system");
    if (::move_mount(root.get(), "", AT_FDCWD, new_root(plan_).c_str(), MOVE_MOUNT_F_EMPTY_PATH) !=
        0) {
      throw_errno("cannot mount the new root");
    }
    std::vector<Option> options{{"mode", "0755"},
                                {"nr_inodes", std::to_string(plan_.scratch_inodes)}};
    if (plan_.scratch_bytes > 0) options.push_back({"size", std::to_string(plan_.scratch_bytes)});
    Fd scratch = try_mount("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    if (!scratch) throw_errno("cannot mount a memory file system");
    if (::move_mount(scratch.get(), "", AT_FDCWD, scratch_root(plan_).c_str(),
                     MOVE_MOUNT_F_EMPTY_PATH) != 0) {
      throw_errno("cannot mount the scratch space");
    }
    root_ = open_folder_path(new_root(plan_));
    scratch_ = open_folder_path(scratch_root(plan_));
  }

  static Fd open_folder_path(const std::string& path) {
    Fd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!fd) throw_errno("cannot open " + path);
    return fd;
  }

  void carry_out(const Step& step) {
    switch (step.what) {
      case Step::What::Folder:
        place_folder(root_, step.target, step.mode);
        return;
      case Step::What::File:
        place_file(root_, step.target, step.text, step.mode);
        return;
      case Step::What::Link:
        place_link(root_, step.target, step.text);
        return;
      case Step::What::Bind:
        bind(step);
        return;
      case Step::What::Device:
        device(step);
        return;
      case Step::What::Scratch:
        scratch(step);
        return;
      case Step::What::Tree:
        tree(step);
        return;
      case Step::What::Written:
        written(step);
        return;
      case Step::What::Proc:
        proc(step);
        return;
      case Step::What::Terminals:
        terminals(step);
        return;
    }
    throw Error(ErrorKind::Invalid, "an unknown step");
  }

  Fd place_for(const Fd& mount, const std::string& target) {
    struct stat info{};
    if (::fstatat(mount.get(), "", &info, AT_EMPTY_PATH) != 0)
      throw_errno("cannot look at a mount");
    return S_ISDIR(info.st_mode) ? place_folder(root_, target, 0755)
                                 : place_file(root_, target, "", 0644);
  }

  void bind(const Step& step) {
    const Fd tree = std::move(sources_.at(step.sources.at(0)));
    attach(tree, place_for(tree, step.target), step.target);
  }

  void device(const Step& step) {
    const Fd node = std::move(sources_.at(step.sources.at(0)));
    attach(node, place_file(root_, step.target, "", 0644), step.target);
  }

  // A folder of the one scratch file system, under a name of its own.
  std::string scratch_folder(unsigned mode) {
    const std::string name = std::to_string(scratch_count_++);
    if (::mkdirat(scratch_.get(), name.c_str(), 0755) != 0 ||
        ::fchmodat(scratch_.get(), name.c_str(), mode, 0) != 0) {
      throw_errno("cannot make a scratch folder");
    }
    return scratch_root(plan_) + "/" + name;
  }

  void scratch(const Step& step) {
    Fd folder = copy_of(scratch_folder(step.mode));
    if (!folder) throw_errno("cannot take the scratch space");
    attach(folder, place_folder(root_, step.target, 0755), step.target);
  }

  std::string upper_path(const Step& step) const {
    return source_path(plan_, static_cast<size_t>(step.upper));
  }

  void written(const Step& step) {
    Fd folder = copy_of(upper_path(step) + "/written");
    if (!folder) throw_errno("cannot take the layer for " + step.target);
    restrict_mount(folder, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    attach(folder, place_folder(root_, step.target, 0755), step.target);
  }

  void proc(const Step& step) {
    Fd proc = try_mount("proc", {}, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    if (!proc) throw_errno("cannot mount /proc");
    attach(proc, place_folder(root_, step.target, 0555), step.target);
    // The kernel asks its own uid, not ours, for some of these: nothing below may be written.
    Fd settings = copy_of(new_root(plan_) + step.target + "/sys");
    if (!settings) throw_errno("cannot take /proc/sys");
    restrict_mount(settings,
                   MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    attach(settings, place_folder(root_, step.target + "/sys", 0555), step.target + "/sys");
  }

  void terminals(const Step& step) {
    Fd mount = try_mount("devpts", {{"newinstance", ""}, {"mode", "0620"}, {"ptmxmode", "0666"}},
                         MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    if (!mount) throw_errno("cannot mount /dev/pts");
    attach(mount, place_folder(root_, step.target, 0755), step.target);
  }

  void tree(const Step& step) {
    const bool kept = step.upper >= 0;
    const auto wanted = [&](TreeKind kind) {
      // What is to be kept must not go to memory; nothing else is worth the copying.
      if (!step.work_tree)
        return !kept || plan_.force_tree != TreeKind::Clone || kind == TreeKind::Clone;
      if (step.copy) return kind == TreeKind::Clone;
      return plan_.force_tree == TreeKind::Best || plan_.force_tree == kind;
    };
    if (wanted(TreeKind::Overlay) && overlay(step, kept ? upper_path(step) : memory_upper())) {
      note(step, TreeKind::Overlay);
      return;
    }
    const int refusal = errno;
    if (wanted(TreeKind::OverlayOnTmpfs) && overlay(step, memory_upper())) {
      note(step, TreeKind::OverlayOnTmpfs);
      return;
    }
    if (wanted(TreeKind::Clone)) {
      clone(step);
      return;
    }
    errno = refusal;
    throw_errno("cannot mount an overlay on " + step.target);
  }

  std::string memory_upper() {
    const std::string folder = scratch_folder(0755);
    for (const char* name : {"/written", "/work"}) {
      if (::mkdir((folder + name).c_str(), 0755) != 0) throw_errno("cannot make a layer in memory");
    }
    return folder;
  }

  // False where this cannot be an upper layer here.
  bool overlay(const Step& step, const std::string& upper) {
    std::string lowers;
    for (const auto index : step.sources) {
      const std::string path = source_path(plan_, index);
      lowers += (lowers.empty() ? "" : ":") + path;
      // A layer that was made as a copy holds everything; the kernel asks no layer's own root for
      // that.
      if (is_opaque(Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)).get())) break;
    }
    const std::string top = upper + "/written";
    // Without attributes a folder that was made anew could not be told from the one below it.
    if (::setxattr(top.c_str(), "user.overlay.nightjar", "y", 1, 0) != 0) return false;
    ::removexattr(top.c_str(), "user.overlay.nightjar");
    Fd mount = try_mount(
        "overlay",
        {{"lowerdir", lowers}, {"upperdir", top}, {"workdir", upper + "/work"}, {"userxattr", ""}},
        MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    if (!mount) return false;
    attach(mount, place_folder(root_, step.target, 0755), step.target);
    written_ = top;
    return true;
  }

  void note(const Step& step, TreeKind kind) {
    if (!step.work_tree) return;
    work_tree_.kind = kind;
    work_tree_.written = Fd(::open(written_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!work_tree_.written) throw_errno("cannot open the upper layer");
  }

  void clone(const Step& step) {
    // Root may have copied it already, and said where to.
    const std::string folder = !step.text.empty() ? step.text
                               : step.upper >= 0  ? upper_path(step)
                                                  : memory_upper();
    const std::string top = folder + "/written";
    std::vector<Fd> lowers;
    for (const auto index : step.sources) {
      lowers.emplace_back(
          ::open(source_path(plan_, index).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (!lowers.back()) throw_errno("cannot open " + plan_.sources.at(index).path);
    }
    cut_hidden(lowers);
    Fd to(::open(top.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!to) throw_errno("cannot open the upper layer");
    Fd marks(::open((folder + "/work").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!marks) throw_errno("cannot open the work folder");
    const struct timespec when = clone_layers(lowers, to.get(), marks.get());
    Fd tree = copy_of(top);
    if (!tree) throw_errno("cannot take the clone");
    restrict_mount(tree, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    attach(tree, place_folder(root_, step.target, 0755), step.target);
    if (step.work_tree) work_tree_ = {TreeKind::Clone, std::move(to), std::move(lowers), when};
  }

  void enter() {
    restrict_mount(root_, MOUNT_ATTR_RDONLY);
    if (::fchdir(Fd(::open(new_root(plan_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)).get()) !=
        0) {
      throw_errno("cannot enter the new root");
    }
    if (::syscall(SYS_pivot_root, ".", ".") != 0) throw_errno("cannot change the root");
    if (::umount2(".", MNT_DETACH) != 0) throw_errno("cannot leave the old root");
    if (::chdir("/") != 0) throw_errno("cannot enter the new root");
  }

  const Plan& plan_;
  std::vector<Fd> sources_;  ///< each is attached once
  Fd root_, scratch_;
  unsigned scratch_count_ = 0;
  std::string written_;
  WorkTree work_tree_;
};

}  // namespace

WorkTree build_root(const Plan& plan, std::vector<Fd> sources) {
  return Builder(plan, std::move(sources)).build();
}

}  // namespace nightjar::helper
