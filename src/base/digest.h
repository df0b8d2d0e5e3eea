// SHA-256, for cache keys and for the hashes of logs in a proof.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace nightjar {

/// Lower-case hexadecimal.
std::string sha256(std::string_view bytes);

/// The same over pieces.
class Digest {
 public:
  Digest();
  Digest(Digest&&) noexcept;
  ~Digest();
  void add(std::string_view bytes);
  /// Length and bytes, so that two fields never read as another two.
  void add_field(std::string_view bytes);
  /// Ends it.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace nightjar
