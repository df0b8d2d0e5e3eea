#include "cli/pager.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "proc/process.h"

namespace nightjar::cli {

namespace {

// Empty: none.
std::string pager_command() {
  for (const char* name : {"NIGHTJAR_PAGER", "PAGER"}) {
    const char* value = std::getenv(name);
    if (value && *value) return std::string_view(value) == "cat" ? "" : value;
  }
  return proc::find_in_path("less").empty() ? "" : "less -FRX";
}

}  // namespace

PagedOutput::PagedOutput(bool paged) {
  if (!paged || ::isatty(STDOUT_FILENO) != 1) return;
  const std::string command = pager_command();
  if (command.empty()) return;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return;
  Fd in(ends[0]);
  pipe_ = Fd(ends[1]);
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGPIPE, SIG_IGN);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::signal(SIGINT, SIG_DFL);
    ::signal(SIGPIPE, SIG_DFL);
    ::dup2(in.get(), STDIN_FILENO);
    ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    ::_exit(127);
  }
  if (pid_ < 0) pipe_.reset();
}

PagedOutput::~PagedOutput() {
  if (pid_ <= 0) return;
  pipe_.reset();
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGPIPE, SIG_DFL);
}

bool PagedOutput::write(std::string_view text) {
  if (left_) return false;
  if (!pipe_) {
    write_all(STDOUT_FILENO, text);
    return true;
  }
  while (!text.empty()) {
    const ssize_t written = ::write(pipe_.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno != EPIPE) throw_errno("cannot write to the pager");
    if (written <= 0) return !(left_ = true);
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace nightjar::cli
