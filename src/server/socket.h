// Sockets that are bound and used without blocking for longer than a deadline.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/time.h"

namespace nightjar::server {

/// Listens on a Unix socket of mode 0600, whatever the length of its path. A socket file that
/// nobody listens on is replaced; where somebody does, Error(Conflict). Removed on destruction, if
/// still ours.
class UnixListener {
 public:
  explicit UnixListener(const fs::path& path);
  ~UnixListener();
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;
  int fd() const { return fd_.get(); }

 private:
  Fd folder_;
  std::string name_;
  Fd fd_;
  ino_t inode_ = 0;
};

/// Listens on "host:port", where the host is loopback: localhost, 127.0.0.0/8 or [::1]. Anything
/// else is an Error(Invalid): who serves to others puts a proxy with TLS before it.
Fd listen_on_loopback(std::string_view address);
int port_of(int socket);

/// True when the descriptor is ready for `events` (POLLIN, POLLOUT), false at the deadline.
bool wait_for(int fd, short events, Deadline deadline);

}  // namespace nightjar::server
