#include "clone.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/error.h"

namespace nightjar::helper {

namespace {

void copy_content(int from, int to) {
  if (::ioctl(to, FICLONE, from) == 0) return;
  for (;;) {
    const ssize_t n = ::sendfile(to, from, nullptr, size_t{1} << 30);
    if (n == 0) return;
    if (n < 0) throw_errno("cannot copy a file");
  }
}

void give(int folder, const char* name, const Recipient* recipient) {
  if (!recipient) return;
  if (::fchownat(folder, name, recipient->uid, recipient->gid, AT_SYMLINK_NOFOLLOW) != 0) {
    throw_errno(std::string("cannot give away ") + name);
  }
}

void copy_entry(int from_folder, const std::string& name, int to_folder,
                const Recipient* recipient) {
  struct stat info{};
  if (::fstatat(from_folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
    throw_errno("cannot look at " + name);
  if (S_ISLNK(info.st_mode)) {
    std::array<char, 4097> target{};
    const ssize_t n = ::readlinkat(from_folder, name.c_str(), target.data(), target.size() - 1);
    if (n < 0 || ::symlinkat(target.data(), to_folder, name.c_str()) != 0) {
      throw_errno("cannot copy the link " + name);
    }
    give(to_folder, name.c_str(), recipient);
  } else if (S_ISREG(info.st_mode)) {
    Fd from(::openat(from_folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!from) throw_errno("cannot read " + name);
    Fd to(::openat(to_folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!to) throw_errno("cannot make " + name);
    copy_content(from.get(), to.get());
    give(to_folder, name.c_str(), recipient);  // before the mode: it takes the set-user-id bit
    if (::fchmod(to.get(), info.st_mode & 07777) != 0)
      throw_errno("cannot set the mode of " + name);
  } else {
    return;  // sockets, pipes, devices: nothing that a work tree needs
  }
  const std::array<timespec, 2> times{info.st_atim, info.st_mtim};
  ::utimensat(to_folder, name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW);
}

void copy_folder(const Stack& stack, int to, int depth, const Recipient* recipient) {
  if (depth > kMostDepth) throw Error(ErrorKind::Limit, "the tree is too deep to copy");
  for (const auto& [name, entry] : shown(stack)) {
    if (!S_ISDIR(entry.mode)) {
      copy_entry(stack[entry.layer].get(), name, to, recipient);
      continue;
    }
    if (::mkdirat(to, name.c_str(), 0700) != 0) throw_errno("cannot make the folder " + name);
    Fd child(::openat(to, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!child) throw_errno("cannot open the folder " + name);
    const Stack below = child_stack(stack, name, entry.layer);
    copy_folder(below, child.get(), depth + 1, recipient);
    give(to, name.c_str(), recipient);
    struct stat info{};
    if (::fstat(below.front().get(), &info) != 0) throw_errno("cannot look at " + name);
    const std::array<timespec, 2> times{info.st_atim, info.st_mtim};
    ::futimens(child.get(), times.data());
    if (::fchmod(child.get(), entry.mode & 07777) != 0)
      throw_errno("cannot set the mode of " + name);
  }
}

struct timespec change_time(int folder, const char* name) {
  struct stat info{};
  if (::fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
    throw_errno("cannot look at a mark");
  return info.st_ctim;
}

void mark(int folder, const char* name) {
  Fd file(::openat(folder, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!file) throw_errno("cannot make a mark");
}

constexpr const char* kStarted = "cloning";
constexpr const char* kComplete = "cloned";

bool exists(int folder, const char* name) {
  return ::faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

}  // namespace

struct timespec clone_layers(const Stack& layers, int to, int marks, const Recipient* recipient) {
  if (exists(marks, kComplete)) return change_time(marks, kComplete);
  if (!names_in(to).empty()) {
    if (!exists(marks, kStarted)) {
      throw Error(ErrorKind::Unavailable,
                  "this work tree was begun as an overlay and cannot go on as a copy");
    }
    for (const auto& name : names_in(to)) {
      if (!remove_tree("/proc/self/fd/" + std::to_string(to) + "/" + name))
        throw_errno("cannot empty a copy");
    }
  }
  mark(marks, kStarted);
  copy_folder(layers, to, 0, recipient);
  // As a lower layer of a later sandbox it stands for everything below it.
  ::fsetxattr(to, "user.overlay.opaque", "y", 1, 0);
  mark(marks, kComplete);
  give(marks, kComplete, recipient);
  const struct timespec complete = change_time(marks, kComplete);
  // Change times have the resolution of a clock tick: whatever comes later must show a later one.
  struct timespec at{};
  do {
    ::usleep(1000);
    ::clock_gettime(CLOCK_REALTIME_COARSE, &at);
  } while (at.tv_sec == complete.tv_sec ? at.tv_nsec <= complete.tv_nsec
                                        : at.tv_sec < complete.tv_sec);
  return complete;
}

void give_tree(int folder, const Recipient& recipient, int depth) {
  if (depth > kMostDepth) throw Error(ErrorKind::Limit, "the tree is too deep to give away");
  for (const auto& name : names_in(folder)) {
    give(folder, name.c_str(), &recipient);
    Fd child(::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (child) give_tree(child.get(), recipient, depth + 1);
  }
  if (::fchown(folder, recipient.uid, recipient.gid) != 0) throw_errno("cannot give a folder away");
}

}  // namespace nightjar::helper
