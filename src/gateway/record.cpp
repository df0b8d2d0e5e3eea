#include "gateway/record.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/file.h"

namespace nightjar::gateway {

namespace {

constexpr size_t kMostInAll = size_t{256} << 20;

}  // namespace

Record::Record(fs::path folder) : folder_(std::move(folder)) {
  if (folder_.empty()) return;
  fs::create_directories(folder_);
  for (const auto& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    long number = 0;
    std::from_chars(name.data(), name.data() + name.size(), number);
    number_ = std::max(number_.load(), number);
    std::error_code gone;
    if (const auto size = entry.file_size(gone); !gone) bytes_ += size;
  }
}

void Record::keep(long number, std::string_view what, std::string_view text) {
  if (folder_.empty()) return;
  text = text.substr(0, kMostOfOne);
  if ((bytes_ += text.size()) > kMostInAll) return;
  try {
    write_durably(folder_ / fmt::format("{:05}-{}", number, what), text, 0600);
  } catch (const Error&) {  // a full disk must not cost the reply
  }
}

}  // namespace nightjar::gateway
