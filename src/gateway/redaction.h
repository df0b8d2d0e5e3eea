// Some servers repeat what they were sent, in an error or in a reply: a key must not get back into
// a sandbox that way, nor into the record of what went through.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/gateway.h"

namespace nightjar::gateway {

/// One text that comes in pieces. `upstreams` must outlive it.
class Redaction {
 public:
  explicit Redaction(const std::vector<Upstream>& upstreams);

  /// What may go on by now: all but the beginning of what may become a secret.
  std::string next(std::string_view piece);
  /// What was held back, when nothing more comes.
  std::string rest();

 private:
  size_t beginning_of_a_secret() const;

  const std::vector<Upstream>& upstreams_;
  std::vector<std::string> secrets_;
  std::string held_;
};

/// A whole text without the upstreams' keys, headers and what stands in those.
std::string without_secrets(std::string text, const std::vector<Upstream>& upstreams);

}  // namespace nightjar::gateway
