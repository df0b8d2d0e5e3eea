// OpenSSL's functions, from its shared library, which is loaded when the first TLS connection is
// made: to load it costs a start of the program 2.5 ms, and few starts ever make one.
//
// Threads: any. Ownership: loaded once, for the life of the process.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace nightjar::net {

// Those behind OpenSSL's macros are BIO_ctrl, SSL_ctrl and SSL_CTX_ctrl.
#define NIGHTJAR_OPENSSL_FUNCTIONS(USE) \
  USE(BIO_ctrl)                         \
  USE(BIO_new)                          \
  USE(BIO_s_mem)                        \
  USE(BIO_write)                        \
  USE(ERR_clear_error)                  \
  USE(ERR_get_error)                    \
  USE(ERR_reason_error_string)          \
  USE(SSL_CTX_ctrl)                     \
  USE(SSL_CTX_free)                     \
  USE(SSL_CTX_load_verify_file)         \
  USE(SSL_CTX_new)                      \
  USE(SSL_CTX_set_default_verify_paths) \
  USE(SSL_CTX_set_verify)               \
  USE(SSL_connect)                      \
  USE(SSL_ctrl)                         \
  USE(SSL_free)                         \
  USE(SSL_get0_param)                   \
  USE(SSL_get_error)                    \
  USE(SSL_get_rbio)                     \
  USE(SSL_get_verify_result)            \
  USE(SSL_get_wbio)                     \
  USE(SSL_new)                          \
  USE(SSL_pending)                      \
  USE(SSL_read)                         \
  USE(SSL_set1_host)                    \
  USE(SSL_set_alpn_protos)              \
  USE(SSL_set_bio)                      \
  USE(SSL_set_hostflags)                \
  USE(SSL_write)                        \
  USE(TLS_client_method)                \
  USE(X509_VERIFY_PARAM_set1_ip_asc)    \
  USE(X509_verify_cert_error_string)

struct OpenSsl {
// NOLINTNEXTLINE(bugprone-macro-parentheses): it declares the name
#define NIGHTJAR_DECLARE(name) decltype(&::name) name = nullptr;
  NIGHTJAR_OPENSSL_FUNCTIONS(NIGHTJAR_DECLARE)
#undef NIGHTJAR_DECLARE
};

/// Throws Error(Unavailable) where the library is missing, each time it is asked.
const OpenSsl& openssl();

}  // namespace nightjar::net
