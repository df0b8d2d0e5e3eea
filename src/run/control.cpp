#include "run/control.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "run/job.h"

namespace nightjar::run {

namespace {

// sun_path holds 108 bytes: longer folders are reached through a descriptor of theirs.
struct Address {
  explicit Address(const fs::path& folder)
      : folder_fd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    if (!folder_fd) return;
    const std::string path =
        "/proc/self/fd/" + std::to_string(folder_fd.get()) + "/" + std::string(kControlSocket);
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&name); }
  Fd folder_fd;
  sockaddr_un name{};
};

// Up to a newline, at most 4096 bytes, within two seconds.
std::optional<std::string> read_line(int fd) {
  std::string line;
  const Deadline deadline = in(std::chrono::seconds(2));
  while (line.size() < 4096) {
    pollfd wait{fd, POLLIN, 0};
    if (::poll(&wait, 1, poll_timeout(deadline)) <= 0) return std::nullopt;
    std::array<char, 512> buffer{};
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n <= 0) return std::nullopt;
    line.append(buffer.data(), static_cast<size_t>(n));
    if (line.ends_with('\n')) return trimmed(line);
  }
  return std::nullopt;
}

}  // namespace

Control::Control(const fs::path& run_folder, std::function<void()> on_cancel)
    : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      wake_(::eventfd(0, EFD_CLOEXEC)),
      on_cancel_(std::move(on_cancel)) {
  ::unlink((run_folder / kControlSocket).c_str());
  const Address address(run_folder);
  if (!listener_ || !wake_ || ::bind(listener_.get(), address.get(), sizeof address.name) != 0 ||
      ::listen(listener_.get(), 8) != 0) {
    throw_errno("cannot listen in " + run_folder.string());
  }
  thread_ = std::jthread([this] { serve(); });
}

Control::~Control() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(wake_.get(), &one, sizeof one);
}

void Control::serve() {
  for (;;) {
    std::array<pollfd, 2> fds{{{listener_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;
    if (fds[1].revents) return;
    if (!fds[0].revents) continue;
    Fd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!peer) continue;
    const auto line = read_line(peer.get());
    if (!line) continue;
    std::string answer = "unknown order\n";
    if (*line == "ping") answer = "nightjar " NIGHTJAR_VERSION "\n";
    if (*line == "cancel") {
      on_cancel_();
      answer = "cancelling\n";
    }
    ::send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
  }
}

std::optional<std::string> order(const fs::path& run_folder, std::string_view line) {
  const Address address(run_folder);
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!address.folder_fd || !fd || ::connect(fd.get(), address.get(), sizeof address.name) != 0) {
    return std::nullopt;
  }
  const std::string text = std::string(line) + "\n";
  if (::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0) return std::nullopt;
  return read_line(fd.get());
}

}  // namespace nightjar::run
