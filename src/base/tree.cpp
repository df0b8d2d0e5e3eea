// Trees that strangers filled: removing and measuring them through descriptors, never through
// names.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "base/file.h"

namespace nightjar {

namespace {

struct FolderStream {
  explicit FolderStream(int fd) : stream(fd < 0 ? nullptr : ::fdopendir(fd)) {
    if (!stream && fd >= 0) ::close(fd);
  }
  ~FolderStream() {
    if (stream) ::closedir(stream);
  }
  FolderStream(const FolderStream&) = delete;
  FolderStream& operator=(const FolderStream&) = delete;
  DIR* stream;
};

int open_folder(int parent, const char* name) {
  const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  const int fd = ::openat(parent, name, flags);
  if (fd >= 0 || errno != EACCES) return fd;
  ::fchmodat(parent, name, 0700, 0);
  return ::openat(parent, name, flags);
}

// Empties the folder. Child folders beyond `kDeep` are first moved up to `top`, so that neither the
// stack nor the number of open descriptors grows with a tree that was made to be deep.
constexpr int kDeep = 64;

bool empty_folder(int folder_fd, int top_fd, int depth, unsigned long& moved) {
  struct stat info{};
  if (::fstat(folder_fd, &info) == 0 && (info.st_mode & 0700) != 0700) ::fchmod(folder_fd, 0700);
  FolderStream folder(::fcntl(folder_fd, F_DUPFD_CLOEXEC, 0));
  if (!folder.stream) return false;
  ::rewinddir(folder.stream);
  bool all = true;
  while (const dirent* entry = ::readdir(folder.stream)) {
    const char* name = entry->d_name;
    if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0) continue;
    if (::unlinkat(folder_fd, name, 0) == 0 || errno == ENOENT) continue;
    Fd child(open_folder(folder_fd, name));
    if (!child) {
      all = ::unlinkat(folder_fd, name, AT_REMOVEDIR) == 0 && all;
      continue;
    }
    if (depth >= kDeep) {
      const std::string place = ".nightjar-removing-" + std::to_string(moved++);
      all = ::renameat(folder_fd, name, top_fd, place.c_str()) == 0 && all;
      continue;
    }
    all = empty_folder(child.get(), top_fd, depth + 1, moved) && all;
    all = ::unlinkat(folder_fd, name, AT_REMOVEDIR) == 0 && all;
  }
  return all;
}

unsigned long long measure(int folder_fd, int depth) {
  FolderStream folder(::dup(folder_fd));
  if (!folder.stream || depth > 512) return 0;
  unsigned long long total = 0;
  while (const dirent* entry = ::readdir(folder.stream)) {
    const char* name = entry->d_name;
    if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0) continue;
    struct stat info{};
    if (::fstatat(folder_fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    total += static_cast<unsigned long long>(info.st_blocks) * 512 /
             (info.st_nlink > 1 && !S_ISDIR(info.st_mode) ? info.st_nlink : 1);
    if (!S_ISDIR(info.st_mode)) continue;
    Fd child(::openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (child) total += measure(child.get(), depth + 1);
  }
  return total;
}

}  // namespace

bool remove_tree(const fs::path& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return true;
  Fd folder(open_folder(AT_FDCWD, path.c_str()));
  if (!folder) return ::rmdir(path.c_str()) == 0 || errno == ENOENT;
  for (unsigned long moved = 0, before = 0;; before = moved) {
    if (!empty_folder(folder.get(), folder.get(), 0, moved)) return false;
    if (moved == before) break;  // nothing was moved up in this pass: it is empty
  }
  return ::rmdir(path.c_str()) == 0 || errno == ENOENT;
}

unsigned long long disk_use(const fs::path& folder) {
  Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  return fd ? measure(fd.get(), 0) : 0;
}

}  // namespace nightjar
