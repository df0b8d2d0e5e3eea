#include "net/channel.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "base/error.h"
#include "net/proxy.h"
#include "net/tls.h"

namespace nightjar::net {

namespace {

/// How long an address may take while the name has others.
constexpr Millis kNextAddress{2'000};

struct Endpoint {
  sockaddr_storage address{};
  socklen_t length = 0;
};

Error unavailable(const std::string& what, int number) {
  return {ErrorKind::Unavailable, what + ": " + std::strerror(number)};
}

std::vector<Endpoint> look_up(const std::string& host, const std::string& port, int flags,
                              int& error) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
  std::vector<Endpoint> out;
  for (const addrinfo* each = error == 0 ? list : nullptr; each; each = each->ai_next) {
    Endpoint endpoint;
    endpoint.length = each->ai_addrlen;
    std::memcpy(&endpoint.address, each->ai_addr, each->ai_addrlen);
    out.push_back(endpoint);
  }
  if (error == 0) ::freeaddrinfo(list);
  return out;
}

/// getaddrinfo(3) cannot be stopped: a thread of its own asks, and is left alone where nobody
/// waits any more.
std::vector<Endpoint> resolve(const std::string& host, const std::string& port,
                              const Patience& patience) {
  int error = 0;
  if (auto numeric = look_up(host, port, AI_NUMERICHOST, error); error == 0) return numeric;
  struct Lookup {
    std::mutex mutex;
    std::condition_variable_any answered;
    bool done = false;
    int error = 0;
    std::vector<Endpoint> endpoints;
  };
  const auto lookup = std::make_shared<Lookup>();
  std::thread([lookup, host, port] {
    int failure = 0;
    auto found = look_up(host, port, AI_ADDRCONFIG, failure);
    const std::lock_guard lock(lookup->mutex);
    lookup->endpoints = std::move(found);
    lookup->error = failure;
    lookup->done = true;
    lookup->answered.notify_all();
  }).detach();
  std::unique_lock lock(lookup->mutex);
  const auto is_done = [&] { return lookup->done; };
  const bool is_answered =
      patience.deadline() == kNoDeadline
          ? lookup->answered.wait(lock, patience.stop(), is_done)
          : lookup->answered.wait_until(lock, patience.stop(), patience.deadline(), is_done);
  if (!is_answered) {
    patience.throw_if_over();
    throw Error(ErrorKind::Timeout, "the name " + host + " was not found in time");
  }
  if (lookup->error != 0)
    throw Error(ErrorKind::Unavailable, host + ": " + ::gai_strerror(lookup->error));
  return std::move(lookup->endpoints);
}

Fd connect_to(const sockaddr* address, socklen_t length, const Patience& patience) {
  Fd socket(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) throw_errno("cannot make a socket");
  int failure = 0;
  if (::connect(socket.get(), address, length) != 0) {
    if (errno != EINPROGRESS && errno != EINTR) throw unavailable("cannot connect", errno);
    patience.wait(socket.get(), POLLOUT);
    socklen_t size = sizeof failure;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &failure, &size);
  }
  if (failure != 0) throw unavailable("cannot connect", failure);
  return socket;
}

Fd connect_to_host(const std::string& host, const std::string& port, Patience& patience) {
  const auto endpoints = resolve(host, port, patience);
  const Deadline last = patience.deadline();
  for (size_t i = 0; i < endpoints.size(); ++i) {
    const bool is_last = i + 1 == endpoints.size();
    patience.until(is_last ? last : std::min(last, in(kNextAddress)));
    try {
      Fd socket = connect_to(reinterpret_cast<const sockaddr*>(&endpoints[i].address),
                             endpoints[i].length, patience);
      const int on = 1;
      ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      ::setsockopt(socket.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
      return socket;
    } catch (const Error&) {
      if (is_last || std::chrono::steady_clock::now() >= last) throw;
    }
  }
  throw Error(ErrorKind::Unavailable, host + " has no address");
}

/// Its troubles must not read as those of the host behind it.
Fd connect_to_proxy(const Proxy& proxy, Patience& patience) {
  try {
    return connect_to_host(proxy.host, proxy.port, patience);
  } catch (const Error& error) {
    throw Error(error.kind(),
                fmt::format("the proxy {}:{}: {}", proxy.host, proxy.port, error.what()));
  }
}

/// A path of any length: what does not fit into a socket address is reached through its folder.
Fd connect_to_socket(const fs::path& path, const Patience& patience) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  constexpr size_t kLongest = sizeof address.sun_path - 1;
  std::string name = path;
  Fd folder;
  if (name.size() > kLongest) {
    folder = Fd(::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!folder)
      throw Error(ErrorKind::Unavailable, "there is no folder " + path.parent_path().string());
    name = fmt::format("/proc/self/fd/{}/{}", folder.get(), path.filename().string());
    if (name.size() > kLongest)
      throw Error(ErrorKind::Invalid, "the name of the socket is too long: " + path.string());
  }
  name.copy(address.sun_path, kLongest);
  return connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address, patience);
}

/// Where the rest begins once that much of it was sent.
size_t behind(std::vector<iovec>& parts, size_t at, size_t sent) {
  for (; sent > 0 && sent >= parts[at].iov_len; ++at) sent -= parts[at].iov_len;
  if (sent > 0) {
    parts[at].iov_base = static_cast<char*>(parts[at].iov_base) + sent;
    parts[at].iov_len -= sent;
  }
  return at;
}

}  // namespace

Patience::Patience(const std::stop_token& stop, const Fd& wake)
    : stop_(stop), wake_(wake), woken_(stop, wake) {}

void Patience::throw_if_over() const {
  if (stop_.stop_requested()) throw Cancelled{};
  if (std::chrono::steady_clock::now() >= deadline_)
    throw Error(ErrorKind::Timeout, "there was no answer in time");
}

short Patience::wait(int fd, short events) const {
  for (;;) {
    throw_if_over();
    pollfd both[] = {{fd, events, 0}, {wake_.get(), POLLIN, 0}};
    const int ready = ::poll(both, 2, poll_timeout(deadline_));
    if (ready < 0 && errno != EINTR) throw_errno("poll");
    if (ready > 0 && both[0].revents != 0 && !stop_.stop_requested()) return both[0].revents;
  }
}

Channel::Channel(const Route& route, Millis connect_timeout, Patience& patience) {
  const Deadline last = patience.deadline();
  patience.until(std::min(last, in(connect_timeout)));
  if (!route.unix_socket.empty()) {
    socket_ = connect_to_socket(route.unix_socket, patience);
  } else if (route.proxy) {
    socket_ = connect_to_proxy(*route.proxy, patience);
    enter_proxy(route, patience);
  } else {
    socket_ = connect_to_host(route.address.host, route.address.port, patience);
  }
  if (route.address.tls && route.unix_socket.empty())
    tls_ = std::make_unique<Tls>(*this, route.address.host, route.ca_file, patience);
  patience.until(last);
}

Channel::~Channel() = default;

void Channel::enter_proxy(const Route& route, const Patience& patience) {
  const ProxyStream stream{
      [&](std::string_view bytes) { write_plain({&bytes, 1}, patience); },
      [&](std::span<char> into) { read_exactly(into, patience); },
  };
  if (route.proxy->kind == Proxy::Kind::Socks5) {
    pass_socks5(*route.proxy, route.address, stream);
  } else if (route.address.tls) {
    pass_connect(*route.proxy, route.address, stream);
  }
}

void Channel::read_exactly(std::span<char> into, const Patience& patience) {
  while (!into.empty()) {
    const size_t got = read_plain(into, patience);
    if (got == 0) throw Error(ErrorKind::Unavailable, "the proxy ended the connection");
    into = into.subspan(got);
  }
}

// Most often nothing is there yet: what answers thinks first.
size_t Channel::read_plain(std::span<char> into, const Patience& patience) {
  for (;;) {
    patience.wait(socket_.get(), POLLIN);
    const ssize_t got = ::recv(socket_.get(), into.data(), into.size(), 0);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EAGAIN && errno != EINTR) throw unavailable("the connection broke", errno);
  }
}

bool Channel::write_plain(std::span<const std::string_view> parts, const Patience& patience) {
  std::vector<iovec> rest;
  for (const auto& part : parts)
    if (!part.empty()) rest.push_back({const_cast<char*>(part.data()), part.size()});
  for (size_t at = 0; at < rest.size();) {
    msghdr message{};
    message.msg_iov = rest.data() + at;
    message.msg_iovlen = rest.size() - at;
    const ssize_t sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    if (sent >= 0) {
      at = behind(rest, at, static_cast<size_t>(sent));
    } else if (errno == EAGAIN) {
      // What TLS receives meanwhile may be its own business; without it, it is an answer.
      const short awaited = static_cast<short>(tls_ ? POLLOUT : POLLOUT | POLLIN);
      if (!(patience.wait(socket_.get(), awaited) & POLLOUT)) return false;
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return false;
    } else if (errno != EINTR) {
      throw unavailable("the connection broke", errno);
    }
  }
  return true;
}

size_t Channel::read_some(std::span<char> into, const Patience& patience) {
  patience.throw_if_over();
  return tls_ ? tls_->read_some(into, patience) : read_plain(into, patience);
}

bool Channel::write(std::initializer_list<std::string_view> parts, const Patience& patience) {
  patience.throw_if_over();
  if (!tls_) return write_plain({parts.begin(), parts.size()}, patience);
  return std::ranges::all_of(parts, [&](auto part) { return tls_->write(part, patience); });
}

bool Channel::is_quiet() const {
  if (tls_ && tls_->has_buffered()) return false;
  pollfd socket{socket_.get(), POLLIN, 0};
  return ::poll(&socket, 1, 0) == 0;
}

}  // namespace nightjar::net
