#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "changes.h"

namespace nightjar::helper {

namespace {

using core::Change;

// Never through a link, never out of the tree, whatever the tree holds.
Fd open_below(int root, const std::string& path, std::uint64_t flags) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return Fd(static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how)));
}

void remove_at(int folder, const std::string& name) {
  if (::unlinkat(folder, name.c_str(), 0) == 0 || errno == ENOENT) return;
  const std::string path = "/proc/self/fd/" + std::to_string(folder) + "/" + name;
  if (!remove_tree(path)) throw Error(ErrorKind::Internal, "cannot remove " + name);
}

void check(const std::string& path) {
  const auto bad = [&] {
    throw Error(ErrorKind::Invalid, "a change may not be made at '" + path + "'");
  };
  if (path.empty() || path.front() == '/' || path.back() == '/' ||
      path.find('\0') != std::string::npos)
    bad();
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const auto part = std::string_view(path).substr(at, end - at);
    if (part.empty() || part == "." || part == "..") bad();
    at = end + 1;
  }
}

void write_file(int folder, const std::string& name, const Change& change) {
  const mode_t mode = change.executable ? 0755 : 0644;
  Fd file(
      ::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!file && errno == EEXIST) {
    remove_at(folder, name);
    file = Fd(
        ::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  }
  if (!file) throw_errno("cannot write " + change.path);
  write_all(file.get(), change.content);
}

}  // namespace

// Makes the folders on the way; a file or link that stands where one must be gives way.
Fd Changes::parent_of(const std::string& path, std::string& name) {
  const size_t slash = path.rfind('/');
  name = slash == std::string::npos ? path : path.substr(slash + 1);
  const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash);
  Fd folder = open_below(root_.get(), parent, O_RDONLY | O_DIRECTORY);
  if (folder) return folder;
  Fd at = open_below(root_.get(), ".", O_RDONLY | O_DIRECTORY);
  for (size_t begin = 0; begin < parent.size();) {
    const size_t end = std::min(parent.find('/', begin), parent.size());
    const std::string part = parent.substr(begin, end - begin);
    Fd next = open_folder_at(at.get(), part.c_str());
    if (!next) {
      remove_at(at.get(), part);
      if (::mkdirat(at.get(), part.c_str(), 0755) != 0)
        throw_errno("cannot make the folder of " + path);
      next = open_folder_at(at.get(), part.c_str());
    }
    if (!next) throw_errno("cannot make the folder of " + path);
    at = std::move(next);
    begin = end + 1;
  }
  return at;
}

void Changes::apply(const Change& change) {
  check(change.path);
  if (!root_) root_ = Fd(::open(target_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root_) throw_errno("cannot open the work tree");
  std::string name;
  const Fd folder = parent_of(change.path, name);
  switch (change.what) {
    case Change::What::File:
      write_file(folder.get(), name, change);
      return;
    case Change::What::Symlink:
      remove_at(folder.get(), name);
      if (::symlinkat(change.content.c_str(), folder.get(), name.c_str()) != 0) {
        throw_errno("cannot make the link " + change.path);
      }
      return;
    case Change::What::Deleted:
      remove_at(folder.get(), name);
      return;
    case Change::What::OpaqueFolder:
      remove_at(folder.get(), name);
      if (::mkdirat(folder.get(), name.c_str(), 0755) != 0)
        throw_errno("cannot make the folder " + change.path);
      return;
    case Change::What::Other:
      throw Error(ErrorKind::Invalid, change.path + " is no file, folder or link");
  }
}

}  // namespace nightjar::helper
