// Where a request goes: the parts of a URL (RFC 3986), and the proxy on the way.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace nightjar::net {

struct Address {
  bool tls = false;
  std::string host;  ///< a name or a number; IPv6 without brackets
  std::string port;
  std::string target = "/";  ///< path and query, as the request line has them
  std::string credentials;   ///< "user:password", decoded; empty where the URL has none

  /// "host", with brackets and a port where they are needed.
  std::string authority() const;
  /// The same with the port always there, as CONNECT wants it.
  std::string host_and_port() const;
};

/// Throws Error(Invalid) for anything but http and https.
Address parse_address(std::string_view url);

/// Whether a URL leads to this machine by a name or number that says so; false for what is no URL.
bool is_loopback(std::string_view url);

struct Proxy {
  enum class Kind { Http, Socks5 };
  Kind kind = Kind::Http;
  std::string host;
  std::string port;
  std::string credentials;
  bool operator==(const Proxy&) const = default;
};

/// A variable of the environment; null where it is not set.
using Environment = std::function<const char*(const char* name)>;

/// The proxy for `to`: `named` where it is not empty, else what the environment says as other
/// programs read it: http_proxy (small letters only), https_proxy, all_proxy, unless no_proxy
/// names the host, a domain above it or its network. "socks5" and "socks5h" both let the proxy
/// find the host. Throws Error(Invalid) for a proxy of another kind.
std::optional<Proxy> proxy_for(const Address& to, const std::string& named,
                               const Environment& environment);

}  // namespace nightjar::net
