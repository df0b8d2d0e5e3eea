#include "base/digest.h"

// The interface with providers (EVP) reads OpenSSL's configuration and loads them: 0.7 ms and half
// a megabyte in every process, for the same function.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <array>

#include "base/error.h"

namespace nightjar {

struct Digest::State {
  SHA256_CTX context;
};

Digest::Digest() : state_(std::make_unique<State>()) {
  if (SHA256_Init(&state_->context) != 1) {
    throw Error(ErrorKind::Internal, "SHA-256 is not available");
  }
}
Digest::Digest(Digest&&) noexcept = default;
Digest::~Digest() = default;

void Digest::add(std::string_view bytes) {
  if (SHA256_Update(&state_->context, bytes.data(), bytes.size()) != 1) {
    throw Error(ErrorKind::Internal, "SHA-256 failed");
  }
}

void Digest::add_field(std::string_view bytes) {
  add(std::to_string(bytes.size()) + ":");
  add(bytes);
}

std::string Digest::hex() {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> raw{};
  if (SHA256_Final(raw.data(), &state_->context) != 1) {
    throw Error(ErrorKind::Internal, "SHA-256 failed");
  }
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < raw.size(); ++i) {
    out += kDigits[raw[i] >> 4];
    out += kDigits[raw[i] & 15];
  }
  return out;
}

std::string sha256(std::string_view bytes) {
  Digest digest;
  digest.add(bytes);
  return digest.hex();
}

}  // namespace nightjar
