#include "layers.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

#include "base/error.h"
#include "base/file.h"

namespace nightjar::helper {

namespace {

constexpr int kDeepest = 256;

bool is_opaque(int fd) {
  char value = 0;
  return ::fgetxattr(fd, "user.overlay.opaque", &value, 1) == 1 && value == 'y';
}

Fd open_folder(int parent, const char* name) {
  const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  Fd fd(::openat(parent, name, flags));
  if (!fd && errno == EACCES) {
    ::fchmodat(parent, name, 0700, 0);
    fd.reset(::openat(parent, name, flags));
  }
  return fd;
}

std::string read_regular(int parent, const char* name, const struct stat& info) {
  const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  Fd fd(::openat(parent, name, flags));
  if (!fd && errno == EACCES) {
    ::fchmodat(parent, name, 0600, 0);
    fd.reset(::openat(parent, name, flags));
  }
  if (!fd) throw_errno("cannot read a changed file");
  std::string content;
  content.resize(static_cast<size_t>(info.st_size));
  size_t have = 0;
  while (have < content.size()) {
    const ssize_t n = ::read(fd.get(), content.data() + have, content.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    have += static_cast<size_t>(n);
  }
  content.resize(have);
  return content;
}

void walk(int folder_fd, const std::string& prefix, int depth, std::uint64_t most,
          const std::function<void(const core::Change&)>& visit) {
  if (depth > kDeepest) throw Error(ErrorKind::Limit, "the changed tree is too deep");
  DIR* stream = ::fdopendir(::fcntl(folder_fd, F_DUPFD_CLOEXEC, 0));
  if (!stream) throw_errno("cannot list a changed folder");
  struct Closer {
    DIR* stream;
    ~Closer() { ::closedir(stream); }
  } const closer{stream};
  while (const dirent* entry = ::readdir(stream)) {
    const char* name = entry->d_name;
    if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0) continue;
    struct stat info {};
    if (::fstatat(folder_fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    core::Change change;
    change.path = prefix + name;
    if (S_ISDIR(info.st_mode)) {
      const Fd child = open_folder(folder_fd, name);
      if (!child) throw_errno("cannot open a changed folder");
      if (is_opaque(child.get())) {
        change.what = core::Change::What::OpaqueFolder;
        visit(change);
      }
      walk(child.get(), change.path + "/", depth + 1, most, visit);
      continue;
    }
    if (S_ISREG(info.st_mode)) {
      change.what = core::Change::What::File;
      change.executable = (info.st_mode & 0100) != 0;
      change.size = static_cast<std::uint64_t>(info.st_size);
      if (change.size <= most) change.content = read_regular(folder_fd, name, info);
    } else if (S_ISLNK(info.st_mode)) {
      change.what = core::Change::What::Symlink;
      std::string target(PATH_MAX, '\0');
      const ssize_t n = ::readlinkat(folder_fd, name, target.data(), target.size());
      target.resize(n > 0 ? static_cast<size_t>(n) : 0);
      change.content = std::move(target);
    } else if (S_ISCHR(info.st_mode) && info.st_rdev == makedev(0, 0)) {
      change.what = core::Change::What::Deleted;
    } else {
      change.what = core::Change::What::Other;
    }
    visit(change);
  }
}

}  // namespace

void collect(int upper_fd, std::uint64_t most_bytes, const std::function<void(const core::Change&)>& visit) {
  Fd again(::openat(upper_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!again) throw_errno("cannot open the upper layer");
  walk(again.get(), "", 0, most_bytes, visit);
}

void apply(int root_fd, const core::Change& change) {
  // The changes come from git: their paths were checked there, and nothing else runs yet.
  Fd folder(::fcntl(root_fd, F_DUPFD_CLOEXEC, 0));
  std::string_view rest = change.path;
  for (auto slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
    const std::string part(rest.substr(0, slash));
    rest.remove_prefix(slash + 1);
    Fd next(::openat(folder.get(), part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next) {
      if (change.what == core::Change::What::Deleted) return;
      ::unlinkat(folder.get(), part.c_str(), 0);
      if (::mkdirat(folder.get(), part.c_str(), 0755) != 0) throw_errno("cannot make a folder of " + change.path);
      next.reset(::openat(folder.get(), part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    }
    if (!next) throw_errno("cannot open a folder of " + change.path);
    folder = std::move(next);
  }
  const std::string name(rest);
  if (::unlinkat(folder.get(), name.c_str(), 0) != 0 && errno == EISDIR) {
    remove_tree(fs::path("/proc/self/fd/" + std::to_string(folder.get())) / name);
  }
  if (change.what == core::Change::What::Symlink) {
    if (::symlinkat(change.content.c_str(), folder.get(), name.c_str()) != 0) throw_errno("cannot make the link " + change.path);
  } else if (change.what == core::Change::What::File) {
    const Fd fd(::openat(folder.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, change.executable ? 0755 : 0644));
    if (!fd) throw_errno("cannot write " + change.path);
    write_all(fd.get(), change.content);
  }
}

}  // namespace nightjar::helper
