#include "base/fault.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace nightjar {

void fault_point(std::string_view name) {
  const char* wanted = std::getenv("NIGHTJAR_FAULT");
  if (!wanted || name != wanted) return;
  const char* folder = std::getenv("NIGHTJAR_FAULT_DIR");
  if (!folder) return;
  const std::string marker = std::string(folder) + "/" + std::string(name);
  const int fd = ::open(marker.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return;
  ::close(fd);
  ::kill(::getpid(), SIGKILL);
}

}  // namespace nightjar
