#include "inside_files.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "layers.h"

namespace nightjar::helper {

namespace {

class Search {
 public:
  Search(const std::string& pattern, std::uint64_t most) : pattern_(pattern), most_(most) {}

  void folder(int fd, const std::string& path, int depth) {
    if (depth > kMostDepth) return;
    auto names = names_in(fd);
    std::ranges::sort(names);
    for (const auto& name : names) {
      if (found_.size() >= most_) return;
      struct stat info{};
      if (::fstatat(fd, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
      const std::string below = path + "/" + name;
      if (S_ISDIR(info.st_mode)) {
        Fd child(::openat(fd, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (child) folder(child.get(), below, depth + 1);
      } else if (S_ISREG(info.st_mode) && ::fnmatch(pattern_.c_str(), name.c_str(), 0) == 0) {
        found_.push_back(below);
      }
    }
  }
  std::vector<std::string> take() { return std::move(found_); }

 private:
  const std::string& pattern_;
  std::uint64_t most_;
  std::vector<std::string> found_;
};

}  // namespace

std::optional<std::string> inside_file(const std::string& path, std::uint64_t most) {
  // Without waiting: a pipe of that name must not hold us.
  Fd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat info{};
  if (!file || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  if (static_cast<std::uint64_t>(info.st_size) > most) return std::nullopt;
  std::string content = read_all(file.get());
  if (content.size() > most) return std::nullopt;
  return content;
}

std::vector<std::string> files_below(const std::string& folder, const std::string& pattern,
                                     std::uint64_t most) {
  Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return {};
  Search search(pattern, most);
  search.folder(fd.get(), folder.ends_with('/') ? folder.substr(0, folder.size() - 1) : folder, 0);
  return search.take();
}

}  // namespace nightjar::helper
