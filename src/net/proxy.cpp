#include "net/proxy.h"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cstdint>

#include "base/base64.h"
#include "base/error.h"
#include "base/text.h"

namespace nightjar::net {

namespace {

constexpr size_t kMostReply = 16 * 1024;

Error refused(const Proxy& proxy, std::string_view why) {
  return {ErrorKind::Unavailable,
          fmt::format("the proxy {}:{} refused: {}", proxy.host, proxy.port, inert(trimmed(why)))};
}

std::string_view reason_of(unsigned char code) {
  constexpr std::array<std::string_view, 9> kReasons = {
      "",
      "it failed",
      "its rules do not allow it",
      "the network cannot be reached",
      "the host cannot be reached",
      "nobody listens there",
      "the connection took too long",
      "it does not know the command",
      "it does not know the kind of address"};  // RFC 1928, section 6
  return code < kReasons.size() ? kReasons[code] : "it failed";
}

}  // namespace

void pass_connect(const Proxy& proxy, const Address& to, const ProxyStream& stream) {
  std::string request = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", to.host_and_port());
  if (!proxy.credentials.empty())
    request += "Proxy-Authorization: Basic " + base64(proxy.credentials) + "\r\n";
  stream.write(request + "\r\n");
  // Byte by byte: what comes after the header belongs to the host behind the proxy.
  std::string reply;
  while (!reply.ends_with("\r\n\r\n")) {
    char byte = 0;
    stream.read_exactly({&byte, 1});
    reply += byte;
    if (reply.size() > kMostReply) throw refused(proxy, "its answer has no end");
  }
  const std::string_view line(reply.data(), reply.find("\r\n"));
  const size_t space = line.find(' ');
  const bool is_good = line.starts_with("HTTP/1.") && space != std::string_view::npos &&
                       line.substr(space + 1).starts_with('2');
  if (!is_good) throw refused(proxy, line);
}

void pass_socks5(const Proxy& proxy, const Address& to, const ProxyStream& stream) {
  const size_t colon = proxy.credentials.find(':');
  const std::string user = proxy.credentials.substr(0, colon);
  const std::string password =
      colon == std::string::npos ? "" : proxy.credentials.substr(colon + 1);
  if (user.size() > 255 || password.size() > 255 || to.host.size() > 255)
    throw Error(ErrorKind::Invalid, "a name or password is too long for a SOCKS proxy");
  const bool has_password = !proxy.credentials.empty();
  stream.write(has_password ? std::string_view("\5\2\0\2", 4) : std::string_view("\5\1\0", 3));
  std::array<char, 2> chosen{};
  stream.read_exactly(chosen);
  if (chosen[0] != 5) throw refused(proxy, "it does not speak SOCKS 5");
  if (chosen[1] == 2 && has_password) {
    std::string login("\1");
    login += static_cast<char>(user.size());
    login += user;
    login += static_cast<char>(password.size());
    login += password;
    stream.write(login);
    stream.read_exactly(chosen);
    if (chosen[1] != 0) throw refused(proxy, "the name or the password is wrong");
  } else if (chosen[1] != 0) {
    throw refused(proxy, "it wants a login of another kind");
  }
  std::uint16_t port = 0;
  std::from_chars(to.port.data(), to.port.data() + to.port.size(), port);
  std::string request("\5\1\0\3", 4);
  request += static_cast<char>(to.host.size());
  request += to.host;
  request += static_cast<char>(port >> 8);
  request += static_cast<char>(port & 0xff);
  stream.write(request);
  std::array<char, 4> reply{};
  stream.read_exactly(reply);
  if (reply[1] != 0) throw refused(proxy, reason_of(static_cast<unsigned char>(reply[1])));
  size_t rest = reply[3] == 1 ? 4 : 16;
  if (reply[3] == 3) {
    char length = 0;
    stream.read_exactly({&length, 1});
    rest = static_cast<unsigned char>(length);
  }
  std::array<char, 258> bound{};
  stream.read_exactly({bound.data(), rest + 2});
}

}  // namespace nightjar::net
