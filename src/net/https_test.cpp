// TLS and proxies, against a server with certificates made here and proxies that relay.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include "base/error.h"
#include "base/file.h"
#include "net/http.h"
#include "net/testing_server.h"

namespace nightjar::net {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;

struct Signed {
  Key key;
  Certificate certificate;
};

/// By itself where `by` is null. `names` as OpenSSL writes them: "DNS:localhost,IP:127.0.0.1".
Signed certificate(const std::string& names, const Signed* by, int valid_seconds = 3600) {
  Signed out{Key(EVP_EC_gen("P-256")), Certificate(X509_new())};
  X509* const made = out.certificate.get();
  X509_set_version(made, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made), by ? 2 : 1);
  X509_gmtime_adj(X509_getm_notBefore(made), -7200);
  X509_gmtime_adj(X509_getm_notAfter(made), valid_seconds);
  X509_set_pubkey(made, out.key.get());
  const auto* name = reinterpret_cast<const unsigned char*>(by ? "server" : "authority");
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC, name, -1, -1, 0);
  X509_set_issuer_name(made, X509_get_subject_name(by ? by->certificate.get() : made));
  const auto extend = [&](int kind, const char* value) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
    X509_add_ext(made, extension, -1);
    X509_EXTENSION_free(extension);
  };
  extend(NID_basic_constraints, by ? "CA:FALSE" : "critical,CA:TRUE");
  if (!names.empty()) extend(NID_subject_alt_name, names.c_str());
  X509_sign(made, by ? by->key.get() : out.key.get(), EVP_sha256());
  return out;
}

/// Speaks TLS on `socket` until the client closes: reads requests, answers with their length.
void serve_tls(int socket, const Signed& with, bool tells_its_end) {
  const std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>> context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_use_certificate(context.get(), with.certificate.get());
  SSL_CTX_use_PrivateKey(context.get(), with.key.get());
  const std::unique_ptr<SSL, Freed<SSL_free>> ssl(SSL_new(context.get()));
  SSL_set_fd(ssl.get(), socket);
  if (SSL_accept(ssl.get()) != 1) return;
  std::string text;
  char buffer[4096];
  for (;;) {
    const size_t end = text.find("\r\n\r\n");
    const size_t at = text.find("Content-Length: ");
    const size_t body = at < end ? std::stoul(text.substr(at + 16)) : 0;
    if (end != std::string::npos && text.size() >= end + 4 + body) {
      if (text.starts_with("GET /cut ")) {
        const std::string cut = "HTTP/1.1 200 OK\r\n\r\nhalf";
        SSL_write(ssl.get(), cut.data(), static_cast<int>(cut.size()));
        if (tells_its_end) SSL_shutdown(ssl.get());
        return;
      }
      const std::string reply = answer(std::to_string(body));
      SSL_write(ssl.get(), reply.data(), static_cast<int>(reply.size()));
      text.erase(0, end + 4 + body);
    }
    const int got = SSL_read(ssl.get(), buffer, sizeof buffer);
    if (got <= 0) return;
    text.append(buffer, static_cast<size_t>(got));
  }
}

class HttpsTest : public testing::Test {
 protected:
  HttpsTest() {
    std::FILE* const file = std::fopen(ca_file_.c_str(), "w");
    PEM_write_X509(file, authority_.certificate.get());
    std::fclose(file);
  }

  std::unique_ptr<RawServer> server(const Signed& with, bool tells_its_end = true) {
    return std::make_unique<RawServer>(
        [&with, tells_its_end](int socket) { serve_tls(socket, with, tells_its_end); });
  }
  HttpRequest to(const RawServer& server, const std::string& host = "localhost") const {
    HttpRequest request;
    request.url = "https://" + host + ":" + std::to_string(server.port) + "/";
    request.ca_file = ca_file_;
    request.direct = true;
    request.deadline = in(std::chrono::seconds(20));
    return request;
  }
  static std::string failure_of(const HttpRequest& request,
                                ErrorKind kind = ErrorKind::Unavailable) {
    try {
      return "answered " + std::to_string(http(request).status);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      return error.what();
    }
  }

  TempDir folder_{"https"};
  fs::path ca_file_ = folder_.path() / "ca.pem";
  Signed authority_ = certificate("", nullptr);
  Signed good_ = certificate("DNS:localhost,IP:127.0.0.1", &authority_);
};

TEST_F(HttpsTest, ATrustedServerAnswersManyRequestsOnOneConnection) {
  const auto listening = server(good_);
  auto client = std::make_unique<HttpClient>();
  for (const size_t size : {size_t{0}, size_t{10}, size_t{900'000}}) {
    HttpRequest request = to(*listening);
    request.method = "POST";
    request.body = std::string(size, 'x');
    EXPECT_EQ(client->send(request).body, std::to_string(size));
  }
  EXPECT_EQ(listening->connections, 1);
  client.reset();  // the server has one at a time
  EXPECT_EQ(http(to(*listening, "127.0.0.1")).status, 200) << "named by its number";
}

TEST_F(HttpsTest, ACertificateThatDoesNotFitIsRefusedAndNothingThatPasses) {
  const auto fits_another = certificate("DNS:other.example", &authority_);
  const auto expired = certificate("DNS:localhost", &authority_, -60);
  const auto unknown = certificate("DNS:localhost,IP:127.0.0.1", nullptr);
  const auto refusal_of = [](const HttpRequest& request) {
    return failure_of(request, ErrorKind::Denied);
  };
  const auto another = server(fits_another);
  EXPECT_NE(refusal_of(to(*another)).find("hostname mismatch"), std::string::npos);
  EXPECT_NE(refusal_of(to(*another, "127.0.0.1")).find("IP address mismatch"), std::string::npos);
  EXPECT_NE(refusal_of(to(*server(expired))).find("expired"), std::string::npos);
  EXPECT_NE(refusal_of(to(*server(unknown))).find("certificate is refused"), std::string::npos);
  const auto listening = server(good_);
  HttpRequest by_the_system = to(*listening);
  by_the_system.ca_file.clear();
  EXPECT_NE(refusal_of(by_the_system).find("certificate is refused"), std::string::npos);
}

TEST_F(HttpsTest, AMissingCertificateFileIsSaidToBeMissing) {
  const auto listening = server(good_);
  HttpRequest request = to(*listening);
  request.ca_file = folder_.path() / "none.pem";
  const std::string why = failure_of(request, ErrorKind::Invalid);
  EXPECT_NE(why.find("none.pem: No such file or directory"), std::string::npos) << why;
}

TEST_F(HttpsTest, AProxyThatIsNotThereIsNotToldAsTheServerBehindIt) {
  const auto listening = server(good_);
  HttpRequest request = to(*listening);
  request.direct = false;
  request.proxy = "http://127.0.0.1:1";
  const std::string why = failure_of(request);
  EXPECT_NE(why.find("the proxy 127.0.0.1:1: cannot connect"), std::string::npos) << why;
}

TEST_F(HttpsTest, AnEndThatWasNotToldIsNoEnd) {
  const auto tells = server(good_, true);
  HttpRequest request = to(*tells);
  request.url += "cut";
  EXPECT_EQ(http(request).body, "half");
  const auto silent = server(good_, false);
  request = to(*silent);
  request.url += "cut";
  EXPECT_NE(failure_of(request).find("ended within TLS"), std::string::npos);
}

TEST_F(HttpsTest, AServerWithoutTlsIsUnavailable) {
  RawServer plain([](int socket) {
    char buffer[4096];
    if (::recv(socket, buffer, sizeof buffer, 0) > 0) say(socket, answer("hi"));
  });
  EXPECT_NE(failure_of(to(plain)).find("TLS"), std::string::npos);
}

/// Bytes in both directions until one side ends.
void relay(int client, int port) {
  const Fd host(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::connect(host.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return;
  pollfd both[] = {{client, POLLIN, 0}, {host.get(), POLLIN, 0}};
  char buffer[4096];
  while (::poll(both, 2, -1) > 0) {
    for (int from = 0; from < 2; ++from) {
      if (!both[from].revents) continue;
      const ssize_t got = ::recv(both[from].fd, buffer, sizeof buffer, 0);
      if (got <= 0) return;
      say(both[1 - from].fd, {buffer, static_cast<size_t>(got)});
    }
  }
}

std::string read_exactly(int socket, size_t size) {
  std::string out(size, '\0');
  return ::recv(socket, out.data(), size, MSG_WAITALL) == static_cast<ssize_t>(size) ? out : "";
}

TEST_F(HttpsTest, GoesThroughAnHttpProxyByConnect) {
  const auto listening = server(good_);
  std::string seen;
  ScriptedServer proxy([&](int socket, const std::string& request) {
    seen = request;
    say(socket, "HTTP/1.1 200 Connection established\r\n\r\n");
    relay(socket, listening->port);
  });
  HttpRequest request = to(*listening);
  request.proxy = "http://me:secret@127.0.0.1:" + std::to_string(proxy.port);
  EXPECT_EQ(http(request).status, 200);
  EXPECT_TRUE(
      seen.starts_with("CONNECT localhost:" + std::to_string(listening->port) + " HTTP/1.1\r\n"));
  EXPECT_NE(seen.find("Proxy-Authorization: Basic bWU6c2VjcmV0\r\n"), std::string::npos) << seen;
}

TEST_F(HttpsTest, AProxyThatRefusesIsQuoted) {
  const auto listening = server(good_);
  ScriptedServer proxy([](int socket, const std::string&) {
    say(socket, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
  });
  HttpRequest request = to(*listening);
  request.proxy = "127.0.0.1:" + std::to_string(proxy.port);
  EXPECT_NE(failure_of(request).find("407 Proxy Authentication Required"), std::string::npos);
}

TEST_F(HttpsTest, GoesThroughASocksProxyThatFindsTheHost) {
  const auto listening = server(good_);
  std::string asked;
  RawServer proxy([&](int socket) {
    EXPECT_EQ(read_exactly(socket, 4), std::string("\5\2\0\2", 4));
    say(socket, "\5\2");
    EXPECT_EQ(read_exactly(socket, 11), "\1\2me\6secret");
    say(socket, std::string_view("\1\0", 2));
    EXPECT_EQ(read_exactly(socket, 4), std::string("\5\1\0\3", 4));
    asked = read_exactly(socket, 1 + 9 + 2);
    say(socket, std::string_view("\5\0\0\1\0\0\0\0\0\0", 10));
    relay(socket, listening->port);
  });
  HttpRequest request = to(*listening);
  request.proxy = "socks5h://me:secret@127.0.0.1:" + std::to_string(proxy.port);
  EXPECT_EQ(http(request).status, 200);
  EXPECT_EQ(asked.substr(0, 10), "\tlocalhost");
}

TEST_F(HttpsTest, ASocksProxyThatRefusesIsQuoted) {
  RawServer proxy([](int socket) {
    read_exactly(socket, 3);
    say(socket, std::string_view("\5\0", 2));
    read_exactly(socket, 4 + 1 + 9 + 2);
    say(socket, std::string_view("\5\5\0\1\0\0\0\0\0\0", 10));
  });
  HttpRequest request = to(proxy);
  request.proxy = "socks5://127.0.0.1:" + std::to_string(proxy.port);
  EXPECT_NE(failure_of(request).find("nobody listens there"), std::string::npos);
}

}  // namespace
}  // namespace nightjar::net
