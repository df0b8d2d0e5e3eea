#include "map/tag_store.h"

#include <cstdint>
#include <cstring>

namespace nightjar::map {

namespace {

constexpr std::string_view kHead = "nightjar tags 1\n";  // another number where tags change
constexpr size_t kLongestBlob = 64;

}  // namespace

// Entry: length of the id (one byte), id, length of the tags (four bytes), tags.
TagStore::TagStore(std::string_view bytes) {
  if (!bytes.starts_with(kHead)) return;
  bytes.remove_prefix(kHead.size());
  while (!bytes.empty()) {
    const size_t id = static_cast<unsigned char>(bytes[0]);
    std::uint32_t size = 0;
    if (id == 0 || id > kLongestBlob || bytes.size() < 1 + id + sizeof size) return;
    std::memcpy(&size, bytes.data() + 1 + id, sizeof size);
    const size_t before = 1 + id + sizeof size;
    if (size > bytes.size() - before) return;
    found_.emplace(bytes.substr(1, id), bytes.substr(before, size));
    bytes.remove_prefix(before + size);
  }
}

std::string_view TagStore::find(std::string_view blob) const {
  const auto at = found_.find(blob);
  return at == found_.end() ? std::string_view() : at->second;
}

void TagStore::add(std::string& block, std::string_view blob, std::string_view packed) {
  if (block.empty()) block = kHead;
  if (blob.empty() || blob.size() > kLongestBlob) return;
  const auto size = static_cast<std::uint32_t>(packed.size());
  block += static_cast<char>(blob.size());
  block += blob;
  block.append(reinterpret_cast<const char*>(&size), sizeof size);
  block += packed;
}

}  // namespace nightjar::map
