#include "tools/scratch_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <system_error>

namespace nightjar::tools {

Fd fresh_file(const fs::path& path, unsigned mode) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  Fd fd(::open(path.c_str(), kFlags, mode));
  struct stat info{};
  if (fd && ::fstat(fd.get(), &info) == 0 && S_ISREG(info.st_mode)) return fd;
  std::error_code ignored;
  fs::remove_all(path, ignored);
  return Fd(::open(path.c_str(), kFlags | O_EXCL, mode));
}

}  // namespace nightjar::tools
