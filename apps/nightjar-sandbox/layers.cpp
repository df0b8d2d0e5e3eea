#include "layers.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace nightjar::helper {

std::vector<std::string> names_in(int folder) {
  const int own = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0) throw_errno("cannot read a folder");
  DIR* stream = ::fdopendir(own);
  if (!stream) {
    ::close(own);
    throw_errno("cannot read a folder");
  }
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(stream)) {
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0) {
      names.emplace_back(entry->d_name);
    }
  }
  ::closedir(stream);
  return names;
}

bool is_whiteout(const struct stat& info) {
  return S_ISCHR(info.st_mode) && info.st_rdev == makedev(0, 0);
}

bool is_opaque(int folder) {
  char value = 0;
  return ::fgetxattr(folder, "user.overlay.opaque", &value, 1) == 1 && value == 'y';
}

Fd open_folder_at(int parent, const char* name) {
  const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  Fd fd(::openat(parent, name, flags));
  struct stat info{};
  const bool closed =
      fd ? ::fstat(fd.get(), &info) == 0 && (info.st_mode & 0500) != 0500 : errno == EACCES;
  if (!closed) return fd;
  if (::fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(info.st_mode)) return {};
  // Between the two calls nobody else is here: commands have ended.
  if (::fchmodat(parent, name, info.st_mode | 0700, 0) != 0) return fd;
  return Fd(::openat(parent, name, flags));
}

std::map<std::string, Shown> shown(const Stack& stack) {
  std::map<std::string, Shown> out;
  std::map<std::string, Shown> gone;
  for (size_t layer = 0; layer < stack.size(); ++layer) {
    for (auto& name : names_in(stack[layer].get())) {
      if (out.contains(name) || gone.contains(name)) continue;
      struct stat info{};
      if (::fstatat(stack[layer].get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
      (is_whiteout(info) ? gone : out)[std::move(name)] = {layer, info.st_mode};
    }
  }
  return out;
}

void cut_hidden(Stack& stack) {
  for (size_t layer = 0; layer < stack.size(); ++layer) {
    if (is_opaque(stack[layer].get())) stack.resize(layer + 1);
  }
}

Stack child_stack(const Stack& stack, const std::string& name, size_t first_layer) {
  Stack out;
  for (size_t layer = first_layer; layer < stack.size(); ++layer) {
    struct stat info{};
    if (::fstatat(stack[layer].get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (!S_ISDIR(info.st_mode)) break;
    Fd folder = open_folder_at(stack[layer].get(), name.c_str());
    if (!folder) throw_errno("cannot open the folder " + name);
    const bool opaque = is_opaque(folder.get());
    out.push_back(std::move(folder));
    if (opaque) break;
  }
  return out;
}

}  // namespace nightjar::helper
