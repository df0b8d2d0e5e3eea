#include "map/tags.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "syntax/symbols.h"

namespace nightjar::map {

namespace {

constexpr size_t kShortestName = 3, kLongestName = 120, kLongestHead = 160;
constexpr size_t kMostDefinitions = 5'000, kMostReferences = 20'000;
constexpr size_t kLongestLine = 5'000;  // bytes, on average: above, nobody wrote it by hand

void put(std::string& out, std::uint32_t number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}
void put(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : rest_(bytes) {}
  bool take(std::uint32_t& number) {
    if (rest_.size() < sizeof number) return false;
    std::memcpy(&number, rest_.data(), sizeof number);
    rest_.remove_prefix(sizeof number);
    return true;
  }
  bool take(std::string_view& text, size_t most) {
    std::uint32_t size = 0;
    if (!take(size) || size > most || size > rest_.size()) return false;
    text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }
  bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

bool is_written_by_hand(std::string_view text) {
  if (text.size() > kLargestSource || text.find('\0') != std::string_view::npos) return false;
  const auto line_count = static_cast<size_t>(std::ranges::count(text, '\n')) + 1;
  return text.size() / line_count < kLongestLine;
}

}  // namespace

std::string packed_tags(syntax::Syntax& syntax, std::string_view path, std::string_view text) {
  std::unordered_map<std::string_view, std::uint32_t> names;
  std::vector<std::string_view> order;  // the same bytes for the same file
  std::vector<syntax::Symbol> symbols;
  if (is_written_by_hand(text)) {
    symbols = syntax::symbols_and_names(syntax, path, text, [&](std::string_view name) {
      if (name.size() < kShortestName || name.size() > kLongestName) return;
      if (++names[name] == 1 && order.size() < kMostReferences) order.push_back(name);
    });
  }
  std::erase_if(symbols, [](const syntax::Symbol& symbol) {
    return symbol.name.size() > kLongestName || symbol.kind == "namespace" || symbol.kind == "impl";
  });
  if (symbols.size() > kMostDefinitions) symbols.resize(kMostDefinitions);
  std::string out;
  put(out, static_cast<std::uint32_t>(symbols.size()));
  for (const auto& symbol : symbols) {
    put(out, static_cast<std::uint32_t>(symbol.line));
    // "Reader::next" is found by its last part.
    const std::string_view name = symbol.name;
    const size_t colons = name.rfind("::");
    put(out, colons == std::string_view::npos ? name : name.substr(colons + 2));
    put(out, std::string_view(symbol.head).substr(0, kLongestHead));
  }
  put(out, static_cast<std::uint32_t>(order.size()));
  for (const auto name : order) {
    put(out, names[name]);
    put(out, name);
  }
  return out;
}

bool unpack(std::string_view packed, Tags& tags) {
  tags.definitions.clear();
  tags.references.clear();
  Bytes bytes(packed);
  std::uint32_t count = 0;
  if (!bytes.take(count) || count > kMostDefinitions) return false;
  tags.definitions.resize(count);
  for (auto& [line, name, head] : tags.definitions)
    if (!bytes.take(line) || !bytes.take(name, kLongestName) || !bytes.take(head, kLongestHead))
      return false;
  if (!bytes.take(count) || count > kMostReferences) return false;
  tags.references.resize(count);
  for (auto& [times, name] : tags.references)
    if (!bytes.take(times) || !bytes.take(name, kLongestName)) return false;
  return bytes.empty();
}

}  // namespace nightjar::map
