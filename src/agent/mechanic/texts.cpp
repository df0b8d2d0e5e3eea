#include "agent/mechanic/texts.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "agent/agent.h"
#include "agent/mechanic/work_tree.h"
#include "base/error.h"
#include "base/file.h"

namespace nightjar::agent::mechanic {

namespace {

// The format: the head, then for each file its kind, two lengths, the path, the text.
constexpr std::string_view kHead = "nightjar texts 1\n";
constexpr size_t kLargest = size_t{256} << 10;
constexpr size_t kMostBytes = size_t{256} << 20;
constexpr size_t kBatch = 256;  // files that are held at once

enum class Kind : std::uint8_t { Text = 't', Binary = 'b', Elsewhere = 'e' };

void append(std::string& out, Kind kind, std::string_view path, std::string_view text) {
  out += static_cast<char>(kind);
  for (const auto length :
       {static_cast<std::uint32_t>(path.size()), static_cast<std::uint32_t>(text.size())})
    out.append(reinterpret_cast<const char*>(&length), sizeof length);
  out += path;
  out += text;
}

class Records {
 public:
  explicit Records(std::string_view bytes) : rest_(bytes) {
    if (take(kHead.size()) != kHead) damaged();
  }
  bool at_end() const { return rest_.empty(); }
  Texts::File next() {
    const auto kind = static_cast<Kind>(take(1)[0]);
    const size_t path = length(), text = length();
    Texts::File file;
    file.path = take(path);
    const auto content = take(text);
    file.binary = kind == Kind::Binary;
    if (kind == Kind::Text) file.text = content;
    return file;
  }

 private:
  [[noreturn]] static void damaged() {
    throw Error(ErrorKind::Invalid, "the file of a commit's texts is damaged");
  }
  std::string_view take(size_t count) {
    if (rest_.size() < count) damaged();
    const auto out = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return out;
  }
  size_t length() {
    std::uint32_t value = 0;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  std::string_view rest_;
};

}  // namespace

Texts::Texts(std::string_view mapped) : mapped_(mapped) {}

Texts::~Texts() { ::munmap(const_cast<char*>(mapped_.data()), mapped_.size()); }

std::shared_ptr<const Texts> Texts::open(const fs::path& file) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat facts{};
  if (!fd || ::fstat(fd.get(), &facts) != 0 || facts.st_size == 0) return nullptr;
  const auto size = static_cast<size_t>(facts.st_size);
  void* bytes = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd.get(), 0);
  if (bytes == MAP_FAILED) throw_errno("map " + file.string());
  const std::shared_ptr<Texts> out(new Texts({static_cast<const char*>(bytes), size}));
  for (Records records(out->mapped_); !records.at_end();) out->files_.push_back(records.next());
  std::ranges::sort(out->files_, {}, &File::path);
  return out;
}

const Texts::File* Texts::find(std::string_view path) const {
  const auto at = std::ranges::lower_bound(files_, path, {}, &File::path);
  return at != files_.end() && at->path == path ? &*at : nullptr;
}

}  // namespace nightjar::agent::mechanic

namespace nightjar::agent {

void write_texts(const fs::path& checkout, const fs::path& file) {
  using namespace mechanic;
  const WorkTree tree(checkout, checkout);
  const auto paths = tree.all_files();
  std::string out(kHead);
  struct Read {
    Kind kind = Kind::Text;
    std::string content;
  };
  std::vector<Read> batch(kBatch);
  const auto read = [&](const std::string& path) -> Read {
    std::error_code gone;
    if (fs::file_size(checkout / path, gone) > kLargest || gone) return {Kind::Elsewhere, {}};
    std::string content;
    if (!tree.read(path, content)) return {Kind::Binary, {}};
    return {Kind::Text, std::move(content)};
  };
  for (size_t first = 0; first < paths.size(); first += kBatch) {
    const size_t count = std::min(kBatch, paths.size() - first);
    in_parallel(count, 2, [&](unsigned, size_t i) { batch[i] = read(paths[first + i]); });
    for (size_t i = 0; i < count; ++i) {
      const auto& [kind, content] = batch[i];
      if (out.size() + content.size() > kMostBytes) {
        append(out, Kind::Elsewhere, paths[first + i], "");
      } else {
        append(out, kind, paths[first + i], content);
      }
    }
  }
  write_durably(file, out);
}

}  // namespace nightjar::agent
