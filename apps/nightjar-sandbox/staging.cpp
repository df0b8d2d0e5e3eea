#include "staging.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "clone.h"
#include "launch.h"

namespace nightjar::helper {

namespace {

using sandbox::Plan;
using sandbox::Source;
using sandbox::Step;

Fd owner_map(const sandbox::Owner& owner, std::uint32_t run_uid, std::uint32_t run_gid) {
  const std::string whose = std::to_string(owner.uid) + ":" + std::to_string(owner.gid);
  const long child =
      ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (child < 0) throw_no_namespace("cannot make a user namespace for the owner " + whose);
  if (child == 0) {
    for (;;) ::pause();
  }
  const std::string process = "/proc/" + std::to_string(child);
  Fd result;
  try {
    write_file(process + "/uid_map", map_line(owner.uid, run_uid));
    write_file(process + "/gid_map", map_line(owner.gid, run_gid));
    result = Fd(::open((process + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
  } catch (...) {
    ::kill(static_cast<pid_t>(child), SIGKILL);
    ::waitpid(static_cast<pid_t>(child), nullptr, 0);
    throw;
  }
  ::kill(static_cast<pid_t>(child), SIGKILL);
  ::waitpid(static_cast<pid_t>(child), nullptr, 0);
  if (!result) throw_errno("cannot open the user namespace for the owner " + whose);
  return result;
}

struct Opened {
  Fd tree;
  bool mapped = true;
};

void restrict(const Fd& tree, Source::As as) {
  if (as == Source::As::Layer) return;
  mount_attr change{};
  change.attr_set = as == Source::As::ReadOnly
                        ? MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV
                        : MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
  const unsigned whole = as == Source::As::ReadOnly ? AT_RECURSIVE : 0;
  if (::mount_setattr(tree.get(), "", AT_EMPTY_PATH | whole, &change, sizeof change) != 0)
    throw_errno("cannot restrict a mount");
}

Fd open_source(const Source& source) {
  const unsigned flags =
      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (source.with_submounts ? AT_RECURSIVE : 0);
  Fd out(::open_tree(AT_FDCWD, source.path.c_str(), flags));
  if (!out && errno == EINVAL && !source.with_submounts) {
    // Mounts below it came from a more privileged namespace and cannot be taken away.
    out = Fd(::open_tree(AT_FDCWD, source.path.c_str(), flags | AT_RECURSIVE));
  }
  if (!out) throw_errno("cannot take " + source.path + " into the sandbox");
  restrict(out, source.as);
  return out;
}

Opened open_mapped(const Source& source, OwnerMaps& maps) {
  Opened out{open_source(source)};
  if (source.map_owner) out.mapped = maps.apply(out.tree.get(), source);
  return out;
}

void make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0) throw_errno("cannot make " + path);
}

Fd open_folder(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw_errno("cannot open " + path);
  return fd;
}

void attach_layer(const Plan& plan, std::vector<Opened>& opened, size_t index) {
  Fd& tree = opened[index].tree;
  if (!tree) return;  // two trees may share a layer
  const std::string place = source_path(plan, index);
  make_folder(place);
  if (::move_mount(tree.get(), "", AT_FDCWD, place.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0)
    throw_errno("cannot attach " + plan.sources[index].path);
  tree.reset();
}

// Copies the work tree where the run's uid may own it: the kernel would refuse to copy up what
// another has.
void copy_work_tree(const Plan& plan, Step& step) {
  if (plan.force_tree != sandbox::TreeKind::Best && plan.force_tree != sandbox::TreeKind::Clone) {
    throw Error(ErrorKind::Unavailable,
                "the file system cannot show its files as another user's (idmapped mount)");
  }
  const Recipient run{plan.run_uid, plan.run_gid};
  std::string folder = plan.staging + "/c";
  if (step.upper >= 0) {
    folder = source_path(plan, static_cast<size_t>(step.upper));
  } else {
    for (const char* part : {"", "/written", "/work"}) make_folder(folder + part);
    give_tree(open_folder(folder).get(), run);
  }
  Stack lowers;
  for (const auto index : step.sources) lowers.push_back(open_folder(source_path(plan, index)));
  cut_hidden(lowers);
  clone_layers(lowers, open_folder(folder + "/written").get(), open_folder(folder + "/work").get(),
               &run);
  step.text = folder;
  step.copy = true;
}

}  // namespace

std::string new_root(const Plan& plan) { return plan.staging + "/r"; }
std::string scratch_root(const Plan& plan) { return plan.staging + "/m"; }
std::string source_path(const Plan& plan, size_t index) {
  return plan.staging + "/s/" + std::to_string(index);
}

std::string map_line(std::uint32_t inside, std::uint32_t outside) {
  return std::to_string(inside) + " " + std::to_string(outside) + " 1\n";
}

void write_file(const std::string& path, std::string_view text) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) throw_errno("cannot open " + path);
  if (::write(fd.get(), text.data(), text.size()) < 0) throw_errno("cannot write " + path);
}

int OwnerMaps::space_of(const sandbox::Owner& owner) {
  Fd& space = known_[owner];
  if (!space) space = owner_map(owner, run_uid_, run_gid_);
  return space.get();
}

void OwnerMaps::prepare(const sandbox::Owner& owner) { space_of(owner); }

bool OwnerMaps::apply(int tree, const Source& source) {
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<std::uint64_t>(space_of({source.owner_uid, source.owner_gid}));
  return ::mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0;
}

std::vector<Fd> open_sources(const std::vector<Source>& sources) {
  std::vector<Fd> out;
  out.reserve(sources.size());
  for (const auto& source : sources) out.push_back(open_source(source));
  return out;
}

std::vector<Fd> stage_sources(Plan& plan, const std::vector<Source>& known, std::vector<Fd> before,
                              OwnerMaps& maps) {
  // Detached copies first, because the staging folder then covers what stands below it on the host.
  std::vector<Opened> opened;
  opened.reserve(plan.sources.size());
  for (size_t i = 0; i < plan.sources.size(); ++i) {
    const bool is_known = i < known.size() && plan.sources[i] == known[i];
    opened.push_back(is_known ? Opened{std::move(before[i])} : open_mapped(plan.sources[i], maps));
  }
  for (auto& step : plan.steps) {
    // The layers of one tree go together: all mapped, or none.
    const bool none =
        std::ranges::any_of(step.sources, [&](auto index) { return !opened[index].mapped; });
    if (step.upper < 0) continue;
    Opened& upper = opened[static_cast<size_t>(step.upper)];
    if (!none && upper.mapped) continue;
    Source plain = plan.sources[static_cast<size_t>(step.upper)];
    plain.map_owner = false;
    upper = {open_source(plain), false};
    give_tree(open_folder(plain.path).get(), {plan.run_uid, plan.run_gid});
  }
  if (::mount("nightjar", plan.staging.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") != 0) {
    throw_errno("cannot mount a memory file system on " + plan.staging);
  }
  for (const auto& folder : {new_root(plan), scratch_root(plan), plan.staging + "/s"})
    make_folder(folder);
  for (const auto& step : plan.steps) {
    if (step.what != Step::What::Tree && step.what != Step::What::Written) continue;
    for (const auto index : step.sources) attach_layer(plan, opened, index);
    if (step.upper >= 0) attach_layer(plan, opened, static_cast<size_t>(step.upper));
  }
  for (auto& step : plan.steps) {
    const bool none =
        std::ranges::any_of(step.sources, [&](auto index) { return !opened[index].mapped; });
    if (step.work_tree && none) copy_work_tree(plan, step);
  }
  std::vector<Fd> out;
  out.reserve(opened.size());
  for (auto& source : opened) out.push_back(std::move(source.tree));
  return out;
}

}  // namespace nightjar::helper
