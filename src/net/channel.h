// A connected byte stream: TCP, perhaps through a proxy, perhaps with TLS on it, or a Unix socket.
// Every call blocks until it is done, its deadline has passed or a stop was asked for.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/time.h"
#include "base/wake.h"
#include "net/address.h"

namespace nightjar::net {

/// What ends a blocking call before it is done. Not copied: a stop wakes this very object.
class Patience {
 public:
  /// `wake`, an eventfd that is not blocking, is written at a stop.
  Patience(const std::stop_token& stop, const Fd& wake);

  void until(Deadline deadline) { deadline_ = deadline; }
  Deadline deadline() const { return deadline_; }
  /// Returns which of `events` (of poll(2)) is there. Throws Cancelled at a stop and
  /// Error(Timeout) at the deadline.
  short wait(int fd, short events) const;
  void throw_if_over() const;
  const std::stop_token& stop() const { return stop_; }

 private:
  std::stop_token stop_;
  const Fd& wake_;
  WokenByStop woken_;
  Deadline deadline_ = kNoDeadline;
};

struct Route {
  Address address;
  std::filesystem::path unix_socket;  ///< connect here instead
  std::optional<Proxy> proxy;
  std::string ca_file;  ///< authorities to trust instead of the system's
};

class Tls;

/// One thread at a time. Faults are Error(Unavailable), or what Patience throws.
class Channel {
 public:
  /// Connected, the proxy passed, the server's certificate checked against its name.
  Channel(const Route& route, Millis connect_timeout, Patience& patience);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// At least one byte, or 0 at the end.
  size_t read_some(std::span<char> into, const Patience& patience);
  /// One after the other, in as few packets as they need. False where the other side answered or
  /// left before it took everything.
  bool write(std::initializer_list<std::string_view> parts, const Patience& patience);
  /// Neither closed by the other side nor holding bytes that nobody asked for.
  bool is_quiet() const;

 private:
  friend class Tls;
  void enter_proxy(const Route& route, const Patience& patience);
  size_t read_plain(std::span<char> into, const Patience& patience);
  bool write_plain(std::span<const std::string_view> parts, const Patience& patience);
  void read_exactly(std::span<char> into, const Patience& patience);

  Fd socket_;
  std::unique_ptr<Tls> tls_;
};

}  // namespace nightjar::net
