#include "net/tls.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "net/channel.h"
#include "net/openssl.h"

namespace nightjar::net {

namespace {

constexpr size_t kRecord = 16 * 1024;  // RFC 8446, section 5.1: the most a record holds

std::string openssl_says() {
  const unsigned long code = openssl().ERR_get_error();
  const char* const reason = code ? openssl().ERR_reason_error_string(code) : nullptr;
  return reason ? reason : "unknown reason";
}

bool is_number(const std::string& host) {
  unsigned char bytes[16];
  return ::inet_pton(AF_INET, host.c_str(), bytes) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

}  // namespace

void load_tls() { openssl(); }

void Tls::Deleter::operator()(SSL* ssl) const { openssl().SSL_free(ssl); }
void Tls::Deleter::operator()(SSL_CTX* context) const { openssl().SSL_CTX_free(context); }

Tls::Tls(Channel& channel, const std::string& host, const std::string& ca_file,
         const Patience& patience)
    : channel_(channel), context_(openssl().SSL_CTX_new(openssl().TLS_client_method())) {
  openssl().ERR_clear_error();
  if (!context_) throw Error(ErrorKind::Internal, "OpenSSL cannot start: " + openssl_says());
  openssl().SSL_CTX_ctrl(context_.get(), SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, nullptr);
  openssl().SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  if (ca_file.empty()) {
    openssl().SSL_CTX_set_default_verify_paths(context_.get());
  } else if (openssl().SSL_CTX_load_verify_file(context_.get(), ca_file.c_str()) != 1) {
    const bool is_readable = ::access(ca_file.c_str(), R_OK) == 0;
    throw Error(ErrorKind::Invalid,
                fmt::format("no certificates can be read from {}: {}", ca_file,
                            is_readable ? openssl_says() : std::strerror(errno)));
  }
  ssl_.reset(openssl().SSL_new(context_.get()));
  BIO* const received = openssl().BIO_new(openssl().BIO_s_mem());
  BIO* const produced = openssl().BIO_new(openssl().BIO_s_mem());
  if (!ssl_ || !received || !produced) throw Error(ErrorKind::Internal, "OpenSSL cannot start");
  openssl().SSL_set_bio(ssl_.get(), received, produced);
  if (is_number(host)) {
    openssl().X509_VERIFY_PARAM_set1_ip_asc(openssl().SSL_get0_param(ssl_.get()), host.c_str());
  } else {
    std::string name = host;
    openssl().SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                       name.data());
    openssl().SSL_set_hostflags(ssl_.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (openssl().SSL_set1_host(ssl_.get(), host.c_str()) != 1)
      throw Error(ErrorKind::Invalid, "no certificate can be for the name " + host);
  }
  constexpr unsigned char kHttp11[] = "\x08http/1.1";
  openssl().SSL_set_alpn_protos(ssl_.get(), kHttp11, sizeof kHttp11 - 1);
  for (;;) {
    openssl().ERR_clear_error();
    const int result = openssl().SSL_connect(ssl_.get());
    if (result == 1) break;
    go_on(result, patience);
  }
  flush(patience);
}

Tls::~Tls() = default;

bool Tls::flush(const Patience& patience) {
  BIO* const produced = openssl().SSL_get_wbio(ssl_.get());
  char* bytes = nullptr;
  const long size = openssl().BIO_ctrl(produced, BIO_CTRL_INFO, 0, static_cast<void*>(&bytes));
  if (size <= 0) return true;
  const std::string_view record(bytes, static_cast<size_t>(size));
  const bool whole = channel_.write_plain({&record, 1}, patience);
  openssl().BIO_ctrl(produced, BIO_CTRL_RESET, 0, nullptr);
  return whole;
}

void Tls::go_on(int result, const Patience& patience) {
  const int error = openssl().SSL_get_error(ssl_.get(), result);
  if (error != SSL_ERROR_WANT_READ) {
    // Time mends no certificate.
    if (const long verdict = openssl().SSL_get_verify_result(ssl_.get()); verdict != X509_V_OK)
      throw Error(ErrorKind::Denied, fmt::format("TLS: its certificate is refused: {}",
                                                 openssl().X509_verify_cert_error_string(verdict)));
    throw Error(ErrorKind::Unavailable, "TLS: " + openssl_says());
  }
  flush(patience);
  std::array<char, kRecord> buffer;
  const size_t got = channel_.read_plain(buffer, patience);
  if (got == 0) throw Error(ErrorKind::Unavailable, "the connection ended within TLS");
  openssl().BIO_write(openssl().SSL_get_rbio(ssl_.get()), buffer.data(), static_cast<int>(got));
}

size_t Tls::read_some(std::span<char> into, const Patience& patience) {
  for (;;) {
    openssl().ERR_clear_error();
    const int got = openssl().SSL_read(ssl_.get(), into.data(),
                                       static_cast<int>(std::min(into.size(), kRecord)));
    if (got > 0) return static_cast<size_t>(got);
    if (openssl().SSL_get_error(ssl_.get(), got) == SSL_ERROR_ZERO_RETURN) return 0;
    go_on(got, patience);
  }
}

bool Tls::write(std::string_view bytes, const Patience& patience) {
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kRecord);
    openssl().ERR_clear_error();
    const int put = openssl().SSL_write(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
    if (put <= 0) {
      go_on(put, patience);
      continue;
    }
    bytes.remove_prefix(static_cast<size_t>(put));
    if (!flush(patience)) return false;
  }
  return true;
}

bool Tls::has_buffered() const {
  return openssl().SSL_pending(ssl_.get()) > 0 ||
         openssl().BIO_ctrl(openssl().SSL_get_rbio(ssl_.get()), BIO_CTRL_PENDING, 0, nullptr) > 0;
}

}  // namespace nightjar::net
