// How a connected stream is handed on to another host by a proxy: HTTP's CONNECT (RFC 9110,
// section 9.3.6) and SOCKS 5 (RFC 1928, RFC 1929).
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "net/address.h"

namespace nightjar::net {

struct ProxyStream {
  std::function<void(std::string_view bytes)> write;
  std::function<void(std::span<char> into)> read_exactly;  ///< or throws
};

/// Both throw Error(Unavailable) with the proxy's reason where it refuses.
void pass_connect(const Proxy& proxy, const Address& to, const ProxyStream& stream);
void pass_socks5(const Proxy& proxy, const Address& to, const ProxyStream& stream);

}  // namespace nightjar::net
