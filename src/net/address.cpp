#include "net/address.h"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "base/error.h"
#include "base/text.h"

namespace nightjar::net {

namespace {

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr ==
            text.data() + i + 3) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

struct Authority {
  std::string host;
  std::string port;
  std::string credentials;
};

bool is_port(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value > 0 && value < 65536;
}

std::optional<Authority> parse_authority(std::string_view text, std::string_view default_port) {
  Authority out;
  if (const size_t at = text.rfind('@'); at != std::string_view::npos) {
    out.credentials = percent_decoded(text.substr(0, at));
    text.remove_prefix(at + 1);
  }
  std::string_view port;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    out.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
  } else {
    const size_t colon = std::min(text.find(':'), text.size());
    out.host = text.substr(0, colon);
    port = text.substr(colon);
  }
  if (port.size() > 1 && (port[0] != ':' || !is_port(port.substr(1)))) return std::nullopt;
  out.port = port.size() > 1 ? port.substr(1) : default_port;
  const auto is_bad = [](unsigned char c) { return c <= ' ' || c == 127 || c == '\\'; };
  if (out.host.empty() || std::ranges::any_of(out.host, is_bad)) return std::nullopt;
  return out;
}

Error not_an_address(std::string_view url) {
  return {ErrorKind::Invalid, "not an http address: " + inert(url)};
}

Proxy parse_proxy(std::string_view text) {
  Proxy proxy;
  std::string_view default_port = "1080";  // of SOCKS, and what other clients take for both
  const auto is = [&](std::string_view scheme) {
    if (!lower(text.substr(0, scheme.size())).starts_with(scheme)) return false;
    text.remove_prefix(scheme.size());
    return true;
  };
  if (is("socks5://") || is("socks5h://")) {
    proxy.kind = Proxy::Kind::Socks5;
  } else if (!is("http://") && text.find("://") != std::string_view::npos) {
    throw Error(
        ErrorKind::Invalid,
        fmt::format("the proxy {} is of a kind that is not known: http:// and socks5:// are",
                    inert(text.substr(0, text.find("://") + 3))));
  }
  const auto authority =
      parse_authority(text.substr(0, std::min(text.find('/'), text.size())), default_port);
  if (!authority) throw Error(ErrorKind::Invalid, "the proxy's address cannot be read");
  proxy.host = authority->host;
  proxy.port = authority->port;
  proxy.credentials = authority->credentials;
  return proxy;
}

/// The bytes of a numeric address; empty for a name.
std::string numeric(const std::string& host) {
  unsigned char bytes[16];
  if (::inet_pton(AF_INET, host.c_str(), bytes) == 1) return {reinterpret_cast<char*>(bytes), 4};
  if (::inet_pton(AF_INET6, host.c_str(), bytes) == 1) return {reinterpret_cast<char*>(bytes), 16};
  return {};
}

bool is_in_network(const std::string& address, const std::string& network, size_t bits) {
  if (address.empty() || address.size() != network.size() || bits > network.size() * 8)
    return false;
  for (size_t bit = 0; bit < bits; ++bit) {
    const int mask = 0x80 >> (bit % 8);
    if ((address[bit / 8] & mask) != (network[bit / 8] & mask)) return false;
  }
  return true;
}

bool is_excepted(const std::string& host, std::string_view exceptions) {
  const std::string name = lower(host);
  const std::string address = numeric(name);
  std::string list(exceptions);
  std::ranges::replace(list, ',', ' ');
  for (const std::string& entry : split(lower(list), ' ')) {
    if (entry.empty()) continue;
    if (entry == "*") return true;
    const size_t slash = entry.find('/');
    size_t bits = 0;
    if (slash != std::string::npos &&
        std::from_chars(entry.data() + slash + 1, entry.data() + entry.size(), bits).ec ==
            std::errc()) {
      if (is_in_network(address, numeric(entry.substr(0, slash)), bits)) return true;
      continue;
    }
    const std::string domain = entry.substr(entry.starts_with('.') ? 1 : 0);
    if (name == domain || (address.empty() && name.ends_with("." + domain))) return true;
  }
  return false;
}

std::string first_set(const Environment& environment, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const char* const value = environment(name);
    if (value && *value) return value;
  }
  return {};
}

}  // namespace

std::string Address::authority() const {
  const std::string name = host.contains(':') ? "[" + host + "]" : host;
  return port == (tls ? "443" : "80") ? name : name + ":" + port;
}

std::string Address::host_and_port() const {
  return (host.contains(':') ? "[" + host + "]" : host) + ":" + port;
}

Address parse_address(std::string_view url) {
  Address out;
  const std::string scheme = lower(url.substr(0, url.find("://")));
  if (scheme != "http" && scheme != "https") throw not_an_address(url);
  out.tls = scheme == "https";
  std::string_view rest = url.substr(scheme.size() + 3);
  rest = rest.substr(0, std::min(rest.find('#'), rest.size()));
  const size_t end = std::min(rest.find_first_of("/?"), rest.size());
  auto authority = parse_authority(rest.substr(0, end), out.tls ? "443" : "80");
  const auto is_bad = [](unsigned char c) { return c <= ' ' || c == 127; };
  if (!authority || std::ranges::any_of(rest, is_bad)) throw not_an_address(url);
  out.host = std::move(authority->host);
  out.port = std::move(authority->port);
  out.credentials = std::move(authority->credentials);
  if (end < rest.size())
    out.target = rest[end] == '?' ? "/" + std::string(rest.substr(end)) : rest.substr(end);
  return out;
}

std::optional<Proxy> proxy_for(const Address& to, const std::string& named,
                               const Environment& environment) {
  if (!named.empty()) return parse_proxy(named);
  // HTTP_PROXY in capitals may be a header that a client sent to a CGI program ("httpoxy").
  std::string found = to.tls ? first_set(environment, {"https_proxy", "HTTPS_PROXY"})
                             : first_set(environment, {"http_proxy"});
  if (found.empty()) found = first_set(environment, {"all_proxy", "ALL_PROXY"});
  if (found.empty() || is_excepted(to.host, first_set(environment, {"no_proxy", "NO_PROXY"})))
    return std::nullopt;
  return parse_proxy(found);
}

bool is_loopback(std::string_view url) {
  try {
    const std::string host = parse_address(url).host;
    return host == "localhost" || host == "::1" || host.starts_with("127.");
  } catch (const Error&) {
    return false;
  }
}

}  // namespace nightjar::net
