#include "server/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/error.h"

namespace nightjar::server {

namespace {

constexpr int kBacklog = 256;

Fd new_socket(int family) {
  Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) throw_errno("cannot make a socket");
  return fd;
}

/// The socket's address through its folder's descriptor, so that the folder's path may be of any
/// length.
sockaddr_un address_of(int folder, const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = fmt::format("/proc/self/fd/{}/{}", folder, name);
  if (path.size() >= sizeof address.sun_path) {
    throw Error(ErrorKind::Invalid, "the name of the socket is too long: " + name);
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

template <class Address>
int bind_to(int fd, const Address& address) {
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

/// Removes a socket file that no process listens on any more.
void remove_stale(int folder, const std::string& name, const sockaddr_un& address,
                  const fs::path& path) {
  struct stat info{};
  if (::fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return;
  if (!S_ISSOCK(info.st_mode)) {
    throw Error(ErrorKind::Conflict,
                path.string() + " is in the way: it is not a socket; move it away");
  }
  const Fd probe = new_socket(AF_UNIX);
  const int connected =
      ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  // EAGAIN: somebody listens, with a full queue.
  if (connected == 0 || errno == EAGAIN) {
    throw Error(ErrorKind::Conflict, "another process serves at " + path.string());
  }
  if (errno != ECONNREFUSED) throw_errno("cannot look at " + path.string());
  if (::unlinkat(folder, name.c_str(), 0) != 0 && errno != ENOENT)
    throw_errno("cannot replace " + path.string());
}

/// Host and port of "127.0.0.1:80", "localhost:80", "[::1]:80".
sockaddr_storage parse_loopback(std::string_view text, socklen_t& length) {
  const auto refuse = [&](std::string_view why) -> Error {
    return {ErrorKind::Invalid,
            fmt::format("listen = \"{}\": {}. Nightjar serves on loopback alone, such as "
                        "\"127.0.0.1:8737\"; for "
                        "other machines put an SSH tunnel or a proxy with TLS before it",
                        text, why)};
  };
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) throw refuse("the port is missing");
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size())
    throw refuse("the port is not a number");
  std::string host(text.substr(0, colon));
  if (host == "localhost") host = "127.0.0.1";

  sockaddr_storage storage{};
  in_addr four{};
  if (host == "[::1]") {
    auto& address = reinterpret_cast<sockaddr_in6&>(storage);
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    address.sin6_port = htons(port);
    length = sizeof address;
  } else if (::inet_pton(AF_INET, host.c_str(), &four) == 1 && (ntohl(four.s_addr) >> 24) == 127) {
    auto& address = reinterpret_cast<sockaddr_in&>(storage);
    address.sin_family = AF_INET;
    address.sin_addr = four;
    address.sin_port = htons(port);
    length = sizeof address;
  } else {
    throw refuse("that is not a loopback address");
  }
  return storage;
}

}  // namespace

UnixListener::UnixListener(const fs::path& path) : name_(path.filename()) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  folder_ = Fd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder_) throw_errno("cannot open " + folder.string());
  const sockaddr_un address = address_of(folder_.get(), name_);
  remove_stale(folder_.get(), name_, address, path);
  fd_ = new_socket(AF_UNIX);
  // The file gets the mode of the socket's own inode: never, not for a moment, is it open to
  // others.
  if (::fchmod(fd_.get(), 0600) != 0) throw_errno("cannot set the mode of a socket");
  if (bind_to(fd_.get(), address) != 0) {
    if (errno == EADDRINUSE)
      throw Error(ErrorKind::Conflict, "another process serves at " + path.string());
    throw_errno("cannot bind " + path.string());
  }
  struct stat info{};
  if (::fstatat(folder_.get(), name_.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0)
    inode_ = info.st_ino;
  if (::listen(fd_.get(), kBacklog) != 0) throw_errno("cannot listen at " + path.string());
}

UnixListener::~UnixListener() {
  struct stat info{};
  if (!fd_ || ::fstatat(folder_.get(), name_.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return;
  if (info.st_ino == inode_) ::unlinkat(folder_.get(), name_.c_str(), 0);
}

Fd listen_on_loopback(std::string_view text) {
  socklen_t length = 0;
  const sockaddr_storage address = parse_loopback(text, length);
  Fd fd = new_socket(address.ss_family);
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) {
    if (errno == EADDRINUSE) {
      throw Error(ErrorKind::Conflict,
                  fmt::format("another program listens on {}; set another port", text));
    }
    throw_errno(fmt::format("cannot listen on {}", text));
  }
  if (::listen(fd.get(), kBacklog) != 0) throw_errno(fmt::format("cannot listen on {}", text));
  return fd;
}

int port_of(int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<sockaddr_in&>(address).sin_port);
  if (address.ss_family == AF_INET6)
    return ntohs(reinterpret_cast<sockaddr_in6&>(address).sin6_port);
  return 0;
}

bool wait_for(int fd, short events, Deadline deadline) {
  for (;;) {
    pollfd entry{fd, events, 0};
    const int ready = ::poll(&entry, 1, poll_timeout(deadline));
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) throw_errno("poll");
  }
}

}  // namespace nightjar::server
