#include "tools/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "tools/ignore.h"

namespace nightjar::tools {

namespace {

constexpr size_t kLargestIgnoreFile = size_t{1} << 20;
constexpr size_t kDeepest = 100;

// At the root: what its person lets no agent read.
constexpr std::array<const char*, 3> kAgents{".aiderignore", ".cursorignore", ".geminiignore"};

struct FolderDeleter {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

struct Entry {
  std::string name;
  bool folder = false, link = false;
};

std::string text_of(int folder, const char* name) {
  const Fd fd(::openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info{};
  if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return "";
  std::string out(std::min(static_cast<size_t>(info.st_size), kLargestIgnoreFile), '\0');
  const ssize_t n = ::read(fd.get(), out.data(), out.size());
  out.resize(n > 0 ? static_cast<size_t>(n) : 0);
  return out;
}

// A copy of the descriptor, because closing the stream closes it.
std::vector<Entry> entries_of(int folder) {
  std::vector<Entry> out;
  const int copy = ::fcntl(folder, F_DUPFD_CLOEXEC, 0);
  const std::unique_ptr<DIR, FolderDeleter> stream(copy >= 0 ? ::fdopendir(copy) : nullptr);
  if (!stream) {
    if (copy >= 0) ::close(copy);
    return out;
  }
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name(entry->d_name);
    if (name == "." || name == ".." || name == ".git") continue;
    unsigned char type = entry->d_type;
    if (struct stat info{};
        type == DT_UNKNOWN && ::fstatat(folder, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0)
      type = IFTODT(info.st_mode);
    if (type == DT_DIR || type == DT_REG || type == DT_LNK)
      out.push_back({std::string(name), type == DT_DIR, type == DT_LNK});
  }
  std::ranges::sort(out, {}, &Entry::name);
  return out;
}

class Walk {
 public:
  explicit Walk(const std::function<bool(WalkedFile&&)>& visit) : visit_(visit) {}

  void run(const fs::path& root, const std::string& inside) {
    auto folder = opened(AT_FDCWD, root.c_str(), "");
    if (!folder) return;
    read_roots_rules(folder->fd.get());
    // Rules of the folders above hold as well.
    for (const auto& part : split(inside, '/')) {
      if (part.empty() || part == ".") continue;
      struct stat info{};
      if (::fstatat(folder->fd.get(), part.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return;
      if (!S_ISDIR(info.st_mode)) {
        visit_({folder, part, S_ISLNK(info.st_mode)});
        return;
      }
      read_rules(*folder, ".gitignore", git_);
      read_rules(*folder, ".ignore", ignore_);
      folder = opened(folder->fd.get(), part.c_str(), folder->path + part + "/");
      if (!folder) return;
    }
    walk(folder, 0);
  }

 private:
  struct Rules {
    size_t skip = 0;  ///< length of the path of their folder
    IgnoreFile file;
  };

  static std::shared_ptr<WalkedFolder> opened(int above, const char* name, std::string path) {
    Fd fd(::openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return nullptr;
    return std::make_shared<WalkedFolder>(std::move(fd), std::move(path));
  }

  void read_roots_rules(int root) {
    if (const std::string text = text_of(root, ".git/info/exclude"); !text.empty())
      git_.push_back({0, IgnoreFile(text)});
    for (const char* name : kAgents) {
      if (const std::string text = text_of(root, name); !text.empty()) agents_.emplace_back(text);
    }
  }

  static void read_rules(const WalkedFolder& folder, const char* name, std::vector<Rules>& rules) {
    const std::string text = text_of(folder.fd.get(), name);
    if (text.empty()) return;
    IgnoreFile file(text);
    if (!file.empty()) rules.push_back({folder.path.size(), std::move(file)});
  }

  static IgnoreFile::Verdict verdict(const std::vector<Rules>& rules, std::string_view path,
                                     bool folder) {
    for (auto one = rules.rbegin(); one != rules.rend(); ++one) {
      const auto out = one->file.of(path.substr(one->skip), folder);
      if (out != IgnoreFile::Verdict::Unsaid) return out;
    }
    return IgnoreFile::Verdict::Unsaid;
  }

  // As ripgrep has it: what .ignore says goes before what .gitignore says.
  bool ignored(const std::string& path, bool folder) const {
    for (const auto& file : agents_) {
      if (file.of(path, folder) == IgnoreFile::Verdict::Ignored) return true;
    }
    auto out = verdict(ignore_, path, folder);
    if (out == IgnoreFile::Verdict::Unsaid) out = verdict(git_, path, folder);
    return out == IgnoreFile::Verdict::Ignored;
  }

  // False: enough was seen.
  bool walk(const std::shared_ptr<WalkedFolder>& folder, size_t depth) {
    if (depth > kDeepest) return true;
    const auto entries = entries_of(folder->fd.get());
    const size_t git = git_.size(), ignore = ignore_.size();
    for (const auto& entry : entries) {
      if (entry.name == ".gitignore") read_rules(*folder, ".gitignore", git_);
      if (entry.name == ".ignore") read_rules(*folder, ".ignore", ignore_);
    }
    for (const auto& entry : entries) {
      const std::string path = folder->path + entry.name;
      if (ignored(path, entry.folder)) continue;
      if (entry.folder) {
        const auto below = opened(folder->fd.get(), entry.name.c_str(), path + "/");
        if (below && !walk(below, depth + 1)) return false;
      } else if (!visit_({folder, entry.name, entry.link})) {
        return false;
      }
    }
    git_.resize(git, {0, IgnoreFile("")});
    ignore_.resize(ignore, {0, IgnoreFile("")});
    return true;
  }

  const std::function<bool(WalkedFile&&)>& visit_;
  std::vector<IgnoreFile> agents_;
  std::vector<Rules> git_, ignore_;  ///< from the root down
};

}  // namespace

void walk(const fs::path& root, const std::string& inside,
          const std::function<bool(WalkedFile&&)>& visit) {
  Walk(visit).run(root, inside);
}

void walk_files(const fs::path& root, const std::string& inside,
                const std::function<bool(const std::string&)>& visit) {
  walk(root, inside, [&](WalkedFile&& file) { return visit(file.path()); });
}

}  // namespace nightjar::tools
