#include "gateway/redaction.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "model/wire.h"

namespace nightjar::gateway {

std::string without_secrets(std::string text, const std::vector<Upstream>& upstreams) {
  for (const auto& [endpoint, key] : upstreams)
    text = model::without_secrets(std::move(text), endpoint, key);
  return text;
}

Redaction::Redaction(const std::vector<Upstream>& upstreams) : upstreams_(upstreams) {
  for (const auto& [endpoint, key] : upstreams) {
    secrets_.push_back(key);
    for (const auto& [name, value] : endpoint.headers) {
      secrets_.push_back(value);
      for (auto& word : split(value, ' ')) secrets_.push_back(std::move(word));
    }
  }
}

std::string Redaction::next(std::string_view piece) {
  held_ = without_secrets(std::move(held_.append(piece)), upstreams_);
  const size_t kept = beginning_of_a_secret();
  std::string out = held_.substr(0, held_.size() - kept);
  held_.erase(0, out.size());
  return out;
}

std::string Redaction::rest() { return std::exchange(held_, ""); }

// So many bytes at the end of what is held.
size_t Redaction::beginning_of_a_secret() const {
  size_t longest = 0;
  for (const std::string_view secret : secrets_) {
    const size_t most = secret.empty() ? 0 : std::min(secret.size() - 1, held_.size());
    for (size_t size = most; size > longest; --size)
      if (held_.ends_with(secret.substr(0, size))) longest = size;
  }
  return longest;
}

}  // namespace nightjar::gateway
