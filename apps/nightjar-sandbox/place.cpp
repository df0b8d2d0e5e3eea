#include "place.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/error.h"

namespace nightjar::helper {

namespace {

std::vector<std::string> components(const std::string& path) {
  std::vector<std::string> out;
  for (size_t at = 0; at < path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    if (end > at) out.push_back(path.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

// The folder that holds `path`, where it is there already, in one call.
Fd existing(const Fd& root, const std::string& path) {
  const size_t begin = path.find_first_not_of('/');
  const size_t end = path.rfind('/');
  if (begin == std::string::npos || end == std::string::npos || end <= begin) return {};
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  const std::string folder = path.substr(begin, end - begin);
  return Fd(static_cast<int>(::syscall(SYS_openat2, root.get(), folder.c_str(), &how, sizeof how)));
}

// Opens the folder that will hold the last component, which is returned.
Fd parent_of(const Fd& root, const std::string& path, std::string& last) {
  auto parts = components(path);
  if (parts.empty()) throw Error(ErrorKind::Invalid, "a place without a name");
  if (std::ranges::find(parts, "..") != parts.end())
    throw Error(ErrorKind::Invalid, "a place may not leave its root: " + path);
  last = parts.back();
  parts.pop_back();
  if (Fd found = existing(root, path)) return found;
  Fd at(::openat(root.get(), ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!at) throw_errno("cannot open the new root");
  for (const auto& part : parts) {
    Fd next(::openat(at.get(), part.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next && errno == ENOENT) {
      if (::mkdirat(at.get(), part.c_str(), 0755) != 0)
        throw_errno("cannot make a place for " + path);
      next = Fd(::openat(at.get(), part.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    }
    if (!next) throw_errno("cannot make a place for " + path);
    at = std::move(next);
  }
  return at;
}

}  // namespace

Fd place_folder(const Fd& root, const std::string& path, unsigned mode) {
  std::string name;
  const Fd parent = parent_of(root, path, name);
  if (::mkdirat(parent.get(), name.c_str(), mode) != 0 && errno != EEXIST) {
    throw_errno("cannot make a place for " + path);
  }
  Fd fd(::openat(parent.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) throw_errno("cannot make a place for " + path);
  return fd;
}

Fd place_file(const Fd& root, const std::string& path, std::string_view text, unsigned mode) {
  std::string name;
  const Fd parent = parent_of(root, path, name);
  Fd made(::openat(parent.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                   mode));
  if (made) {
    write_all(made.get(), text);
  } else if (errno != EEXIST) {
    throw_errno("cannot make a place for " + path);
  }
  Fd fd(::openat(parent.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) throw_errno("cannot open " + path);
  return fd;
}

void place_link(const Fd& root, const std::string& path, const std::string& to) {
  std::string name;
  const Fd parent = parent_of(root, path, name);
  if (::symlinkat(to.c_str(), parent.get(), name.c_str()) != 0)
    throw_errno("cannot make the link " + path);
}

}  // namespace nightjar::helper
