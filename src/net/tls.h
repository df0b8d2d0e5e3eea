// TLS on a channel, by OpenSSL over buffers in memory: sockets, deadlines and stops stay the
// channel's. At least TLS 1.2; the certificate must be valid, and for this host.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace nightjar::net {

class Channel;
class Patience;

/// Loads OpenSSL for this process and those that it forks; the first connection would.
void load_tls();

class Tls {
 public:
  /// Shakes hands. `ca_file` replaces the system's authorities where it is not empty.
  Tls(Channel& channel, const std::string& host, const std::string& ca_file,
      const Patience& patience);
  ~Tls();

  /// 0 at the end that the other side told; an end that it did not tell is Error(Unavailable).
  size_t read_some(std::span<char> into, const Patience& patience);
  bool write(std::string_view bytes, const Patience& patience);
  bool has_buffered() const;

 private:
  struct Deleter {
    void operator()(SSL* ssl) const;
    void operator()(SSL_CTX* context) const;
  };
  /// After a call that wanted more: sends what it produced, reads what it needs.
  void go_on(int result, const Patience& patience);
  bool flush(const Patience& patience);

  Channel& channel_;
  std::unique_ptr<SSL_CTX, Deleter> context_;
  std::unique_ptr<SSL, Deleter> ssl_;
};

}  // namespace nightjar::net
